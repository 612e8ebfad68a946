// Transforms of 16 complex points as products with a 16x16 matrix, on the tensor cores: three real products for a complex one,
//
//   F x = common - (F.re + F.im) x.im  +  i (common + (F.im - F.re) x.re),   common = F.re (x.re + x.im)
//
// of which the last two go on from the sums of the first. The conjugate of F exchanges the other two factors.
#pragma once

#include <cstdint>

#include "cuda/ptx/convert.cuh"
#include "cuda/ptx/mma.cuh"
#include "cuda/ptx/mma_k8.cuh"
#include "cuda/ptx/packed_math.cuh"
#include "long_convolution/cuda/transform_layout.h"

namespace ki::long_convolution::cuda {

using namespace ki::cuda;

enum class Direction { forward, backward };

// Sums of 16 rows and 16 or 8 columns, as FragmentC side by side: [columns / 8].
template <int kColumns = 16>
struct Sums {
  float re[kColumns / 8][4], im[kColumns / 8][4];
};

// Points in 16 bits, 16 columns of 16 or 8 rows. As a right factor, with rows that are summed over: FragmentB
// [columns / 8][rows / 8].
template <int kRows = 16>
struct Points {
  std::uint32_t re[2][kRows / 8], im[2][kRows / 8];
};

// Sums, rounded. What were their columns are the rows of the right factor: its product sums over them.
template <class T, int kColumns>
__device__ Points<kColumns> transposed_points(const Sums<kColumns>& sums) {
  Points<kColumns> x;
#pragma unroll
  for (int n = 0; n < kColumns / 8; ++n) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      x.re[half][n] = ptx::cvt_rn_x2_f32<T>(sums.re[n][2 * half + 1], sums.re[n][2 * half]);
      x.im[half][n] = ptx::cvt_rn_x2_f32<T>(sums.im[n][2 * half + 1], sums.im[n][2 * half]);
    }
  }
  return x;
}

// What is a lane's of a plan's matrices, from the index-th on. The next one lies kMatrixStep behind.
inline constexpr int kMatrixStep = kMatrixBytes / 16;
__device__ inline const uint4* lane_matrices(const void* matrices, unsigned index, unsigned lane) {
  return static_cast<const uint4*>(matrices) + (index * kMatrixStep + lane);
}

// The three factors of a symmetric matrix, each as a FragmentA. kFrequencies: 8 if only the first 8 frequencies count, which are
// the columns of a left factor and of a right one.
template <class T, int kFrequencies = 16>
struct Dft16 {
  static constexpr int kRegisters = kFrequencies / 4;
  using Registers = std::uint32_t[kRegisters];
  Registers real, minus_sum, difference;

  __device__ static void load(Registers& registers, const uint4* at) {
    if constexpr (kRegisters == 4) {
      const uint4 from = __ldg(at);
      registers[0] = from.x, registers[1] = from.y, registers[2] = from.z, registers[3] = from.w;
    } else {
      const uint2 from = __ldg(reinterpret_cast<const uint2*>(at));
      registers[0] = from.x, registers[1] = from.y;
    }
  }
  // from: of the matrix, in the lanes' order, what is this lane's.
  __device__ explicit Dft16(const uint4* from) {
    load(real, from);
    load(minus_sum, from + kWarpSize);
    load(difference, from + 2 * kWarpSize);
  }

  // The factors of x.im and x.re.
  template <Direction kDirection>
  __device__ const Registers& of_imaginary() const {
    if constexpr (kDirection == Direction::forward) return minus_sum;
    return difference;
  }
  template <Direction kDirection>
  __device__ const Registers& of_real() const {
    if constexpr (kDirection == Direction::forward) return difference;
    return minus_sum;
  }

  // d = c + f x for one of the factors.
  __device__ static void multiply(float (&d)[4], const Registers& f, const std::uint32_t (&x)[kFrequencies / 8],
                                  const float (&c)[4]) {
    if constexpr (kFrequencies == 16) {
      ptx::mma_m16n8k16<T>(d, f, x[0], x[1], c);
    } else {
      ptx::mma_m16n8k8<T>(d, f, x[0], c);
    }
  }

  // F x.
  template <Direction kDirection>
  __device__ Sums<> times(const Points<kFrequencies>& x) const {
    constexpr float kZeros[4] = {};
    Sums<> d;
#pragma unroll
    for (int n = 0; n < 2; ++n) {
      float common[4];
      std::uint32_t sum[kFrequencies / 8];
#pragma unroll
      for (int half = 0; half < kFrequencies / 8; ++half) sum[half] = ptx::add_x2<T>(x.re[n][half], x.im[n][half]);
      multiply(common, real, sum, kZeros);
      multiply(d.re[n], of_imaginary<kDirection>(), x.im[n], common);
      multiply(d.im[n], of_real<kDirection>(), x.re[n], common);
    }
    return d;
  }

