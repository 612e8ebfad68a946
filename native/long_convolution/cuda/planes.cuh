// Windows of rows in shared memory, as planes of 16-bit points: from tensors, and from there into the output.
#pragma once

#include <cstdint>

#include "cuda/device/finite.cuh"
#include "cuda/ptx/address.cuh"
#include "cuda/ptx/cp_async.cuh"
#include "cuda/ptx/packed_math.cuh"
#include "cuda/ptx/special_registers.cuh"
#include "cuda/ptx/st_global.cuh"
#include "long_convolution/cuda/window.cuh"

namespace ki::long_convolution::cuda {

__device__ inline unsigned thread_of_block() { return static_cast<unsigned>(ptx::tid_x()); }

template <class T>
__device__ uint4 product_x8(const uint4& a, const uint4& b) {
  return {ptx::mul_x2<T>(a.x, b.x), ptx::mul_x2<T>(a.y, b.y), ptx::mul_x2<T>(a.z, b.z), ptx::mul_x2<T>(a.w, b.w)};
}

// Eight points from `point` on.
template <class T>
__device__ uint4 window_chunk(const FusedParams& p, const Window& w, int point) {
  if (static_cast<std::uint32_t>(point - w.begin) < w.inner) {
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

// A warp's share of the planes: in each, every kWarps-th line, of which each lane has a chunk.
template <int kFolds>
struct LineShare {
  static constexpr int kWarps = fused_warps(kFolds), kBlockLines = kFolds * kMatrixLines;
  static constexpr int kTurns = kBlockLines / kWarps;  // in a plane
  static constexpr int kTurnBytes = kWarps * kLineBytes, kPlaneBytes = kBlockLines * kLineBytes;
  unsigned warp, lane;
  int lines_log2;

  __device__ explicit LineShare(const FusedParams& p)
      : warp(thread_of_block() / kWarpSize), lane(thread_of_block() % kWarpSize), lines_log2(p.lines_log2) {}

  // Windows lie [part][transform].
  __device__ unsigned window(int part, int turn) const {
    return (part * kBlockLines + turn * kWarps + warp) >> lines_log2;
  }
  __device__ int point(int turn) const {
    const unsigned line = (turn * kWarps + warp) & ((1U << lines_log2) - 1);
    return static_cast<int>(line * kLinePoints + lane * kChunkPoints);
  }
  // From the begin of the planes. Warps are a power of two, and lines change the places of chunks by their number modulo 8.
  __device__ unsigned offset(int part, int turn) const {
    return part * kPlaneBytes + chunk_offset(turn * kWarps + warp, lane);
  }

  // Lines can be copied as they are if none of their addresses [warp][part][turn] is null. Each lane looks at one of its warp's.
  template <class Byte>
  __device__ bool can_copy(Byte* const* lines) const {
    return __all_sync(0xFFFFFFFF, lines[warp * 2 * kTurns + lane % (2 * kTurns)] != nullptr);
  }

  // Visits all their chunks: the address, and the offset in the planes.
  template <class Byte, class Visit>
  __device__ void for_copies(Byte* const* lines, Visit visit) const {
    Byte* addresses[2 * kTurns];
#pragma unroll
    for (int i = 0; i < 2 * kTurns; ++i) addresses[i] = lines[warp * 2 * kTurns + i] + std::uint64_t{lane} * 16;
    const unsigned first = chunk_offset(warp, lane);
#pragma unroll
    for (int i = 0; i < 2 * kTurns; ++i) {
      visit(addresses[i], i / kTurns * kPlaneBytes + line_of_turn(first, i % kTurns, kWarps));
    }
  }

  // Visits all chunks: window, point, offset.
  template <class Visit>
  __device__ void for_each(Visit visit) const {
#pragma unroll 1
    for (int i = 0; i < 2 * kTurns; ++i) {
      const int part = i / kTurns, turn = i % kTurns;
      visit(window(part, turn), point(turn), offset(part, turn));
    }
  }
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
template <class T, int kFolds>
__device__ void find_flags(Window* windows, const FusedParams& p) {
  LineShare<kFolds>(p).for_each([&](unsigned window, int point, unsigned) {
    Window& w = windows[window];
    const uint4 x = window_chunk<T>(p, w, point);
    const std::uint32_t flags = flags_of<T>(x.x) | flags_of<T>(x.y) | flags_of<T>(x.z) | flags_of<T>(x.w);
    if (flags == 0) return;
    atomicOr(&w.flags, flags);
    atomicExch(&w.plain, 0);
  });
}

// Fills the planes with what cannot spoil other windows of the block: zeros for points that are not finite.
template <class T, int kFolds>
__device__ void load_windows_with_care(char* planes, const Window* windows, const FusedParams& p) {
  LineShare<kFolds>(p).for_each([&](unsigned window, int point, unsigned offset) {
    const Window& w = windows[window];
    uint4 x = window_chunk<T>(p, w, point);
    x = {finite_part<T>(x.x), finite_part<T>(x.y), finite_part<T>(x.z), finite_part<T>(x.w)};
    constexpr std::uint32_t kFactor = LargePoints<T>::kFactor;
    if (w.flags & kLarge) x = product_x8<T>(x, {kFactor, kFactor, kFactor, kFactor});
    *reinterpret_cast<uint4*>(planes + offset) = x;
  });
}

// Copies a chunk of which only a part exists, or nothing: zeros take the place of the rest.
template <class T>
__device__ void copy_edge(std::uint32_t to, const Window& w, int point) {
  const int count = point < w.begin ? 0 : min(max(w.end - point, 0), kChunkPoints);
  ptx::cp_async_cg_16(to, count == 0 ? w.input : w.input + point * int(sizeof(T)), count * int(sizeof(T)));
}

// Fills the planes. The points can be read after a barrier. lines: addresses of those that can be copied.
template <class T, int kFolds>
__device__ void load_windows(char* planes, const char* const* lines, const Window* windows, const FusedParams& p) {
  const LineShare<kFolds> share(p);
  const std::uint32_t address = ptx::cvta_to_shared(planes);
  if (p.copies) {
    if (share.can_copy(lines)) {
      share.for_copies(lines, [&](const char* from, unsigned offset) { ptx::cp_async_cg_16(address + offset, from); });
    } else {
      share.for_each(
          [&](unsigned window, int point, unsigned offset) { copy_edge<T>(address + offset, windows[window], point); });
    }
    ptx::cp_async_commit_group();
    ptx::cp_async_wait_group<0>();
    return;
  }
  share.for_each([&](unsigned window, int point, unsigned offset) {
    *reinterpret_cast<uint4*>(planes + offset) = window_chunk<T>(p, windows[window], point);
  });
}

// What nothing of the spectrum leaves. Each thread clears what it will read.
template <int kFolds>
__device__ void clear_planes(char* planes, const FusedParams& p) {
  LineShare<kFolds>(p).for_each(
      [&](unsigned, int, unsigned offset) { *reinterpret_cast<uint4*>(planes + offset) = {}; });
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

// Writes a chunk of sums that takes more than a copy.
template <class T>
__device__ void finish_chunk(const FusedParams& p, const Window& w, int point, const uint4* chunk) {
  if (point + kChunkPoints <= w.first || point >= w.last) return;
  const int offset = point * int(sizeof(T));
  float sums[kChunkPoints];
  load_columns<T>(sums, chunk);
  const float restored = w.flags & kNotFinite ? __int_as_float(0x7FFFFFFF) : w.flags & kLarge ? kLargeRestored : 1;
#pragma unroll
  for (float& sum : sums) sum *= w.scale * restored;
  if (p.vectors && point >= w.first && point + kChunkPoints <= w.last) {
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

// lines: addresses of those that can be copied; if `careful`, the windows have changed, and know better.
template <class T, int kFolds>
__device__ void store_windows(const char* planes, char* const* lines, const Window* windows, const FusedParams& p,
                              bool careful) {
  const LineShare<kFolds> share(p);
  const auto chunk = [&](unsigned offset) { return reinterpret_cast<const uint4*>(planes + offset); };
  if (!careful && share.can_copy(lines)) {
    share.for_copies(lines, [&](char* to, unsigned offset) { ptx::st_global_v4_b32(to, *chunk(offset)); });
    return;
  }
  share.for_each([&](unsigned window, int point, unsigned offset) {
    const Window& w = windows[window];
    if (static_cast<std::uint32_t>(point - w.first) < w.plain) {
      ptx::st_global_v4_b32(w.output + point * int(sizeof(T)), *chunk(offset));
    } else {
      finish_chunk<T>(p, w, point, chunk(offset));
    }
  });
}

}  // namespace ki::long_convolution::cuda
