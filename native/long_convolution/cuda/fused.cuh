// Long convolution in one kernel (FlashFFTConv, Fu et al. 2023, sections 3.1 and 3.2): a block transforms its windows, multiplies
// with the filter's spectrum and transforms back, on the tensor cores, between one read and one write of global memory.
// transform_layout.h says how the transform is decomposed.
#pragma once

#include "cuda/ptx/ldmatrix.cuh"
#include "long_convolution/cuda/dft16.cuh"
#include "long_convolution/cuda/planes.cuh"

namespace ki::long_convolution::cuda {

template <class T_, int kFolds_>
struct FusedConfig {
  using T = T_;
  static constexpr int kFolds = kFolds_;
  static constexpr int kWarps = fused_warps(kFolds);
  static constexpr int kBlockLines = kFolds * kMatrixLines;
  static constexpr int kPlaneBytes = kBlockLines * kLineBytes;
  static constexpr int kTransforms = kFolds == 1 ? kMatrixLines : 1;  // of a block, at most
};

template <class Config>
struct FusedSharedMemory {
  char planes[2 * Config::kPlaneBytes];       // real parts, imaginary parts
  Window windows[2 * Config::kTransforms];    // [part][transform]
  const float* spectra[Config::kTransforms];  // of their channels
};

// Loads 16x16 points from both planes as a right factor; `address`: of the lane's row in the first.
template <class Config>
__device__ Points load_points(std::uint32_t address) {
  std::uint32_t re[4], im[4];
  ptx::ldmatrix_x4_trans(re, address);
  ptx::ldmatrix_x4_trans(im, address + Config::kPlaneBytes);
  return {{{re[0], re[1]}, {re[2], re[3]}}, {{im[0], im[1]}, {im[2], im[3]}}};
}

// Stores 16x16 points, as transposed_points() holds them, to both planes. `to`: where the lane's first pair belongs, in a chunk
// whose neighbour takes the next 8 columns; kHalfBytes: to eight rows below.
template <class Config, int kHalfBytes>
__device__ void store_points(char* planes, unsigned to, const Points& x) {
#pragma unroll
  for (int n = 0; n < 2; ++n) {
    char* at = planes + (n == 0 ? to : to ^ 16);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      *reinterpret_cast<std::uint32_t*>(at + half * kHalfBytes) = x.re[half][n];
      *reinterpret_cast<std::uint32_t*>(at + half * kHalfBytes + Config::kPlaneBytes) = x.im[half][n];
    }
  }
}

// Transforms of 2 or 4 points across the folds: y[k] = sum over a of x[a] exp(-+2 pi i a k / folds), for each element.
template <Direction kDirection, int kFolds, class Add, class Sub, class Value>
__device__ void butterfly(Value* const (&re)[kFolds], Value* const (&im)[kFolds], Add add, Sub sub) {
  if constexpr (kFolds == 2) {
    const Value r = *re[0], i = *im[0];
    *re[0] = add(r, *re[1]), *im[0] = add(i, *im[1]);
    *re[1] = sub(r, *re[1]), *im[1] = sub(i, *im[1]);
  } else if constexpr (kFolds == 4) {
    const Value r0 = add(*re[0], *re[2]), i0 = add(*im[0], *im[2]), r1 = sub(*re[0], *re[2]), i1 = sub(*im[0], *im[2]);
    const Value r2 = add(*re[1], *re[3]), i2 = add(*im[1], *im[3]), r3 = sub(*re[1], *re[3]), i3 = sub(*im[1], *im[3]);
    constexpr int kFirst = kDirection == Direction::forward ? 1 : 3;
    *re[0] = add(r0, r2), *im[0] = add(i0, i2);
    *re[2] = sub(r0, r2), *im[2] = sub(i0, i2);
    *re[kFirst] = add(r1, i3), *im[kFirst] = sub(i1, r3);
    *re[4 - kFirst] = sub(r1, i3), *im[4 - kFirst] = add(i1, r3);
  }
}

template <class T, int kFolds>
__device__ void fold_points(Points (&x)[kFolds]) {
#pragma unroll
  for (int n = 0; n < 2; ++n) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      std::uint32_t *re[kFolds], *im[kFolds];
#pragma unroll
      for (int a = 0; a < kFolds; ++a) re[a] = &x[a].re[n][half], im[a] = &x[a].im[n][half];
      butterfly<Direction::forward, kFolds>(
          re, im, [](std::uint32_t a, std::uint32_t b) { return ptx::add_x2<T>(a, b); },
          [](std::uint32_t a, std::uint32_t b) { return ptx::sub_x2<T>(a, b); });
    }
  }
}

