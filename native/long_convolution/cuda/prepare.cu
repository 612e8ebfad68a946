// Computes the matrices of a fused transform and its twiddles, once for a plan. A warp for each matrix.
//   KI_ELEMENT  f16 or bf16
#include "cuda/ptx/convert.cuh"
#include "cuda/ptx/special_registers.cuh"
#include "long_convolution/cuda/fused_params.h"
#include "long_convolution/cuda/transform_layout.h"

namespace ki::long_convolution::cuda {

using namespace ki::cuda;

struct Complex {
  float re, im;
};

// exp(-2 pi i numerator / denominator); the denominator is a power of two up to 2^24, so that the quotient is exact.
__device__ inline Complex root(int numerator, int denominator) {
  float sine, cosine;
  sincospif(-2.0F * static_cast<float>(numerator & (denominator - 1)) / static_cast<float>(denominator), &sine,
            &cosine);
  return {cosine, sine};
}

// M(shift / steps), short of its scale: the transform of 16 points at that distance from whole frequencies.
__device__ inline Complex shifted_dft(int row, int column, int shift, int steps) {
  return root((row * steps + shift) * (column * steps + shift), 16 * steps * steps);
}

struct MatrixElement {
  FusedShape shape;
  ColumnOrder columns;
  int index;

  __device__ bool is(LineMatrix kind) const {
    return index >= shape.folds() && (index - shape.folds()) % kLineMatrices == kind;
  }
  // As it lies in memory: a right factor transposed.
  __device__ Complex at(int row, int column) const {
    const int lines = shape.lines(), folds = shape.folds();
    if (index >= folds) {  // of a line
      const int line = (index - folds) / kLineMatrices;
      const int k1 = folds == 1 ? line % lines : outer_frequency(line, folds);
      if (is(kColumnsRightMatrix)) row = columns.digit(row);
      if (is(kColumnsMatrix)) column = columns.digit(column);
      const Complex element = shifted_dft(row, column, k1, is(kRowsMatrix) ? lines : 16 * lines);
      return {element.re / 4, element.im / 4};
    }
    const float scale = outer_step_scale(lines);
    Complex element{};
    if (lines >= kMatrixLines) {
      element = shifted_dft(row, column, index, folds);
    } else if (row / lines == column / lines) {
      element = root(row % lines * (column % lines), lines);
    }
    return {element.re * scale, element.im * scale};
  }
};

// The three factors of an element.
__device__ inline float factor_of(const Complex& x, int factor) {
  return factor == 0 ? x.re : factor == 1 ? -(x.re + x.im) : x.im - x.re;
}

extern "C" __global__ void __launch_bounds__(kWarpSize)
    long_convolution_prepare(const __grid_constant__ PrepareParams params) {
  const int index = ptx::ctaid_x(), lane = ptx::tid_x();
  const MatrixElement matrix{{params.points}, params.columns, index};
  auto* to = static_cast<std::uint32_t*>(params.matrices) + index * (kMatrixBytes / 4) + lane * 4;
#pragma unroll 1
  for (int i = 0; i < 4; ++i) {
    const int r = matrix.is(kColumnsRightMatrix) ? i % 2 * 2 + i / 2
                                                 : i;  // Registers of a FragmentA that are one FragmentB neighbour.
    const int row = FragmentA::row(lane, 2 * r), column = FragmentA::col(lane, 2 * r);
    const Complex lower = matrix.at(row, column), upper = matrix.at(row, column + 1);
    for (int factor = 0; factor < 3; ++factor) {
      to[factor * 4 * kWarpSize + i] =
          ptx::cvt_rn_x2_f32<ptx::KI_ELEMENT>(factor_of(upper, factor), factor_of(lower, factor));
    }
  }
  if (index != 0) return;
#pragma unroll 1
  for (int i = 0; i < 4; ++i) {
    const int row = lane / 4 + i % 2 * 8, column = lane % 4 * 2 + i / 2 * 8;
    const Complex first = root(row * column, kLinePoints), second = root(row * (column + 1), kLinePoints);
    reinterpret_cast<float4*>(params.twiddles)[i * kWarpSize + lane] = {first.re, first.im, second.re, second.im};
  }
}

}  // namespace ki::long_convolution::cuda
