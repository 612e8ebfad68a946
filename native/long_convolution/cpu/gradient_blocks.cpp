#include "long_convolution/cpu/gradient_blocks.h"

#include <algorithm>

#include "long_convolution/cpu/scalars.h"

namespace ki::long_convolution::cpu {
namespace {

const Tensor kNone{};

}  // namespace

GradientBlocks::GradientBlocks(const CpuPlan& plan, ki::cpu::SimdTarget target, const BackwardProblem& p)
    : plan_(plan),
      b_(p),
      row_kernels_(row_kernels(target, p.forward.input.dtype)),
      float_kernels_(float_kernels(target)),
      transforms_(transform_kernels(target)),
      inputs_{&p.forward.input, &p.forward.input_gate, &kNone, plan.options().circular},
      gradients_{&p.grad_output, &p.forward.output_gate, &kNone, plan.options().circular},
      wants_filter_(p.grad_filter.rank > 0),
      rows_(plan.layout().pairs_rows() ? (p.forward.batch + 1) / 2 : p.forward.batch),
      blocks_(plan.layout().blocks(p.forward.length)) {}

void GradientBlocks::run(std::int64_t channel, std::int64_t row, std::int64_t block, const GradientScratch& scratch,
                         float* sum) const {
  const Layout& layout = plan_.layout();
  const std::int64_t begin = block * layout.hop, batch = b_.forward.batch;
  const Range range{begin, std::min(begin + layout.hop, b_.forward.length)};  // of the block's own outputs
  const Range behind{begin - layout.history, range.end}, ahead{begin, range.end + layout.history};
  const Block from_behind(layout, channel, row, batch, behind.begin), from_here(layout, channel, row, batch, begin);
  const Places places{channel, range, behind, ahead};
  const auto is_finite = [&](const RowSource& source) {
    return are_finite(float_kernels_, from_here.read(row_kernels_, source, range, scratch.rows), layout.points);
  };
  if (!from_here.is_pair() || (is_finite(inputs_) && is_finite(gradients_))) {
    return run(places, from_behind, from_here, scratch, sum);
  }
  for (const int one : {0, 1}) run(places, from_behind.alone(one), from_here.alone(one), scratch, sum);
}

void GradientBlocks::run(const Places& places, const Block& from_behind, const Block& from_here,
                         const GradientScratch& scratch, float* sum) const {
  const Layout& layout = plan_.layout();
  const Transform& transform = plan_.transform();
  const auto [channel, range, behind, ahead] = places;
  // Where one block holds the call, the gradients' transform for the filter is that for the inputs too.
  const bool shares = wants_filter_ && layout.history == 0;

  if (wants_filter_) {
    const RowIn inputs = from_behind.read(row_kernels_, inputs_, behind, scratch.rows);
    transforms_.forward(transform, inputs, scratch.inputs);
    const RowIn gradients = from_behind.read(row_kernels_, gradients_, range, scratch.rows);
    transforms_.forward(transform, gradients, scratch.gradients);
    transforms_.add_correlation(scratch.gradients, scratch.inputs, sum, layout.points);
  }
  if (b_.grad_output_gate.rank > 0) {
    const RowTarget target{&b_.grad_output_gate, &b_.grad_output, &kNone, 0.0f};
    const RowOut out = from_behind.begin_write(target, range, scratch.rows);
    if (wants_filter_) {
      transforms_.multiply(scratch.inputs, plan_.spectrum(channel), Product::convolve, scratch.z, layout.points);
      transforms_.inverse(transform, scratch.z, out);
    } else {
      const RowIn inputs = from_behind.read(row_kernels_, inputs_, behind, scratch.rows);
      transforms_.filter(transform, inputs, plan_.spectrum(channel), Product::convolve, scratch.z, out);
    }
    from_behind.end_write(row_kernels_, target, range, out);
  }
  if (!wants_input()) return;
  const bool has_skip = b_.forward.skip.rank > 0;
  const RowTarget input{&b_.grad_input, &b_.forward.input_gate, has_skip ? &b_.grad_output : &kNone,
                        has_skip ? scalar(b_.forward.skip, channel) : 0.0f};
  const RowTarget input_gate{&b_.grad_input_gate, &b_.forward.input, &kNone, 0.0f};
  const RowOut dx = from_here.begin_write(b_.grad_input.rank > 0 ? input : input_gate, range, scratch.rows);
  if (shares) {
    transforms_.multiply(scratch.gradients, plan_.spectrum(channel), Product::correlate, scratch.z, layout.points);
    transforms_.inverse(transform, scratch.z, dx);
  } else {
    const RowIn gradients = from_here.read(row_kernels_, gradients_, ahead, scratch.rows);
    transforms_.filter(transform, gradients, plan_.spectrum(channel), Product::correlate, scratch.z, dx);
  }
  if (b_.grad_input.rank > 0) from_here.end_write(row_kernels_, input, range, dx);
  if (b_.grad_input_gate.rank > 0) from_here.end_write(row_kernels_, input_gate, range, dx);
}

}  // namespace ki::long_convolution::cpu
