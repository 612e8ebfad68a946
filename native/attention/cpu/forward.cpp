// The host side of the forward pass: cuts the work and gives each worker its scratch memory.
#include "attention/cpu/forward.h"

#include "cpu/cpu_device.h"

namespace ki::attention::cpu {
namespace {

using ki::cpu::CpuDevice;

// Rows of a block at the most. Packing a chunk costs as much as some 20 rows' products, 1% of this many. Their queries and
// accumulators stream through the caches once a chunk, too slowly to matter, and the chunk itself stays.
constexpr std::int64_t kMaxBlockRows = 2048;

// Rows of a block at the least, if there are that many: below, packing dominates.
constexpr std::int64_t kMinBlockRows = 60;

// Blocks for each worker, so that the last one to finish is not far behind the others.
constexpr std::int64_t kBlocksPerWorker = 4;

// Multiply-adds that take about as long as waking a thread up (some 10 microseconds).
constexpr double kWorthWaking = 500'000;

double multiply_adds(const Problem& p) {
  const double pairs = static_cast<double>(p.seq_q) * p.seq_k * (p.rule.right == 0 ? 0.5 : 1.0);
  return pairs * p.batch * p.heads_q * (p.head_dim + p.head_dim_v);
}

BlockFunction kernel_for(const CpuDevice& device, ki_dtype dtype) {
  const Kernels& compiled = kernels(device.target());
  switch (dtype) {
    case KI_DTYPE_FLOAT32: return compiled.forward_float32;
    case KI_DTYPE_FLOAT16: return compiled.forward_float16;
    case KI_DTYPE_BFLOAT16: return compiled.forward_bfloat16;
    default: return nullptr;
  }
}

}  // namespace

std::uint64_t forward_workspace(Device& device, const Problem& p) {
  const int workers = choose_workers(p, static_cast<CpuDevice&>(device).pool().thread_count());
  return static_cast<std::uint64_t>(workers * ScratchSizes(p, choose_blocking(p, workers)).total()) * sizeof(float);
}

void forward(Device& device, Stream&, const Problem& p, void* workspace) {
  auto& cpu = static_cast<CpuDevice&>(device);
  const int workers = choose_workers(p, cpu.pool().thread_count());
  const Blocking blocking = choose_blocking(p, workers);
  const std::int64_t heads = p.batch * p.heads_kv, rows = p.seq_q * p.group;
  const ScratchSizes sizes(p, blocking);
  const BlockFunction kernel = kernel_for(cpu, p.query.dtype);
  cpu.pool().parallel_for(heads * blocking.blocks_per_head, workers, [&](std::int64_t task, int worker) {
    // The last rows of a causal problem see the most keys: they go first, so that the end is short.
    const std::int64_t index = blocking.blocks_per_head - 1 - task / heads, head = task % heads;
    const std::int64_t first_row = index * blocking.block_rows;
    const Block block{head / p.heads_kv, head % p.heads_kv, first_row,
                      static_cast<int>(std::min<std::int64_t>(blocking.block_rows, rows - first_row))};
    kernel(p, block, sizes.cut(static_cast<float*>(workspace) + worker * sizes.total()));
  });
}

int choose_workers(const Problem& p, int thread_count) {
  const double worthwhile = multiply_adds(p) / kWorthWaking;
  return worthwhile < 2 ? 1 : static_cast<int>(std::min<double>(thread_count, worthwhile));
}

Blocking choose_blocking(const Problem& p, int workers) {
  const std::int64_t rows = p.seq_q * p.group, heads = p.batch * p.heads_kv;
  if (rows == 0 || heads == 0) return {0, 0};
  const std::int64_t for_balance = workers == 1 ? 1 : (kBlocksPerWorker * workers + heads - 1) / heads;
  const std::int64_t affordable = std::max<std::int64_t>(rows / kMinBlockRows, 1);
  const std::int64_t blocks = std::max(std::min(for_balance, affordable), (rows + kMaxBlockRows - 1) / kMaxBlockRows);
  const std::int64_t block_rows = std::min(rows, round_up((rows + blocks - 1) / blocks, kScratchTileRows));
  return {static_cast<int>(block_rows), (rows + block_rows - 1) / block_rows};
}

ScratchSizes::ScratchSizes(const Problem& p, const Blocking& blocking) {
  const std::int64_t chunk = round_up(std::min(p.seq_k, kKeyChunk), kMaxLanes);
  keys = chunk * p.head_dim;
  values = chunk * accumulator_pitch(p);
  tile = kScratchTileRows * kScratchPitch;
  queries = blocking.block_rows * query_pitch(p);
  accumulators = blocking.block_rows * accumulator_pitch(p);
  row = round_up(blocking.block_rows, kMaxLanes);
}

Scratch ScratchSizes::cut(float* memory) const {
  Scratch scratch;
  scratch.keys = memory;
  scratch.values = scratch.keys + keys;
  scratch.tile_queries = scratch.values + values;
  scratch.tile_scores = scratch.tile_queries + tile;
  scratch.queries = scratch.tile_scores + tile;
  scratch.accumulators = scratch.queries + queries;
  scratch.row_max = scratch.accumulators + accumulators;
  scratch.row_sum = scratch.row_max + row;
  scratch.visible = reinterpret_cast<std::int64_t*>(scratch.row_sum + row);
  return scratch;
}

}  // namespace ki::attention::cpu
