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
  static constexpr int kTurns = kBlockLines / kWarps;  // of a warp through the lines
  static constexpr int kPlaneBytes = kBlockLines * kLineBytes;
  static constexpr int kTransforms = kFolds == 1 ? kMatrixLines : 1;  // of a block, at most
};

template <class Config>
struct FusedSharedMemory {
  char planes[2 * Config::kPlaneBytes];         // real parts, imaginary parts
  const char* inputs[2 * Config::kBlockLines];  // of lines: where they can be copied from, or null: [warp][part][turn]
  char* outputs[2 * Config::kBlockLines];       // and to
  Window windows[2 * Config::kTransforms];      // [part][transform]
  const float* spectra[Config::kBlockLines];    // of lines: [warp][turn]
};

// Loads 16x16 points from both planes as a right factor; `address`: of the lane's row in the first.
template <class Config>
__device__ Points<> load_points(std::uint32_t address) {
  std::uint32_t re[4], im[4];
  ptx::ldmatrix_x4_trans(re, address);
  ptx::ldmatrix_x4_trans(im, address + Config::kPlaneBytes);
  return {{{re[0], re[1]}, {re[2], re[3]}}, {{im[0], im[1]}, {im[2], im[3]}}};
}

// Stores 16x16 points, as transposed_points() holds them, to both planes. `to`: where the lane's first pair belongs, in a chunk
// whose neighbour takes the next 8 columns; kHalfBytes: to eight rows below.
template <class Config, int kHalfBytes>
__device__ void store_points(char* planes, unsigned to, const Points<>& x) {
#pragma unroll
  for (int n = 0; n < 2; ++n) {
    char* at = planes + (to ^ n * 16);
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
__device__ void fold_points(Points<> (&x)[kFolds]) {
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
__device__ void unfold_sums(Sums<> (&x)[kFolds]) {
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

// Zeros, plus those in `zeros`, unless something in a column of sums is not finite: then it is in all of its rows, and in their
// rounded points.
template <class T>
__device__ std::uint32_t plus_zeros_of(const Points<>& x, std::uint32_t zeros) {
  return ptx::fma_x2<T>(x.re[0][1], 0, ptx::fma_x2<T>(x.re[0][0], 0, zeros));
}

// The outer step, down the lines: 16 columns of all lines at a time, in place.
template <class Config>
struct OuterStep {
  using T = typename Config::T;
  static constexpr int kTiles = kLinePoints / 16 / Config::kWarps;  // of a warp
  static constexpr int kFoldBytes = kMatrixLines * kLineBytes;
  static constexpr int kHalfBytes = 8 * kLineBytes;

  char* planes;
  std::uint32_t first_source;  // where the lane loads in the first tile,
  unsigned first_to;           // and where it stores
  const uint4* matrices;

  __device__ OuterStep(const FusedParams& p, FusedSharedMemory<Config>& shared) : planes(shared.planes) {
    const unsigned warp = thread_of_block() / kWarpSize, lane = thread_of_block() % kWarpSize;
    first_source = ptx::cvta_to_shared(planes) + chunk_offset(lane % 16, 2 * warp + lane / 16);
    first_to = chunk_offset(lane / 4, 2 * warp) + lane % 4 * 4;
    matrices = lane_matrices(p.matrices, 0, lane);
  }

  __device__ void load(Points<> (&x)[Config::kFolds], int tile) const {
    const std::uint32_t source = chunk_of_turn(first_source, tile, Config::kWarps);
#pragma unroll
    for (int a = 0; a < Config::kFolds; ++a) x[a] = load_points<Config>(source + a * kFoldBytes);
    __syncwarp();  // All lanes have read what they overwrite.
  }
  __device__ void store(int tile, int fold, const Points<>& x) const {
    const unsigned to = chunk_of_turn(first_to, tile, Config::kWarps);
    store_points<Config, kHalfBytes>(planes, to + fold * kFoldBytes, x);
  }

  __device__ void forward() const {
#pragma unroll(Config::kFolds == 1 ? kTiles : 1)
    for (int tile = 0; tile < kTiles; ++tile) {
      Points<> x[Config::kFolds];
      load(x, tile);
      fold_points<T>(x);
#pragma unroll
      for (int fold = 0; fold < Config::kFolds; ++fold) {
        const Dft16<T> dft(matrices + fold * kMatrixStep);
        store(tile, fold, transposed_points<T>(dft.template times<Direction::forward>(x[fold])));
      }
    }
  }

  // Returns whether results may not be finite.
  __device__ bool backward() const {
    std::uint32_t check = 0;
#pragma unroll(Config::kFolds == 1 ? kTiles : 1)
    for (int tile = 0; tile < kTiles; ++tile) {
      Points<> x[Config::kFolds];
      load(x, tile);
      Sums<> sums[Config::kFolds];
#pragma unroll
      for (int fold = 0; fold < Config::kFolds; ++fold) {
        const Dft16<T> dft(matrices + fold * kMatrixStep);
        sums[fold] = dft.template times<Direction::backward>(x[fold]);
      }
      unfold_sums(sums);
#pragma unroll
      for (int fold = 0; fold < Config::kFolds; ++fold) {
        const Points<> rounded = transposed_points<T>(sums[fold]);
        if (fold == 0) check = plus_zeros_of<T>(rounded, check);
        store(tile, fold, rounded);
      }
    }
    return check != 0;
  }
};

// Within the lines: each is transformed, multiplied with its part of the spectrum and transformed back in the registers of a
// warp, in place. kColumns: how many columns q2 hold frequencies that count, the first 8 or all. kLast: there is no outer
// step that will check the results. Returns whether they may not be finite.
template <class Config, bool kLast, int kColumns>
__device__ bool convolve_columns(const FusedParams& p, FusedSharedMemory<Config>& shared) {
  using T = typename Config::T;
  constexpr int kHalfBytes = 8 * 2 * 16, kWarps = Config::kWarps;
  const unsigned warp = thread_of_block() / kWarpSize, lane = thread_of_block() % kWarpSize;
  const PackedPairTable<T> twiddles(p.twiddles, lane);
  const std::uint32_t first_source = ptx::cvta_to_shared(shared.planes) + chunk_offset(warp, lane % 16 * 2 + lane / 16);
  const unsigned first_to = chunk_offset(warp, lane / 4 * 2) + lane % 4 * 4;
  const uint4* first_matrices = lane_matrices(p.matrices, Config::kFolds + kLineMatrices * warp, lane);
  std::uint32_t check = 0;
#pragma unroll(Config::kFolds == 1 ? Config::kTurns : 1)
  for (int turn = 0; turn < Config::kTurns; ++turn) {
    const uint4* matrices = first_matrices + turn * (kWarps * kLineMatrices * kMatrixStep);
    const Dft16<T> rows(matrices + kRowsMatrix * kMatrixStep);
    const Points<> x = load_points<Config>(line_of_turn(first_source, turn, kWarps));
    __syncwarp();  // All lanes have read what they overwrite.

    Sums<> sums = rows.template times<Direction::forward>(x);  // [q1][m2]
    const Points<> turned = twiddles.template times<Direction::forward>(transposed_points<T>(sums));
    const Dft16<T, kColumns> columns_right(matrices + kColumnsRightMatrix * kMatrixStep);
    Sums<kColumns> frequencies = columns_right.template times_right<Direction::forward>(turned);  // [q1][q2]

    const PairTable<kColumns> spectrum(shared.spectra[warp * Config::kTurns + turn], lane);
    if (p.conjugate) {
      spectrum.template multiply<Direction::backward>(frequencies);
    } else {
      spectrum.template multiply<Direction::forward>(frequencies);
    }

    const Dft16<T, kColumns> columns(matrices + kColumnsMatrix * kMatrixStep);
    sums = columns.template times<Direction::backward>(transposed_points<T>(frequencies));  // [m2][q1]
    const Points<> turned_back = twiddles.template times<Direction::backward>(transposed_points<T>(sums));
    sums = rows.template times<Direction::backward>(turned_back);  // [m1][m2]
    const Points<> rounded = transposed_points<T>(sums);
    if constexpr (kLast) check = plus_zeros_of<T>(rounded, check);
    store_points<Config, kHalfBytes>(shared.planes, line_of_turn(first_to, turn, kWarps), rounded);
  }
  return check != 0;
}

template <class Config, bool kLast>
__device__ bool convolve_lines(const FusedParams& p, FusedSharedMemory<Config>& shared) {
  return p.columns > 8 ? convolve_columns<Config, kLast, 16>(p, shared) : convolve_columns<Config, kLast, 8>(p, shared);
}

// Convolves what is in the planes, in place. Returns whether results may not be finite.
template <class Config>
__device__ bool convolve_planes(const FusedParams& p, FusedSharedMemory<Config>& shared) {
  if (Config::kFolds == 1 && p.lines_log2 == 0) return convolve_lines<Config, true>(p, shared);
  const OuterStep<Config> outer(p, shared);
  outer.forward();
  __syncthreads();
  convolve_lines<Config, false>(p, shared);
  __syncthreads();
  return outer.backward();
}

// Finds out what the block's lines and windows are, a thread for each line. Can be read after a barrier.
template <class Config>
__device__ void find_lines(const FusedParams& p, FusedSharedMemory<Config>& shared) {
  using T = typename Config::T;
  const unsigned thread = thread_of_block();
  if (thread >= 2 * Config::kBlockLines) return;
  const unsigned turn = thread % Config::kTurns, part = thread / Config::kTurns % 2;
  const unsigned warp = thread / (2 * Config::kTurns), line = turn * Config::kWarps + warp;
  const unsigned transforms = Config::kBlockLines >> p.lines_log2, transform = line >> p.lines_log2;
  const int points = kLinePoints << p.lines_log2, point = line % (1U << p.lines_log2) * kLinePoints;
  const std::uint32_t index = ptx::ctaid_x() * transforms + transform;
  Window window;
  find_window<T>(window, p, index, part, points);
  const int offset = point * int(sizeof(T));
  const bool whole = p.copies && holds_line(point, window.begin, window.inner);
  shared.inputs[thread] = whole ? window.input + offset : nullptr;
  shared.outputs[thread] = holds_line(point, window.first, window.plain) ? window.output + offset : nullptr;
  if (point == 0) shared.windows[part * transforms + transform] = window;
  if (part == 0) {
    const std::uint32_t channel = min(index / p.at.pairs, p.at.channels - 1);
    shared.spectra[warp * Config::kTurns + turn] = p.spectrum + (std::int64_t{channel} * points + point) * 2;
  }
}

template <class Config>
__device__ void fused_convolution(const FusedParams& p, FusedSharedMemory<Config>& shared) {
  using T = typename Config::T;
  constexpr int kFolds = Config::kFolds;
  find_lines(p, shared);
  __syncthreads();
  if (p.columns == 0) {
    clear_planes<kFolds>(shared.planes, p);
  } else {
    load_windows<T, kFolds>(shared.planes, shared.inputs, shared.windows, p);
  }
  // The windows of a block go through the same sums, where one that is not finite spoils all: then again, with care.
  bool careful = false;
#pragma unroll 1
  for (; p.columns != 0; careful = true) {
    __syncthreads();
    const bool suspect = convolve_planes(p, shared);
    if (!__syncthreads_or(suspect) || careful) break;
    find_flags<T, kFolds>(shared.windows, p);
    __syncthreads();
    load_windows_with_care<T, kFolds>(shared.planes, shared.windows, p);
  }
  store_windows<T, kFolds>(shared.planes, shared.outputs, shared.windows, p, careful);
}

}  // namespace ki::long_convolution::cuda
