// The host side of the backward pass: cuts the work, lays out the workspace, and runs the passes one after another.
#include "attention/cpu/backward.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "attention/cpu/backward_order.h"
#include "attention/cpu/forward_tasks.h"
#include "core/error.h"
#include "cpu/cpu_device.h"

namespace ki::attention::cpu {
namespace gradients {
namespace {

using ki::cpu::ThreadPool;

// Deals out workspace, every part on a cache line. Without memory it only counts.
class Dealer {
 public:
  explicit Dealer(void* memory) : memory_(static_cast<std::byte*>(memory)) {}

  std::byte* bytes(std::uint64_t size) {
    if (dealt_ + Size{size} > kMost) refuse_size();
    std::byte* part = memory_ == nullptr ? nullptr : memory_ + dealt_;
    dealt_ = round_up(static_cast<std::int64_t>(dealt_ + size), kWorkspaceAlignment);
    return part;
  }
  float* floats(std::int64_t rows, std::int64_t columns = 1) {
    const Size size = Size(rows) * Size(columns) * sizeof(float);
    if (size > kMost) refuse_size();
    return reinterpret_cast<float*>(bytes(static_cast<std::uint64_t>(size)));
  }
  std::uint64_t dealt() const { return dealt_; }

 private:
  using Size = unsigned __int128;
  static constexpr std::uint64_t kMost = std::uint64_t{1} << 62;

  static void refuse_size() { not_supported("query", "needs a workspace of more than 2^62 bytes"); }

  std::byte* memory_;
  std::uint64_t dealt_ = 0;
};

// Everything in the workspace. Apart from the workers' scratch memory it is proportional to the tensors.
struct Workspace {
  Shared shared;
  std::byte* order;
  float* scratch;
  std::uint64_t size_bytes;

