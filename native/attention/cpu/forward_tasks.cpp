#include "attention/cpu/forward_tasks.h"

#include <limits>

#include "attention/cpu/decode.h"

namespace ki::attention::cpu {
namespace {

// Rows of a block at the most. Packing a chunk costs as much as some 20 rows' products, 1% of this many. Their queries and
// accumulators stream through the caches once a chunk, too slowly to matter, and the chunk itself stays.
constexpr std::int64_t kMaxBlockRows = 2052;
static_assert(kMaxBlockRows % kScratchTileRows == 0);

// Rows of a block at the least, if there are that many: below, packing dominates.
constexpr std::int64_t kMinBlockRows = 60;

// Blocks for each worker, so that the last one to finish is not far behind the others.
constexpr std::int64_t kBlocksPerWorker = 4;

// Multiply-adds that take about as long as waking a thread up (some 10 microseconds).
constexpr double kWorthWaking = 500'000;

std::int64_t ceiling(std::int64_t value, std::int64_t divisor) { return (value + divisor - 1) / divisor; }

bool is_ragged(const Problem& p) { return p.cu_seqlens_q.rank + p.cu_seqlens_k.rank + p.seqused_k.rank > 0; }

// Rows of a head of a sequence that are computed here.
std::int64_t rows_of(const Problem& p, const Sequence& sequence) {
  return takes_decode_path(p, sequence) ? 0 : sequence.seq_q * p.group;
}

// Keys that a row sees, roughly, and at least 1.
double visible_keys(const VisibilityRule& rule, std::int64_t seq_k) {
  const auto keys = static_cast<double>(seq_k);
  const double window = static_cast<double>(rule.left) + static_cast<double>(rule.right) + 1 + double(rule.sinks);
  return std::max(1.0, window < keys ? window : rule.right == 0 ? keys / 2 : keys);
}

// Pairs of a query row and a key it sees, of all heads: what work is measured in.
double all_pairs(const Problem& p) {
  double pairs = 0;
  for (std::int64_t b = 0; b < p.batch; ++b) {
    const Sequence s = p.sequence(b);
    pairs += static_cast<double>(rows_of(p, s)) * visible_keys(p.rule, s.seq_k);
  }
  return pairs * static_cast<double>(p.heads_kv);
}

double all_pairs_by_shape(const Problem& p) {
  const auto queries = static_cast<double>(p.cu_seqlens_q.rank > 0 ? p.total_q : p.batch * p.seq_q);
  return queries * visible_keys(p.rule, p.seq_k) * static_cast<double>(p.heads_q);
}

int workers_for(const Problem& p, double pairs, int thread_count) {
  const double worthwhile = pairs * static_cast<double>(p.head_dim + p.head_dim_v) / kWorthWaking;
  return worthwhile < 2 ? 1 : static_cast<int>(std::min<double>(thread_count, worthwhile));
}

// The pairs of one block, where a sequence has enough of them.
double pairs_of_block(double pairs, int workers) {
  return workers == 1 ? std::numeric_limits<double>::infinity()
                      : pairs / static_cast<double>(kBlocksPerWorker * workers);
}

// Cuts a sequence's rows into blocks of nearly equal size, of about so many pairs and at most `most` rows, which is a
// multiple of a tile's rows or not less than `rows`.
std::int64_t rows_of_block(std::int64_t rows, double pairs, double keys, std::int64_t most) {
  if (rows == 0) return 0;
  const double wanted = std::clamp(pairs / keys, double(kMinBlockRows), double(kMaxBlockRows));
  const std::int64_t blocks = ceiling(rows, std::min(static_cast<std::int64_t>(wanted), most));
  return std::min(rows, round_up(ceiling(rows, blocks), kScratchTileRows));
}

}  // namespace

int most_workers(const Problem& p, int thread_count) { return workers_for(p, all_pairs_by_shape(p), thread_count); }

int choose_workers(const Problem& p, int thread_count) {
  const int most = most_workers(p, thread_count);
  return most == 1 || !is_ragged(p) ? most : std::min(most, workers_for(p, all_pairs(p), thread_count));
}

int most_block_rows(const Problem& p, int workers) {
  const std::int64_t rows = p.seq_q * p.group;
  // How many rows of a sequence make a fair share of the work depends on the other sequences.
  const double pairs =
      is_ragged(p) ? std::numeric_limits<double>::infinity() : pairs_of_block(all_pairs_by_shape(p), workers);
  return static_cast<int>(rows_of_block(rows, pairs, visible_keys(p.rule, p.seq_k), kMaxBlockRows));
}

std::uint64_t Tasks::memory_bytes(const Problem& p) { return static_cast<std::uint64_t>(p.batch) * sizeof(Entry); }

Tasks::Tasks(const Problem& p, int workers, int most_rows, void* memory)
    : p_(p), entries_(static_cast<Entry*>(memory)) {
  if (most_rows == 0) return;
  const double pairs = pairs_of_block(all_pairs(p), workers);
  for (std::int64_t b = 0; b < p.batch; ++b) {
    const Sequence s = p.sequence(b);
    const double keys = visible_keys(p.rule, s.seq_k);
    const std::int64_t block_rows = rows_of_block(rows_of(p, s), pairs, keys, most_rows);
    entries_[b] = {b, 0, block_rows, static_cast<double>(block_rows) * keys};
  }
  if (is_ragged(p)) {
    std::sort(entries_, entries_ + p.batch,
              [](const Entry& a, const Entry& b) { return a.cost != b.cost ? a.cost > b.cost : a.batch < b.batch; });
  }
  for (std::int64_t i = 0; i < p.batch; ++i) {
    Entry& entry = entries_[i];
    entry.first_task = count_;
    if (entry.block_rows > 0) count_ += ceiling(rows_of(p, p.sequence(entry.batch)), entry.block_rows) * p.heads_kv;
  }
}

Block Tasks::block(std::int64_t task) const {
  const auto is_before = [](std::int64_t t, const Entry& entry) { return t < entry.first_task; };
  const Entry& entry = *(std::upper_bound(entries_, entries_ + p_.batch, task, is_before) - 1);
  const Sequence sequence = p_.sequence(entry.batch);
  const std::int64_t rows = rows_of(p_, sequence);
  // A causal sequence's last rows see the most keys: they go first, so that the end is short.
  const std::int64_t index = ceiling(rows, entry.block_rows) - 1 - (task - entry.first_task) / p_.heads_kv;
  const std::int64_t head_kv = (task - entry.first_task) % p_.heads_kv, first_row = index * entry.block_rows;
  return {sequence, entry.batch, head_kv, first_row, static_cast<int>(std::min(entry.block_rows, rows - first_row))};
}

}  // namespace ki::attention::cpu
