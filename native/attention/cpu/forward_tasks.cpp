#include "attention/cpu/forward_tasks.h"

namespace ki::attention::cpu {
namespace {

// Rows of a block at the most. Packing a chunk costs as much as some 20 rows' products, 1% of this many. Their queries and
// accumulators stream through the caches once a chunk, too slowly to matter, and the chunk itself stays.
constexpr std::int64_t kMaxBlockRows = 2048;

// Rows of a block at the least, if there are that many: below, packing dominates.
constexpr std::int64_t kMinBlockRows = 60;

// Blocks for each worker, so that the last one to finish is not far behind the others.
constexpr std::int64_t kBlocksPerWorker = 4;

// Multiply-adds that take about as long as waking a thread up (some 10 microseconds).
constexpr double kWorthWaking = 500'000;

// Pairs of a query and a key it sees, roughly.
double visible_pairs(const VisibilityRule& rule, std::int64_t seq_q, std::int64_t seq_k) {
  const double rows = static_cast<double>(seq_q), keys = static_cast<double>(seq_k);
  const double window = static_cast<double>(rule.left) + static_cast<double>(rule.right) + 1 + double(rule.sinks);
  return rows * (window < keys ? window : rule.right == 0 ? keys / 2 : keys);
}

int workers_for(const Problem& p, double pairs, int thread_count) {
  const double worthwhile = pairs * p.heads_q * (p.head_dim + p.head_dim_v) / kWorthWaking;
  return worthwhile < 2 ? 1 : static_cast<int>(std::min<double>(thread_count, worthwhile));
}

bool is_ragged(const Problem& p) { return p.cu_seqlens_q.rank + p.cu_seqlens_k.rank + p.seqused_k.rank > 0; }

std::int64_t ceiling(std::int64_t value, std::int64_t divisor) { return (value + divisor - 1) / divisor; }

}  // namespace

int most_workers(const Problem& p, int thread_count) {
  const std::int64_t queries = p.cu_seqlens_q.rank > 0 ? p.total_q : p.batch * p.seq_q;
  return workers_for(p, visible_pairs(p.rule, queries, p.seq_k), thread_count);
}

int choose_workers(const Problem& p, int thread_count) {
  const int most = most_workers(p, thread_count);
  if (most == 1 || !is_ragged(p)) return most;
  double pairs = 0;
  for (std::int64_t b = 0; b < p.batch; ++b) {
    const Sequence s = p.sequence(b);
    pairs += visible_pairs(p.rule, s.seq_q, s.seq_k);
  }
  return std::min(most, workers_for(p, pairs, thread_count));
}

int choose_block_rows(const Problem& p, int workers) {
  // The rows of packed sequences are cut as if they were one sequence's.
  const std::int64_t rows = p.seq_q * p.group, heads = (p.cu_seqlens_q.rank > 0 ? 1 : p.batch) * p.heads_kv;
  if (rows == 0 || heads == 0) return 0;
  const std::int64_t for_balance = workers == 1 ? 1 : ceiling(kBlocksPerWorker * workers, heads);
  const std::int64_t affordable = std::max<std::int64_t>(rows / kMinBlockRows, 1);
  const std::int64_t blocks = std::max(std::min(for_balance, affordable), ceiling(rows, kMaxBlockRows));
  return static_cast<int>(std::min(rows, round_up(ceiling(rows, blocks), kScratchTileRows)));
}

std::uint64_t Tasks::memory_bytes(const Problem& p) { return static_cast<std::uint64_t>(p.batch) * sizeof(Entry); }

Tasks::Tasks(const Problem& p, int block_rows, void* memory)
    : p_(p), block_rows_(block_rows), entries_(static_cast<Entry*>(memory)) {
  if (block_rows == 0) return;
  for (std::int64_t b = 0; b < p.batch; ++b) {
    const Sequence s = p.sequence(b);
    const std::int64_t largest = block_rows_of(rows_of(s));
    entries_[b] = {b, 0, visible_pairs(p.rule, largest, s.seq_k)};
  }
  if (is_ragged(p)) {
    std::sort(entries_, entries_ + p.batch,
              [](const Entry& a, const Entry& b) { return a.cost != b.cost ? a.cost > b.cost : a.batch < b.batch; });
  }
  for (std::int64_t i = 0; i < p.batch; ++i) {
    entries_[i].first_task = count_;
    count_ += blocks_of(rows_of(p.sequence(entries_[i].batch))) * p.heads_kv;
  }
}

// Blocks of a sequence are of nearly equal size.
std::int64_t Tasks::block_rows_of(std::int64_t rows) const {
  if (rows == 0) return 0;
  return std::min(rows, round_up(ceiling(rows, ceiling(rows, block_rows_)), kScratchTileRows));
}

std::int64_t Tasks::blocks_of(std::int64_t rows) const { return rows == 0 ? 0 : ceiling(rows, block_rows_of(rows)); }

Block Tasks::block(std::int64_t task) const {
  const auto after = [](std::int64_t t, const Entry& entry) { return t < entry.first_task; };
  const Entry& entry = *(std::upper_bound(entries_, entries_ + p_.batch, task, after) - 1);
  const Sequence sequence = p_.sequence(entry.batch);
  const std::int64_t rows = rows_of(sequence), block_rows = block_rows_of(rows);
  // A causal sequence's last rows see the most keys: they go first, so that the end is short.
  const std::int64_t index = blocks_of(rows) - 1 - (task - entry.first_task) / p_.heads_kv;
  const std::int64_t head_kv = (task - entry.first_task) % p_.heads_kv, first_row = index * block_rows;
  return {sequence, entry.batch, head_kv, first_row, static_cast<int>(std::min(block_rows, rows - first_row))};
}

}  // namespace ki::attention::cpu
