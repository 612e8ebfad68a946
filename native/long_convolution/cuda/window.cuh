// Windows of rows: from tensors into shared memory as 16-bit points, and from there into the output.
#pragma once

#include <cstdint>

#include "cuda/device/finite.cuh"
#include "cuda/device/row_columns.cuh"
#include "cuda/ptx/address.cuh"
#include "cuda/ptx/cp_async.cuh"
#include "cuda/ptx/packed_math.cuh"
#include "cuda/ptx/special_registers.cuh"
#include "long_convolution/cuda/fused_params.h"
#include "long_convolution/cuda/transform_layout.h"

namespace ki::long_convolution::cuda {

using namespace ki::cuda;

inline constexpr int kChunkPoints = 8;

// One window. Addresses are those of its first point, which need not exist.
struct alignas(16) Window {
  const char* input;
  std::int32_t begin, end;  // points that exist in the row
  const char* input_gate;
  const char* output_gate;
  char* output;
  const char* state;         // of the row's first input
  std::int64_t start;        // position of the first point in the row
  std::int32_t first, last;  // points that become outputs
  float skip;
  std::uint32_t flags;  // WindowFlags, while points are loaded with care
};

// What is not a number, and what is so large that sums of it may overflow.
enum WindowFlags : std::uint32_t { kNotFinite = 1, kLarge = 2 };

// What belongs to a whole transform.
struct Transform {
  const float* spectrum;
  float scale;
};

template <class Byte>
__device__ Byte* row_of(const Rows& rows, std::int64_t batch, std::uint32_t channel) {
  return rows.data == nullptr ? nullptr : rows.data + batch * rows.batch + channel * rows.channel;
}

__device__ inline int clamp_point(std::int64_t position, int points) {
  return static_cast<int>(position < 0 ? 0 : position > points ? points : position);
}

// The index-th pair of all channels.
__device__ inline Transform find_transform(const FusedParams& p, std::uint32_t index, int points) {
  const std::uint32_t channel = min(index / p.at.pairs, p.at.channels - 1);
  return {p.spectrum + std::int64_t{channel} * points * 2, p.scale[channel] * p.output_scale};
}

// Window `part`, 0 or 1, of that pair.
template <class T>
__device__ void find_window(Window& w, const FusedParams& p, std::uint32_t index, int part, int points) {
  const std::uint32_t channel = index / p.at.pairs, number = index % p.at.pairs * 2 + part;
  const bool exists = channel < p.at.channels && number < p.at.windows;
  const std::uint32_t of_row = number % p.at.windows_per_row;
  const std::int64_t batch = number / p.at.windows_per_row;
  w.start = std::int64_t{of_row} * p.at.hop - p.at.lead;
  w.begin = exists ? clamp_point(-w.start, points) : 0;
  w.end = exists ? clamp_point(p.at.length - w.start, points) : 0;
  w.first = p.at.lead;
  w.last = min(w.end, p.at.lead + p.at.hop);
  w.input = w.input_gate = w.output_gate = w.state = nullptr;
  w.output = nullptr;
  w.skip = 0;
  w.flags = 0;
  if (!exists) return;
  const std::int64_t shift = w.start * int(sizeof(T));
  w.input = row_of<const char>(p.input, batch, channel) + shift;
  w.output = row_of<char>(p.output, batch, channel) + shift;
  if (p.input_gate.data != nullptr) w.input_gate = row_of<const char>(p.input_gate, batch, channel) + shift;
  if (p.output_gate.data != nullptr) w.output_gate = row_of<const char>(p.output_gate, batch, channel) + shift;
  w.state = row_of<const char>(p.state, batch, channel);
  if (p.skip != nullptr) {
    w.skip = p.skip_is_float32 ? static_cast<const float*>(p.skip)[channel]
                               : to_float(static_cast<const T*>(p.skip)[channel]);
  }
}

// x at a point of a window, wherever it comes from.
template <class T>
__device__ float window_value(const FusedParams& p, const Window& w, int point) {
  std::int64_t position = w.start + point;
  if (w.input == nullptr) return 0;
  if (p.circular) {
    if (position < 0) position += p.at.length;
    if (position >= p.at.length) position -= p.at.length;
  }
  if (position >= 0 && position < p.at.length) {
    const std::int64_t from = position - w.start;
    const float x = to_float(reinterpret_cast<const T*>(w.input)[from]);
    return w.input_gate == nullptr ? x : x * to_float(reinterpret_cast<const T*>(w.input_gate)[from]);
  }
  const bool remembered = w.state != nullptr && position < 0 && position >= -p.state_length;
  return remembered ? reinterpret_cast<const float*>(w.state)[position] : 0;
}

template <class T>
__device__ uint4 product_x8(const uint4& a, const uint4& b) {
  return {ptx::mul_x2<T>(a.x, b.x), ptx::mul_x2<T>(a.y, b.y), ptx::mul_x2<T>(a.z, b.z), ptx::mul_x2<T>(a.w, b.w)};
}

// Eight points from `point` on.
template <class T>
__device__ uint4 window_chunk(const FusedParams& p, const Window& w, int point) {
  if (p.vectors && point >= w.begin && point + kChunkPoints <= w.end) {
    const uint4 x = *reinterpret_cast<const uint4*>(w.input + point * int(sizeof(T)));
    if (w.input_gate == nullptr) return x;
    return product_x8<T>(x, *reinterpret_cast<const uint4*>(w.input_gate + point * int(sizeof(T))));
  }
  const bool none = point + kChunkPoints <= w.begin || point >= w.end;
  if (w.input == nullptr || (none && !p.circular && w.state == nullptr)) return {};
  std::uint32_t words[4];
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    words[i] = ptx::cvt_rn_x2_f32<T>(window_value<T>(p, w, point + 2 * i + 1), window_value<T>(p, w, point + 2 * i));
  }
  return {words[0], words[1], words[2], words[3]};
}