template <int kFolds>
__device__ void unfold_sums(Sums (&x)[kFolds]) {
#pragma unroll
  for (int n = 0; n < 2; ++n) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      float *re[kFolds], *im[kFolds];
#pragma unroll
      for (int a = 0; a < kFolds; ++a) re[a] = &x[a].re[n][i], im[a] = &x[a].im[n][i];
      butterfly<Direction::backward, kFolds>(
          re, im, [](float a, float b) { return a + b; }, [](float a, float b) { return a - b; });
    }
  }
}

// 0, unless something in a column is not finite: then it is in all of its rows.
__device__ inline float zero_of(const Sums& sums) {
  return (sums.re[0][0] + sums.re[0][1]) * 0 + (sums.re[1][0] + sums.re[1][1]) * 0;
}

// The outer step, down the lines: 16 columns of all lines at a time, in place.
template <class Config>
struct OuterStep {
  using T = typename Config::T;
  static constexpr int kTiles = kLinePoints / 16 / Config::kWarps;  // of a warp
  static constexpr int kFoldBytes = kMatrixLines * kLineBytes;
  static constexpr int kHalfBytes = 8 * kLineBytes;

  const FusedParams& p;
  FusedSharedMemory<Config>& shared;
  unsigned warp, lane;
  std::uint32_t planes;

  __device__ OuterStep(const FusedParams& p, FusedSharedMemory<Config>& shared)
      : p(p),
        shared(shared),
        warp(thread_of_block() / kWarpSize),
        lane(thread_of_block() % kWarpSize),
        planes(ptx::cvta_to_shared(shared.planes)) {}

  __device__ unsigned first_chunk(int tile) const { return 2 * (tile * Config::kWarps + warp); }

  __device__ void load(Points (&x)[Config::kFolds], int tile) const {
    const std::uint32_t source = planes + chunk_offset(lane % 16, first_chunk(tile) + lane / 16);
#pragma unroll
    for (int a = 0; a < Config::kFolds; ++a) x[a] = load_points<Config>(source + a * kFoldBytes);
    __syncwarp();  // All lanes have read what they overwrite.
  }
  __device__ void store(int tile, int fold, const Points& x) const {
    const unsigned to = chunk_offset(lane / 4, first_chunk(tile)) + lane % 4 * 4;
    store_points<Config, kHalfBytes>(shared.planes, to + fold * kFoldBytes, x);
  }

  __device__ void forward() const {
#pragma unroll(Config::kFolds == 1 ? kTiles : 1)
    for (int tile = 0; tile < kTiles; ++tile) {
      Points x[Config::kFolds];
      load(x, tile);
      fold_points<T>(x);
#pragma unroll
      for (int fold = 0; fold < Config::kFolds; ++fold) {
        const Dft16<T> dft(p.matrices, fold, lane);
        store(tile, fold, transposed_points<T>(dft.template times<Direction::forward>(x[fold])));
      }
    }
  }

  // Returns a number that is not 0 if results are not finite.
  __device__ float backward() const {
    float check = 0;
#pragma unroll(Config::kFolds == 1 ? kTiles : 1)
    for (int tile = 0; tile < kTiles; ++tile) {
      Points x[Config::kFolds];
      load(x, tile);
      Sums sums[Config::kFolds];
#pragma unroll
      for (int fold = 0; fold < Config::kFolds; ++fold) {
        const Dft16<T> dft(p.matrices, fold, lane);
        sums[fold] = dft.template times<Direction::backward>(x[fold]);
      }
      unfold_sums(sums);
      check += zero_of(sums[0]);
#pragma unroll
      for (int fold = 0; fold < Config::kFolds; ++fold) store(tile, fold, transposed_points<T>(sums[fold]));
    }
    return check;
  }
};

