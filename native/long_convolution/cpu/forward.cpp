// The host side of the forward pass: every block of every row is a job of its own, and the last of them, if they are too
// few for all threads, are shared by these.
#include "long_convolution/cpu/forward.h"

#include <algorithm>

#include "long_convolution/cpu/block.h"
#include "long_convolution/cpu/plan.h"
#include "long_convolution/cpu/row_transform.h"
#include "long_convolution/cpu/scalars.h"
#include "long_convolution/cpu/transform_team.h"
#include "long_convolution/cpu/work.h"

namespace ki::long_convolution::cpu {
namespace {

using ki::cpu::CpuDevice;

constexpr int kArrays = 2;  // of a worker: the points, and the rows on their way in and out

// Jobs of one channel follow one another, so that its spectrum stays in the caches.
struct Jobs {
  Jobs(const Layout& layout, const Problem& p)
      : rows(layout.pairs_rows() ? (p.batch + 1) / 2 : p.batch), blocks(layout.blocks(p.length)) {}

  std::int64_t rows, blocks;
  std::int64_t count(const Problem& p) const { return p.channels * rows * blocks; }
};

// The jobs that threads do alone.
Work work_for(CpuDevice& cpu, const Layout& layout, const Problem& p) {
  const std::int64_t jobs = Jobs(layout, p).count(p);
  return Work(cpu.pool(), jobs - shared_jobs(cpu.pool(), jobs, layout.points), layout.points);
}

Arrays arrays_in(void* memory, const CpuPlan& plan, const Problem& p) {
  return Arrays(memory, RowTransform::array_points(plan, p.length), kArrays,
                RowTransform::scratch_floats(plan, p.length));
}

// The last history values of x go to the state; where the call is shorter, older ones move up.
void save_state(const RowKernels& kernels, const Problem& p, std::int64_t row) {
  const std::int64_t batch = row / p.channels, channel = row % p.channels, history = p.state.shape[2];
  if (history == 0) return;
  auto* state = reinterpret_cast<float*>(at(p.state, batch, channel, 0));
  const std::int64_t fresh = std::min(history, p.length), first = p.length - fresh;
  std::copy(state + fresh, state + history, state);
  kernels.widen(at(p.input, batch, channel, first),
                p.input_gate.rank > 0 ? at(p.input_gate, batch, channel, first) : nullptr, state + (history - fresh),
                fresh);
}

}  // namespace

std::uint64_t forward_workspace(Device& device, const Plan& plan, const Problem& p) {
  const auto& made = static_cast<const CpuPlan&>(plan);
  return arrays_in(nullptr, made, p).bytes(work_for(static_cast<CpuDevice&>(device), made.layout(), p).workers);
}

void forward(Device& device, Stream&, const Plan& plan, const Problem& p, void* workspace) {
  auto& cpu = static_cast<CpuDevice&>(device);
  const auto& made = static_cast<const CpuPlan&>(plan);
  const Layout& layout = made.layout();
  const Work work = work_for(cpu, layout, p);
  const Jobs jobs(layout, p);
  const Arrays arrays = arrays_in(workspace, made, p);
  const RowKernels& rows = row_kernels(cpu.target(), p.input.dtype);
  const FloatKernels& floats = float_kernels(cpu.target());
  const RowSource source{&p.input, &p.input_gate, &p.state, made.options().circular};
  const Tensor none{};
  const auto compute = [&](std::int64_t job, int worker, const RowTransform& transform) {
    const std::int64_t channel = job / (jobs.rows * jobs.blocks);
    const std::int64_t begin = job % jobs.blocks * layout.hop;
    const Range outputs{begin, std::min(begin + layout.hop, p.length)};
    const Range inputs{begin - layout.history, outputs.end};
    const RowTarget target{&p.output, &p.output_gate, p.skip.rank > 0 ? &p.input : &none,
                           p.skip.rank > 0 ? scalar(p.skip, channel) : 0.0f};
    float *z = arrays.of(worker, 0), *buffer = arrays.of(worker, 1), *scratch = arrays.scratch(worker);
    const auto read = [&](const Block& block) {
      return transform.decimate(block.read(rows, source, inputs, buffer), scratch);
    };
    const auto run = [&](const Block& block, RowIn in) {
      const RowOut out = block.begin_write(target, outputs, buffer);
      transform.filter(in, made.spectrum(channel), Product::convolve, z, out, scratch);
      block.end_write(rows, target, outputs, out);
    };
    const Block block(layout, p.input, channel, job / jobs.blocks % jobs.rows, inputs.begin);
    const RowIn in = read(block);
    if (!block.is_pair() || are_finite(floats, in, layout.points)) return run(block, in);
    for (const int row : {0, 1}) {
      const Block alone = block.alone(row);
      run(alone, read(alone));
    }
  };
  const RowTransform one(made, cpu.target(), p.length), all(made, cpu.target(), p.length, &cpu.pool());
  work.run(cpu.pool(), [&](std::int64_t job, int worker) { compute(job, worker, one); });
  for (std::int64_t job = work.jobs; job < jobs.count(p); ++job) compute(job, 0, all);
  if (p.state.rank > 0 && p.length > 0) {
    const Work states(cpu.pool(), p.batch * p.channels, p.state.shape[2] + 1);
    states.run(cpu.pool(), [&](std::int64_t row, int) { save_state(rows, p, row); });
  }
}

}  // namespace ki::long_convolution::cpu
