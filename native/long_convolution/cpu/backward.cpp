// The host side of the backward pass. A channel's blocks are cut into parts, which threads can share; the sum for
// grad_filter is formed block by block in each part, then part by part. The parts depend on the problem alone, so that
// sums do not depend on the number of threads.
#include "long_convolution/cpu/backward.h"

#include <algorithm>
#include <cmath>

#include "long_convolution/cpu/gradient_blocks.h"
#include "long_convolution/cpu/scalars.h"
#include "long_convolution/cpu/work.h"

namespace ki::long_convolution::cpu {
namespace {

using ki::cpu::CpuDevice;

// Tasks that are enough to keep threads evenly busy; more parts would only cost memory.
constexpr std::int64_t kEnoughTasks = 64;

struct Parts {
  explicit Parts(const GradientBlocks& gradients, std::int64_t channels)
      : jobs(gradients.any() ? gradients.rows() * gradients.blocks() : 0),
        of_channel(
            std::clamp<std::int64_t>((kEnoughTasks + channels - 1) / channels, 1, std::max<std::int64_t>(jobs, 1))) {}

  std::int64_t first(std::int64_t part) const { return jobs * part / of_channel; }

  std::int64_t jobs;        // blocks of a channel's rows
  std::int64_t of_channel;  // parts
};

// Of the longest row that is transformed: of the call, or the filter's gradient.
std::int64_t wanted_length(const CpuPlan& plan, const BackwardProblem& b) {
  return std::max(b.forward.length, plan.options().taps());
}

// The sums of all parts, then each worker's scratch memory.
struct Memory {
  Memory(void* memory, const Parts& parts, const CpuPlan& plan, const BackwardProblem& b)
      : sums(memory, plan.layout().points, 1),
        sum_count(b.grad_filter.rank > 0 ? b.forward.channels * parts.of_channel : 0),
        scratch(static_cast<std::byte*>(memory) + sums.bytes(sum_count),
                RowTransform::array_points(plan, wanted_length(plan, b)), GradientScratch::kArrays,
                RowTransform::scratch_floats(plan, wanted_length(plan, b))) {}

  GradientScratch of(int worker) const {
    return {scratch.of(worker, 0), scratch.of(worker, 1), scratch.of(worker, 2), scratch.of(worker, 3),
            scratch.scratch(worker)};
  }

  std::uint64_t bytes(int workers) const { return sums.bytes(sum_count) + scratch.bytes(workers); }