// Within the lines: each is transformed, multiplied with its part of the spectrum and transformed back in the registers of a
// warp, in place. kLast: there is no outer step that will check the results. Returns a number that is not 0 if they
// are not finite.
template <class Config, bool kLast>
__device__ float convolve_lines(const FusedParams& p, FusedSharedMemory<Config>& shared) {
  using T = typename Config::T;
  constexpr int kHalfBytes = 8 * 2 * 16;
  const unsigned warp = thread_of_block() / kWarpSize, lane = thread_of_block() % kWarpSize;
  const PackedPairTable<T> twiddles(p.twiddles, lane);
  const std::uint32_t planes = ptx::cvta_to_shared(shared.planes);
  float check = 0;
#pragma unroll(Config::kFolds == 1 ? Config::kBlockLines / Config::kWarps : 1)
  for (int turn = 0; turn < Config::kBlockLines / Config::kWarps; ++turn) {
    const unsigned line = turn * Config::kWarps + warp;
    const unsigned matrices = Config::kFolds + kLineMatrices * line;
    const Dft16<T> rows(p.matrices, matrices + kRowsMatrix, lane);
    const Points x = load_points<Config>(planes + chunk_offset(line, lane % 16 * 2 + lane / 16));
    __syncwarp();  // All lanes have read what they overwrite.

    Sums sums = rows.template times<Direction::forward>(x);  // [q1][m2]
    const Points turned = twiddles.template times<Direction::forward>(transposed_points<T>(sums));
    const Dft16<T> columns_right(p.matrices, matrices + kColumnsRightMatrix, lane);
    sums = columns_right.template times_right<Direction::forward>(turned);  // [q1][q2]

    const unsigned line_of_transform = line & ((1U << p.lines_log2) - 1);
    const PairTable spectrum(shared.spectra[line >> p.lines_log2] + line_of_transform * 2 * kLinePoints, lane);
    if (p.conjugate) {
      spectrum.multiply<Direction::backward>(sums);
    } else {
      spectrum.multiply<Direction::forward>(sums);
    }

    const Dft16<T> columns(p.matrices, matrices + kColumnsMatrix, lane);
    sums = columns.template times<Direction::backward>(transposed_points<T>(sums));  // [m2][q1]
    const Points turned_back = twiddles.template times<Direction::backward>(transposed_points<T>(sums));
    sums = rows.template times<Direction::backward>(turned_back);  // [m1][m2]
    if constexpr (kLast) check += zero_of(sums);
    const unsigned to = chunk_offset(line, lane / 4 * 2) + lane % 4 * 4;
    store_points<Config, kHalfBytes>(shared.planes, to, transposed_points<T>(sums));
  }
  return check;
}

// Convolves what is in the planes, in place. Returns a number that is not 0 if results are not finite.
template <class Config>
__device__ float convolve_planes(const FusedParams& p, FusedSharedMemory<Config>& shared) {
  if (Config::kFolds == 1 && p.lines_log2 == 0) return convolve_lines<Config, true>(p, shared);
  const OuterStep<Config> outer(p, shared);
  outer.forward();
  __syncthreads();
  convolve_lines<Config, false>(p, shared);
  __syncthreads();
  return outer.backward();
}

template <class Config>
__device__ void fused_convolution(const FusedParams& p, FusedSharedMemory<Config>& shared) {
  using T = typename Config::T;
  constexpr int kFolds = Config::kFolds;
  const unsigned transforms = Config::kBlockLines >> p.lines_log2;  // of this block
  const unsigned thread = thread_of_block();
  if (thread < 2 * transforms) {
    const int points = kLinePoints << p.lines_log2;
    const std::uint32_t index = ptx::ctaid_x() * transforms + thread % transforms;
    find_window<T>(shared.windows[thread], p, index, thread / transforms, points);
    if (thread < transforms) {
      const std::uint32_t channel = min(index / p.at.pairs, p.at.channels - 1);
      shared.spectra[thread] = p.spectrum + std::int64_t{channel} * points * 2;
    }
  }
  __syncthreads();
  load_windows<T, kFolds>(shared.planes, shared.windows, p);
  // The windows of a block go through the same sums, where one that is not finite spoils all: then again, with care.
#pragma unroll 1
  for (bool careful = false;; careful = true) {
    __syncthreads();
    const float check = convolve_planes(p, shared);
    if (!__syncthreads_or(check != 0) || careful) break;
    find_flags<T, kFolds>(shared.windows, p);
    __syncthreads();
    load_windows_with_care<T, kFolds>(shared.planes, shared.windows, p);
  }
  store_windows<T, kFolds>(shared.planes, shared.windows, p);
}

}  // namespace ki::long_convolution::cuda