// A warp's share of all planes: in turn n, the lane's chunk of line n * kFusedWarps + warp, counted through both planes.
template <int kBlockLines>
struct LineShare {
  static constexpr int kTurns = 2 * kBlockLines / kFusedWarps;
  static constexpr int kTurnBytes = kFusedWarps * kLineBytes;
  int warp, lane, lines_log2;

  __device__ explicit LineShare(const FusedParams& p)
      : warp(ptx::tid_x() / kWarpSize), lane(ptx::tid_x() % kWarpSize), lines_log2(p.lines_log2) {}

  // Windows lie [part][transform].
  __device__ int window(int turn) const {
    const int line = turn * kFusedWarps + warp;
    return line >> lines_log2;
  }
  __device__ int point(int turn) const {
    const int line = turn * kFusedWarps + warp;
    return (line & ((1 << lines_log2) - 1)) * kLinePoints + lane * kChunkPoints;
  }
  // In the first turn, from the begin of the planes.
  __device__ int offset() const { return chunk_offset(warp, lane); }
};

// How 16-bit types tell large numbers, and what those are multiplied with.
template <class T>
struct LargePoints;
template <>
struct LargePoints<ptx::f16> {
  static constexpr std::uint32_t kFrom = 0x5800, kFactor = 0x1C001C00;  // 128 and 2^-8
};
template <>
struct LargePoints<ptx::bf16> {
  static constexpr std::uint32_t kFrom = 0x7180, kFactor = 0x3B803B80;  // 2^100 and 2^-8
};
inline constexpr float kLargeRestored = 256;

template <class T>
__device__ std::uint32_t flags_of(std::uint32_t pair) {
  const bool large = (pair & 0x7FFF) >= LargePoints<T>::kFrom || (pair >> 16 & 0x7FFF) >= LargePoints<T>::kFrom;
  return (not_finite<T>(pair) != 0 ? kNotFinite : 0) | (large ? kLarge : 0);
}

// Finds out which windows hold large points, or such that are not finite. Those can be read after a barrier.
template <class T, int kBlockLines>
__device__ void find_flags(Window* windows, const FusedParams& p) {
  using Share = LineShare<kBlockLines>;
  const Share share(p);
#pragma unroll 1
  for (int turn = 0; turn < Share::kTurns; ++turn) {
    Window& w = windows[share.window(turn)];
    const uint4 x = window_chunk<T>(p, w, share.point(turn));
    const std::uint32_t flags = flags_of<T>(x.x) | flags_of<T>(x.y) | flags_of<T>(x.z) | flags_of<T>(x.w);
    if (flags != 0) atomicOr(&w.flags, flags);
  }
}

// Fills the planes with what cannot spoil other windows of the block: zeros for points that are not finite.
template <class T, int kBlockLines>
__device__ void load_windows_with_care(char* planes, const Window* windows, const FusedParams& p) {
  using Share = LineShare<kBlockLines>;
  const Share share(p);
#pragma unroll 1
  for (int turn = 0; turn < Share::kTurns; ++turn) {
    const Window& w = windows[share.window(turn)];
    uint4 x = window_chunk<T>(p, w, share.point(turn));
    x = {finite_part<T>(x.x), finite_part<T>(x.y), finite_part<T>(x.z), finite_part<T>(x.w)};
    constexpr std::uint32_t kFactor = LargePoints<T>::kFactor;
    if (w.flags & kLarge) x = product_x8<T>(x, {kFactor, kFactor, kFactor, kFactor});
    *reinterpret_cast<uint4*>(planes + share.offset() + turn * Share::kTurnBytes) = x;
  }
}

