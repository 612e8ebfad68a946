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
      transform_(plan, target, p.forward.length),
      spectra_(transform_kernels(target)),
      inputs_{&p.forward.input, &p.forward.input_gate, &kNone, plan.options().circular},
      gradients_{&p.grad_output, &p.forward.output_gate, &kNone, plan.options().circular},
      wants_filter_(p.grad_filter.rank > 0),
      rows_(plan.layout().pairs_rows() ? (p.forward.batch + 1) / 2 : p.forward.batch),
      blocks_(plan.layout().blocks(p.forward.length)) {}

void GradientBlocks::run(std::int64_t channel, std::int64_t row, std::int64_t block, const GradientScratch& scratch,
                         float* sum) const {
  const Layout& layout = plan_.layout();
  const std::int64_t begin = block * layout.hop;
  const Range range{begin, std::min(begin + layout.hop, b_.forward.length)};  // of the block's own outputs
  const Range behind{begin - layout.history, range.end}, ahead{begin, range.end + layout.history};
  const Block from_behind(layout, b_.grad_output, channel, row, behind.begin);
  const Block from_here(layout, b_.grad_output, channel, row, begin);
  const Places places{channel, range, behind, ahead};
  const auto is_finite = [&](const RowSource& source) {
    return are_finite(float_kernels_, from_here.read(row_kernels_, source, range, scratch.rows),
                      layout.half_values(b_.forward.length));
  };
  if (!from_here.is_pair() || (is_finite(inputs_) && is_finite(gradients_))) {
    return run(places, from_behind, from_here, scratch, sum);
  }
  for (const int one : {0, 1}) run(places, from_behind.alone(one), from_here.alone(one), scratch, sum);
}

void GradientBlocks::run(const Places& places, const Block& from_behind, const Block& from_here,
                         const GradientScratch& scratch, float* sum) const {
  const Layout& layout = plan_.layout();
  const auto [channel, range, behind, ahead] = places;
  // Where one block holds the call, the gradients' transform for the filter is that for the inputs too.
  const bool shares = wants_filter_ && layout.history == 0;

  if (wants_filter_) {
    const RowIn inputs = from_behind.read(row_kernels_, inputs_, behind, scratch.rows);
    transform_.forward(transform_.decimate(inputs, scratch.transforms), scratch.inputs);
    const RowIn gradients = from_behind.read(row_kernels_, gradients_, range, scratch.rows);
    transform_.forward(transform_.decimate(gradients, scratch.transforms), scratch.gradients);
    spectra_.add_correlation(scratch.gradients, scratch.inputs, sum, layout.points);
  }
  if (b_.grad_output_gate.rank > 0) {
    const RowTarget target{&b_.grad_output_gate, &b_.grad_output, &kNone, 0.0f};
    const RowOut out = from_behind.begin_write(target, range, scratch.rows);
    if (wants_filter_) {
      spectra_.multiply(scratch.inputs, plan_.spectrum(channel), Product::convolve, scratch.z, layout.points);
      transform_.inverse(scratch.z, out, scratch.transforms);
    } else {
      const RowIn inputs =
          transform_.decimate(from_behind.read(row_kernels_, inputs_, behind, scratch.rows), scratch.transforms);
      transform_.filter(inputs, plan_.spectrum(channel), Product::convolve, scratch.z, out, scratch.transforms);
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
    spectra_.multiply(scratch.gradients, plan_.spectrum(channel), Product::correlate, scratch.z, layout.points);
    transform_.inverse(scratch.z, dx, scratch.transforms);
  } else {
    const RowIn gradients =
        transform_.decimate(from_here.read(row_kernels_, gradients_, ahead, scratch.rows), scratch.transforms);
    transform_.filter(gradients, plan_.spectrum(channel), Product::correlate, scratch.z, dx, scratch.transforms);
  }
  if (b_.grad_input.rank > 0) from_here.end_write(row_kernels_, input, range, dx);
  if (b_.grad_input_gate.rank > 0) from_here.end_write(row_kernels_, input_gate, range, dx);
}

}  // namespace ki::long_convolution::cpu
