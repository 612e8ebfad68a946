// The gradients of one channel's blocks. With x = input * input_gate, c = conv(x) and dc = grad_output * output_gate:
//
//   grad_output_gate = grad_output * c
//   dx = correlation of dc with the filter; grad_input = dx * input_gate + skip * grad_output
//   grad_input_gate = dx * input
//   grad_filter = correlation of dc with x, summed over blocks and batch, which is done with their spectra
#pragma once

#include <cstdint>

#include "long_convolution/cpu/block.h"
#include "long_convolution/cpu/plan.h"
#include "long_convolution/cpu/row_transform.h"
#include "long_convolution/cpu/rows.h"
#include "long_convolution/cpu/transform_kernel.h"

namespace ki::long_convolution::cpu {

// A worker's memory, arrays with room for spectra and rows, and what transforms of rows take besides.
struct GradientScratch {
  static constexpr int kArrays = 4;
  float *inputs, *gradients;  // spectra
  float* z;
  float* rows;
  float* transforms;
};

class GradientBlocks {
 public:
  GradientBlocks(const CpuPlan& plan, ki::cpu::SimdTarget target, const BackwardProblem& p);

  // Whether anything but grad_skip is wanted.
  bool any() const { return wants_filter_ || wants_input() || b_.grad_output_gate.rank > 0; }

  // Transforms' rows, and blocks of each, in one channel.
  std::int64_t rows() const { return rows_; }
  std::int64_t blocks() const { return blocks_; }

  // Writes a block's gradients, and adds to `sum` the spectrum of its part in grad_filter.
  void run(std::int64_t channel, std::int64_t row, std::int64_t block, const GradientScratch& scratch,
           float* sum) const;

 private:
  // A block's own outputs, what of the inputs they depend on, and what of the outputs depends on its inputs.
  struct Places {
    std::int64_t channel;
    Range range, behind, ahead;
  };

  void run(const Places& places, const Block& from_behind, const Block& from_here, const GradientScratch& scratch,
           float* sum) const;

  bool wants_input() const { return b_.grad_input.rank > 0 || b_.grad_input_gate.rank > 0; }

  const CpuPlan& plan_;
  const BackwardProblem& b_;
  const RowKernels& row_kernels_;
  const FloatKernels& float_kernels_;
  const RowTransform transform_;
  const TransformKernels& spectra_;
  const RowSource inputs_, gradients_;
  const bool wants_filter_;
  const std::int64_t rows_, blocks_;
};

}  // namespace ki::long_convolution::cpu