  Arrays sums;
  std::int64_t sum_count;
  Arrays scratch;
};

// Where |filter| is at most the threshold, the squashed filter does not move with it.
void stop_squashed(const BackwardProblem& b, const RowKernels& rows, float threshold, std::int64_t channel,
                   float* gradient) {
  constexpr std::int64_t kChunk = 256;
  float taps[kChunk];
  for (std::int64_t first = 0; first < b.filter.shape[1]; first += kChunk) {
    const std::int64_t count = std::min(kChunk, b.filter.shape[1] - first);
    const std::int64_t at = channel * b.filter.strides[0] + first;
    rows.widen(b.filter.data + at * size_of(b.filter.dtype), nullptr, taps, count);
    for (std::int64_t i = 0; i < count; ++i) {
      if (std::abs(taps[i]) <= threshold) gradient[first + i] = 0;
    }
  }
}

// Adds the parts up, in the first one's memory, and transforms the sum back.
void write_filter_gradient(const CpuPlan& plan, ki::cpu::SimdTarget target, const BackwardProblem& b,
                           const Parts& parts, const Memory& memory, std::int64_t channel,
                           const GradientScratch& scratch) {
  const PlanOptions& o = plan.options();
  const TransformKernels& transforms = transform_kernels(target);
  const std::int64_t points = plan.layout().points;
  float* sum = memory.sums.of(channel * parts.of_channel, 0);
  for (std::int64_t part = 1; part < parts.of_channel; ++part) {
    transforms.add(memory.sums.of(channel * parts.of_channel + part, 0), sum, points);
  }
  if (plan.mask() != nullptr) {
    transforms.multiply_real(sum, plan.mask(), points);
  } else {
    transforms.scale(sum, 1.0f / static_cast<float>(points), points);
  }
  const RowTransform transform(plan, target, o.taps());
  const std::int64_t half = plan.layout().half_points();
  transform.inverse(sum, {scratch.rows, plan.layout().pairs_rows() ? nullptr : scratch.rows + half},
                    scratch.transforms);
  // A spectrum of fft_size points, twice the transform's, takes two arrays; these are neighbours.
  if (plan.tap_mask() != nullptr) plan.tap_mask()->apply_to_gradient(scratch.rows, scratch.inputs);
  auto* gradient = reinterpret_cast<float*>(b.grad_filter.data) + channel * b.grad_filter.strides[0];
  const std::int64_t taps = o.taps();
  for (std::int64_t j = 0; j < o.filter_length; ++j) {
    const bool counts = j < taps || o.circular;
    gradient[j] = counts ? scratch.rows[j % taps] : 0.0f;
  }
  if (o.squash > 0) stop_squashed(b, row_kernels(target, b.filter.dtype), o.squash, channel, gradient);
}

void write_skip_gradient(const RowKernels& rows, const BackwardProblem& b, std::int64_t channel) {
  double sum = 0;
  for (std::int64_t batch = 0; batch < b.forward.batch; ++batch) {
    sum += rows.dot(at(b.grad_output, batch, channel, 0), at(b.forward.input, batch, channel, 0), b.forward.length);
  }
  reinterpret_cast<float*>(b.grad_skip.data)[channel * b.grad_skip.strides[0]] = static_cast<float>(sum);
}

Work work_for(CpuDevice& cpu, const Parts& parts, const BackwardProblem& b, std::int64_t points) {
  const std::int64_t part_jobs = std::max<std::int64_t>(parts.jobs / parts.of_channel, 1);
  return Work(cpu.pool(), b.forward.channels * parts.of_channel, points * part_jobs);
}

}  // namespace

std::uint64_t backward_workspace(Device& device, const Plan& plan, const BackwardProblem& b) {
  auto& cpu = static_cast<CpuDevice&>(device);
  const auto& made = static_cast<const CpuPlan&>(plan);
  const std::int64_t points = made.layout().points;
  const Parts parts(GradientBlocks(made, cpu.target(), b), b.forward.channels);
  return Memory(nullptr, parts, made, b).bytes(work_for(cpu, parts, b, points).workers);
}

void backward(Device& device, Stream&, const Plan& plan, const BackwardProblem& b, void* workspace) {
  auto& cpu = static_cast<CpuDevice&>(device);
  const auto& made = static_cast<const CpuPlan&>(plan);
  const std::int64_t points = made.layout().points, channels = b.forward.channels;
  const GradientBlocks gradients(made, cpu.target(), b);
  const Parts parts(gradients, channels);
  const Memory memory(workspace, parts, made, b);
  const Work work = work_for(cpu, parts, b, points);
  const bool wants_filter = b.grad_filter.rank > 0;
  work.run(cpu.pool(), [&](std::int64_t task, int worker) {
    const std::int64_t channel = task / parts.of_channel, part = task % parts.of_channel;
    const GradientScratch scratch = memory.of(worker);
    float* sum = wants_filter ? memory.sums.of(task, 0) : nullptr;
    if (wants_filter) std::fill_n(sum, 2 * points, 0.0f);
    for (std::int64_t job = parts.first(part); job < parts.first(part + 1); ++job) {
      gradients.run(channel, job / gradients.blocks(), job % gradients.blocks(), scratch, sum);
    }
    if (wants_filter && parts.of_channel == 1) {
      write_filter_gradient(made, cpu.target(), b, parts, memory, channel, scratch);
    }
  });
  if (wants_filter && parts.of_channel > 1) {
    cpu.pool().parallel_for(channels, work.workers, [&](std::int64_t channel, int worker) {
      write_filter_gradient(made, cpu.target(), b, parts, memory, channel, memory.of(worker));
    });
  }
  if (b.grad_skip.rank > 0) {
    const RowKernels& rows = row_kernels(cpu.target(), b.forward.input.dtype);
    const Work skips(cpu.pool(), channels, b.forward.batch * b.forward.length + 1);
    skips.run(cpu.pool(), [&](std::int64_t channel, int) { write_skip_gradient(rows, b, channel); });
  }
}

}  // namespace ki::long_convolution::cpu