  // y F for a matrix in a right factor's order, where y is the matrix whose transpose is given: points that
  // transposed_points() made, taken as a left factor.
  template <Direction kDirection>
  __device__ Sums<kFrequencies> times_right(const Points<>& x) const {
    constexpr float kZeros[4] = {};
    const std::uint32_t re[4] = {x.re[0][0], x.re[1][0], x.re[0][1], x.re[1][1]};
    const std::uint32_t im[4] = {x.im[0][0], x.im[1][0], x.im[0][1], x.im[1][1]};
    std::uint32_t sum[4];
#pragma unroll
    for (int r = 0; r < 4; ++r) sum[r] = ptx::add_x2<T>(re[r], im[r]);
    Sums<kFrequencies> d;
#pragma unroll
    for (int n = 0; n < kFrequencies / 8; ++n) {
      // A symmetric matrix's FragmentA holds its FragmentB: rows g and columns k are columns g and rows k.
      const auto &f_im = of_imaginary<kDirection>(), &f_re = of_real<kDirection>();
      float common[4];
      ptx::mma_m16n8k16<T>(common, sum, real[2 * n], real[2 * n + 1], kZeros);
      ptx::mma_m16n8k16<T>(d.re[n], im, f_im[2 * n], f_im[2 * n + 1], common);
      ptx::mma_m16n8k16<T>(d.im[n], re, f_re[2 * n], f_re[2 * n + 1], common);
    }
    return d;
  }
};

// x = x (w or its conjugate), for two complex numbers w = {re, im, re, im}.
template <Direction kDirection>
__device__ void multiply_pair(float* re, float* im, const float (&w)[4]) {
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    const float c = w[2 * i], s = w[2 * i + 1], x = re[i], y = im[i];
    const float turned = kDirection == Direction::forward ? s : -s;
    re[i] = fmaf(-turned, y, x * c);
    im[i] = fmaf(turned, x, y * c);
  }
}

// Two complex numbers for each half and column block of sums.
template <int kColumns = 16>
struct PairTable {
  float at[kColumns / 8][2][4];

  // [columns / 8][rows / 8][32 lanes] in memory.
  __device__ PairTable(const float* table, int lane) {
    const auto* from = reinterpret_cast<const float4*>(table);
#pragma unroll
    for (int n = 0; n < kColumns / 8; ++n) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const float4 pair = __ldg(from + (n * 2 + half) * kWarpSize + lane);
        at[n][half][0] = pair.x, at[n][half][1] = pair.y, at[n][half][2] = pair.z, at[n][half][3] = pair.w;
      }
    }
  }

  template <Direction kDirection>
  __device__ void multiply(Sums<kColumns>& sums) const {
#pragma unroll
    for (int n = 0; n < kColumns / 8; ++n) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        multiply_pair<kDirection>(&sums.re[n][2 * half], &sums.im[n][2 * half], at[n][half]);
      }
    }
  }
};

// The same in 16 bits, for points.
template <class T>
struct PackedPairTable {
  std::uint32_t re[2][2], im[2][2];  // as Points

  __device__ PackedPairTable(const float* table, int lane) {
    const PairTable<> pairs(table, lane);
#pragma unroll
    for (int n = 0; n < 2; ++n) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const float(&w)[4] = pairs.at[n][half];
        re[half][n] = ptx::cvt_rn_x2_f32<T>(w[2], w[0]);
        im[half][n] = ptx::cvt_rn_x2_f32<T>(w[3], w[1]);
      }
    }
  }

  template <Direction kDirection>
  __device__ Points<> times(const Points<>& x) const {
    Points<> y;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
#pragma unroll
      for (int n = 0; n < 2; ++n) {
        const std::uint32_t w = im[half][n], minus_w = ptx::neg_x2<T>(w);
        const std::uint32_t of_im = kDirection == Direction::forward ? minus_w : w;
        const std::uint32_t of_re = kDirection == Direction::forward ? w : minus_w;
        y.re[half][n] = ptx::fma_x2<T>(x.im[half][n], of_im, ptx::mul_x2<T>(x.re[half][n], re[half][n]));
        y.im[half][n] = ptx::fma_x2<T>(x.re[half][n], of_re, ptx::mul_x2<T>(x.im[half][n], re[half][n]));
      }
    }
    return y;
  }
};

}  // namespace ki::long_convolution::cuda