  Workspace(const BackwardProblem& b, int workers, void* memory) {
    const Problem& p = b.forward;
    Dealer dealer(memory);
    shared.problem = &b;
    shared.grad_query = dealer.floats(shared_rows(p), query_pitch(p));
    shared.logsumexp = dealer.floats(shared_rows(p));
    shared.delta = dealer.floats(shared_rows(p));
    shared.bias = BiasSums(b);
    if (shared.bias.converted) shared.bias.data = dealer.floats(shared.bias.elements());
    order = dealer.bytes(TaskOrder::size_bytes(p));
    scratch = dealer.floats(workers, ScratchSizes(b).total());
    size_bytes = dealer.dealt();
  }
};

// Threads that can have a task at a time, as far as shapes say.
int most_useful_workers(const Problem& p, int threads) {
  const std::int64_t tasks = std::max<std::int64_t>(TaskOrder::most_places(p) * p.heads_kv, 1);
  return static_cast<int>(std::min<std::int64_t>(most_workers(p, threads), tasks));
}

// What belongs to no sequence, or to none of its keys that count, gets zeros.
void clear_keys(const BackwardProblem& b, ThreadPool& pool, int workers) {
  const Problem& p = b.forward;
  if (p.cu_seqlens_k.rank == 0 && p.seqused_k.rank == 0) return;
  const std::int64_t keys = p.key.shape[1];
  pool.parallel_for(p.key.shape[0] * keys, workers, [&](std::int64_t row, int) {
    for (const Tensor* t : {&b.grad_key, &b.grad_value}) {
      const std::int64_t element = size_of(t->dtype);
      std::byte* at = t->data + element * (row / keys * t->strides[0] + row % keys * t->strides[1]);
      for (std::int64_t head = 0; head < p.heads_kv; ++head) {
        std::memset(at + element * head * t->strides[2], 0, static_cast<std::size_t>(element * t->shape[3]));
      }
    }
  });
}

// Adds what a chunk has summed over its queries to the sums of all.
void add_chunk_bias(const Shared& shared, const Chunk& chunk, const Scratch& scratch) {
  const Problem& p = shared.problem->forward;
  const BiasSums& bias = shared.bias;
  const std::int64_t keys = std::min<std::int64_t>(chunk.keys, bias.shape[3] - chunk.first_key);
  for (std::int64_t i = 0; i < bias.heads_of_group(p); ++i) {
    const std::int64_t head = chunk.head_kv * p.group + i;
    const float* from = scratch.bias_sums + i * kPitch;
    float* to = bias.row({chunk.batch, head, 0}) + chunk.first_key;
    for (std::int64_t key = 0; key < keys; ++key) to[key] += from[key];
  }
}

// One task: the gradients of a chunk of keys, and its part of those of queries and bias.
void differentiate_chunk(const Shared& shared, const Kernels& kernel, TaskOrder& order, std::int64_t task,
                         const Scratch& scratch) {
  const Problem& p = shared.problem->forward;
  const Place place = order.place(task);
  const Sequence sequence = p.sequence(place.batch);
  const std::int64_t first_key = place.chunk * kChunkKeys;
  Chunk chunk{place.batch,
              sequence,
              order.head_kv(task),
              first_key,
              static_cast<int>(std::min<std::int64_t>(kChunkKeys, sequence.seq_k - first_key)),
              false};
  kernel.begin_chunk(shared, chunk, scratch);
  const std::int64_t rows = sequence.seq_q * p.group;
  for (std::int64_t first = 0; first < rows; first += kBlockRows) {
    const Block block = chunk.block(first, static_cast<int>(std::min<std::int64_t>(kBlockRows, rows - first)));
    if (!meet(p, chunk, block)) continue;
    const int index = static_cast<int>(first / kBlockRows);
    order.wait(task, index);
    kernel.add_block(shared, chunk, block, scratch);
    order.pass(task, index);
  }
  kernel.end_chunk(shared, chunk, scratch);
  // Also where this task had no block to add: that it is finished says that all before it are.
  order.wait_until_finished(task);
  if (shared.bias.is_summed_over_queries()) add_chunk_bias(shared, chunk, scratch);
  order.finish(task);
}

}  // namespace

bool meet(const Problem& p, const Chunk& chunk, const Block& block) {
  const auto visible = [&](int row) { return p.visible_keys(chunk.sequence, block.query_row(p, row).query); };
  const VisibleKeys first = visible(0), last = visible(block.rows - 1);
  return last.sinks > chunk.first_key || (last.end > chunk.first_key && first.begin < chunk.first_key + chunk.keys);
}

ScratchSizes::ScratchSizes(const BackwardProblem& b) {
  const Problem& p = b.forward;
  keys = kChunkKeys * query_pitch(p);
  values = kChunkKeys * accumulator_pitch(p);
  head_rows = kBlockRows * query_pitch(p);
  value_rows = kBlockRows * accumulator_pitch(p);
  tile = kBlockRows * kPitch;
  const BiasSums bias(b);
  bias_rows = bias.is_summed_over_queries() ? bias.heads_of_group(p) * kPitch : 0;
}

Scratch ScratchSizes::cut(float* memory) const {
  Scratch scratch;
  scratch.keys_transposed = memory;
  scratch.keys = scratch.keys_transposed + keys;
  scratch.grad_keys = scratch.keys + keys;
  scratch.values_transposed = scratch.grad_keys + keys;
  scratch.grad_values = scratch.values_transposed + values;
  scratch.packed_queries = scratch.grad_values + values;
  scratch.packed_grad_outputs = scratch.packed_queries + head_rows;
  scratch.queries = scratch.packed_grad_outputs + value_rows;
  scratch.grad_outputs = scratch.queries + tile;
  scratch.weights = scratch.grad_outputs + tile;
  scratch.grad_scores = scratch.weights + tile;
  scratch.bias_sums = scratch.grad_scores + tile;
  return scratch;
}

void differentiate(ki::cpu::CpuDevice& cpu, const BackwardProblem& b, void* memory) {
  const Problem& p = b.forward;
  const int threads = cpu.pool().thread_count(), most = most_useful_workers(p, threads);
  const int workers = std::min(choose_workers(p, threads), most);
  const Workspace workspace(b, most, memory);
  const Shared& shared = workspace.shared;
  const Kernels& kernel = kernels(cpu.target());
  const std::int64_t positions = p.query.shape[0] * p.total_q;

  cpu.pool().parallel_for(positions, workers,
                          [&](std::int64_t i, int) { kernel.prepare_position(shared, i / p.total_q, i % p.total_q); });
  clear_keys(b, cpu.pool(), workers);
  if (shared.bias.data != nullptr) {
    cpu.pool().parallel_for(shared.bias.rows(), workers, [&](std::int64_t row, int) {
      std::fill_n(shared.bias.row(shared.bias.row_at(row)), shared.bias.shape[3], 0.0f);
    });
  }

  TaskOrder order(p, shared.bias.is_shared(p), workspace.order);
  const ScratchSizes sizes(b);
  cpu.pool().parallel_for(order.tasks(), workers, [&](std::int64_t task, int worker) {
    differentiate_chunk(shared, kernel, order, task, sizes.cut(workspace.scratch + worker * sizes.total()));
  });

  cpu.pool().parallel_for(positions, workers,
                          [&](std::int64_t i, int) { kernel.finish_position(shared, i / p.total_q, i % p.total_q); });
  if (shared.bias.converted) {
    cpu.pool().parallel_for(shared.bias.rows(), workers,
                            [&](std::int64_t row, int) { kernel.finish_bias_row(shared, row); });
  }
}

}  // namespace gradients

std::uint64_t backward_workspace(Device& device, const BackwardProblem& b) {
  const int threads = static_cast<ki::cpu::CpuDevice&>(device).pool().thread_count();
  return gradients::Workspace(b, gradients::most_useful_workers(b.forward, threads), nullptr).size_bytes;
}

void backward(Device& device, Stream&, const BackwardProblem& b, void* workspace) {
  gradients::differentiate(static_cast<ki::cpu::CpuDevice&>(device), b, workspace);
}

}  // namespace ki::attention::cpu
