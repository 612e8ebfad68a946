// Loops over the 32 lanes of a warp, written so that the compiler vectorises them.
#pragma once

#include <immintrin.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "machine/kernel.h"
#include "machine/op.h"
#include "machine/warp.h"

namespace vgpu::machine {

// Copies the lanes of `mask` only.
template <class T>
void blend(T* d, const T* s, std::uint32_t mask) {
#pragma GCC ivdep
  for (std::uint32_t i = 0; i < kLanes; ++i) d[i] = (mask >> i & 1) != 0 ? s[i] : d[i];
}

// d[i] = f(s[i]...) for the lanes of `mask`. d may be one of the sources: a lane is read before it is written.
template <class D, class F, class... S>
inline void for_lanes(D* d, std::uint32_t mask, const F& f, const S*... s) {
  if (mask == kAllLanes) [[likely]] {
#pragma GCC ivdep
    for (std::uint32_t i = 0; i < kLanes; ++i) d[i] = f(s[i]...);
  } else {
    alignas(64) D result[kLanes];
#pragma GCC ivdep
    for (std::uint32_t i = 0; i < kLanes; ++i) result[i] = f(s[i]...);
    blend(d, result, mask);
  }
}

// Bit i is f(s[i]...).
template <class F, class... S>
inline std::uint32_t lanes_where(const F& f, const S*... s) {
  alignas(64) std::uint8_t answers[kLanes];
#pragma GCC ivdep
  for (std::uint32_t i = 0; i < kLanes; ++i) answers[i] = f(s[i]...) ? 0xFF : 0;
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_load_si256(reinterpret_cast<const __m256i*>(answers))));
}

inline void set_predicate(std::uint32_t& d, std::uint32_t value, std::uint32_t mask) {
  d = (d & ~mask) | (value & mask);
}

// For functions that always compute all lanes: `compute(void* d)`, of which those of `mask` are kept.
template <class T, class F>
inline void keep_lanes(T* d, std::uint32_t mask, const F& compute) {
  if (mask == kAllLanes) [[likely]] {
    compute(d);
  } else {
    alignas(64) T result[kLanes];
    compute(result);
    blend(d, static_cast<const T*>(result), mask);
  }
}
template <class F>
inline void keep_lanes(Warp& warp, std::uint32_t offset, Width width, std::uint32_t mask, const F& compute) {
  switch (width) {
    case Width::bits8: return keep_lanes(warp.lanes<std::uint8_t>(offset), mask, compute);
    case Width::bits16: return keep_lanes(warp.lanes<std::uint16_t>(offset), mask, compute);
    case Width::bits32: return keep_lanes(warp.lanes<std::uint32_t>(offset), mask, compute);
    case Width::bits64: return keep_lanes(warp.lanes<std::uint64_t>(offset), mask, compute);
    case Width::predicate: return;
  }
}

template <class F>
inline void for_each_lane(std::uint32_t mask, const F& f) {
  for (; mask != 0; mask &= mask - 1) f(static_cast<std::uint32_t>(std::countr_zero(mask)));
}

// The handler of an instruction that computes each lane of its first operand from those of the others: F is a function
// object without state, D the type of the result and S those of the sources.
template <class F, class D, class... S>
struct Lanewise {
  static void run(Warp& warp, const Op& op, std::uint32_t mask) {
    run_on(warp, op, mask, std::index_sequence_for<S...>());
  }

 private:
  template <std::size_t... I>
  static void run_on(Warp& warp, const Op& op, std::uint32_t mask, std::index_sequence<I...>) {
    for_lanes(warp.lanes<D>(op.at[0]), mask, F{}, static_cast<const S*>(warp.lanes<S>(op.at[I + 1]))...);
  }
};

}  // namespace vgpu::machine