// Fills the planes. The points can be read after a barrier.
template <class T, int kBlockLines>
__device__ void load_windows(char* planes, const Window* windows, const FusedParams& p) {
  using Share = LineShare<kBlockLines>;
  const Share share(p);
  char* to = planes + share.offset();
  if (p.copies) {
    const std::uint32_t address = ptx::cvta_to_shared(to);
#pragma unroll 4
    for (int turn = 0; turn < Share::kTurns; ++turn) {
      const Window& w = windows[share.window(turn)];
      const int point = share.point(turn);
      const int count = point < w.begin ? 0 : min(max(w.end - point, 0), kChunkPoints);
      ptx::cp_async_cg_16(address + turn * Share::kTurnBytes, w.input + point * int(sizeof(T)), count * int(sizeof(T)));
    }
    ptx::cp_async_commit_group();
    ptx::cp_async_wait_group<0>();
    return;
  }
#pragma unroll 1
  for (int turn = 0; turn < Share::kTurns; ++turn) {
    *reinterpret_cast<uint4*>(to + turn * Share::kTurnBytes) =
        window_chunk<T>(p, windows[share.window(turn)], share.point(turn));
  }
}

// What becomes of eight sums of the convolution: output_gate * sum + skip * input.
template <class T, class Load>
__device__ void finish_points(float (&sums)[kChunkPoints], const FusedParams& p, const Window& w, Load load) {
  float x[kChunkPoints];
  if (w.output_gate != nullptr) {
    load(x, w.output_gate);
#pragma unroll
    for (int i = 0; i < kChunkPoints; ++i) sums[i] *= x[i];
  }
  if (p.skip != nullptr) {
    load(x, w.input);
#pragma unroll
    for (int i = 0; i < kChunkPoints; ++i) sums[i] = fmaf(w.skip, x[i], sums[i]);
  }
}

// Writes the chunk of sums from `point` on, which is in shared memory.
template <class T>
__device__ void store_chunk(const FusedParams& p, const Window& w, int point, const uint4* chunk) {
  const int offset = point * int(sizeof(T));
  const bool as_it_is = w.output_gate == nullptr && p.skip == nullptr && w.flags == 0;
  const bool whole = p.vectors && point >= w.first && point + kChunkPoints <= w.last;
  if (whole && as_it_is) {
    *reinterpret_cast<uint4*>(w.output + offset) = *chunk;
    return;
  }
  if (point + kChunkPoints <= w.first || point >= w.last) return;
  float sums[kChunkPoints];
  load_columns<T>(sums, chunk);
  if (w.flags != 0) {
#pragma unroll
    for (float& sum : sums) sum *= w.flags & kNotFinite ? __int_as_float(0x7FFFFFFF) : kLargeRestored;
  }
  if (whole) {
    finish_points<T>(sums, p, w, [&](float(&x)[kChunkPoints], const char* from) { load_columns<T>(x, from + offset); });
    store_columns<T>(w.output + offset, sums);
    return;
  }
  const auto exists = [&](int i) { return point + i >= w.first && point + i < w.last; };
  finish_points<T>(sums, p, w, [&](float(&x)[kChunkPoints], const char* from) {
#pragma unroll
    for (int i = 0; i < kChunkPoints; ++i)
      x[i] = exists(i) ? to_float(reinterpret_cast<const T*>(from + offset)[i]) : 0;
  });
#pragma unroll
  for (int i = 0; i < kChunkPoints; ++i) {
    if (exists(i)) ki::cuda::detail::store_element(reinterpret_cast<T*>(w.output + offset) + i, sums[i]);
  }
}

template <class T, int kBlockLines>
__device__ void store_windows(const char* planes, const Window* windows, const FusedParams& p) {
  using Share = LineShare<kBlockLines>;
  const Share share(p);
  const char* from = planes + share.offset();
#pragma unroll 1
  for (int turn = 0; turn < Share::kTurns; ++turn) {
    const Window& w = windows[share.window(turn)];
    const int point = share.point(turn);
    store_chunk<T>(p, w, point, reinterpret_cast<const uint4*>(from + turn * Share::kTurnBytes));
  }
}

}  // namespace ki::long_convolution::cuda
