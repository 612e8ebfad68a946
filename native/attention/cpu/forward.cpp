// The host side of the forward pass: hands the tasks out and gives each worker its scratch memory.
#include "attention/cpu/forward.h"

#include "attention/cpu/forward_tasks.h"
#include "cpu/aligned_memory.h"
#include "cpu/cpu_device.h"

namespace ki::attention::cpu {

using ki::cpu::CpuDevice;

// The list of tasks, then every worker's scratch memory.
std::uint64_t forward_workspace(Device& device, const Problem& p) {
  const int workers = most_workers(p, static_cast<CpuDevice&>(device).pool().thread_count());
  const ScratchSizes sizes(p, most_block_rows(p, workers));
  return ki::cpu::round_up(Tasks::memory_bytes(p), ki::cpu::kCacheLine) +
         static_cast<std::uint64_t>(workers * sizes.total()) * sizeof(float);
}

void forward(Device& device, Stream&, const Problem& p, void* workspace) {
  auto& cpu = static_cast<CpuDevice&>(device);
  const int threads = cpu.pool().thread_count(), workers = choose_workers(p, threads);
  const int block_rows = most_block_rows(p, most_workers(p, threads));
  const ScratchSizes sizes(p, block_rows);
  const Tasks tasks(p, workers, block_rows, workspace);
  auto* scratch = reinterpret_cast<float*>(static_cast<std::byte*>(workspace) +
                                           ki::cpu::round_up(Tasks::memory_bytes(p), ki::cpu::kCacheLine));
  const Kernels& compiled = kernels(cpu.target());
  cpu.pool().parallel_for(tasks.count(), workers, [&](std::int64_t task, int worker) {
    compiled.forward(p, tasks.block(task), sizes.cut(scratch + worker * sizes.total()));
  });
}

ScratchSizes::ScratchSizes(const Problem& p, int block_rows) {
  const std::int64_t chunk = round_up(std::min(p.seq_k, kKeyChunk), kMaxLanes);
  keys = chunk * p.head_dim;
  values = chunk * accumulator_pitch(p);
  tile = kScratchTileRows * kScratchPitch;
  queries = block_rows * query_pitch(p);
  accumulators = block_rows * accumulator_pitch(p);
  row = round_up(block_rows, kMaxLanes);
  visible = row * static_cast<std::int64_t>(sizeof(VisibleKeys) / sizeof(float));
}

Scratch ScratchSizes::cut(float* memory) const {
  Scratch scratch;
  scratch.keys = memory;
  scratch.values = scratch.keys + keys;
  scratch.tile_queries = scratch.values + values;
  scratch.tile_scores = scratch.tile_queries + tile;
  scratch.tile_seen = scratch.tile_scores + tile;
  scratch.queries = scratch.tile_seen + tile;
  scratch.accumulators = scratch.queries + queries;
  scratch.row_max = scratch.accumulators + accumulators;
  scratch.row_sum = scratch.row_max + row;
  scratch.visible = reinterpret_cast<VisibleKeys*>(scratch.row_sum + row);
  return scratch;
}

}  // namespace ki::attention::cpu
