// Neighbouring elements of a row in global memory, as float32 in registers.
#pragma once

#include <cstdint>

#include "cuda/device/int8.cuh"
#include "cuda/device/swizzle.cuh"
#include "cuda/ptx/convert.cuh"

namespace ki::cuda {

__device__ inline float to_float(float x) { return x; }
__device__ inline float to_float(ptx::f16 x) { return ptx::cvt_f32(x); }
__device__ inline float to_float(ptx::bf16 x) { return ptx::cvt_f32(x); }
__device__ inline float to_float(std::int8_t x) { return x; }

namespace detail {

template <int kBytes>
struct RawBytes;
template <>
struct RawBytes<16> {
  uint4 words;
  __device__ std::uint32_t operator[](int i) const {
    return i == 0 ? words.x : i == 1 ? words.y : i == 2 ? words.z : words.w;
  }
};
template <>
struct RawBytes<8> {
  uint2 words;
  __device__ std::uint32_t operator[](int i) const { return i == 0 ? words.x : words.y; }
};

__device__ inline float element_of(const RawBytes<16>& raw, int i, float) { return __uint_as_float(raw[i]); }

__device__ inline float element_of(const RawBytes<8>& raw, int i, std::int8_t) {
  return float_of_int8(raw[i / 4], i % 4);
}

template <int kBytes, class T>
__device__ float element_of(const RawBytes<kBytes>& raw, int i, T) {
  return to_float(T{static_cast<std::uint16_t>(raw[i / 2] >> i % 2 * 16)});
}

__device__ inline uint4 pack(const float (&x)[4], float) {
  return {__float_as_uint(x[0]), __float_as_uint(x[1]), __float_as_uint(x[2]), __float_as_uint(x[3])};
}

template <class T>
__device__ uint2 pack(const float (&x)[4], T) {
  return {ptx::cvt_rn_x2_f32<T>(x[1], x[0]), ptx::cvt_rn_x2_f32<T>(x[3], x[2])};
}

template <class T>
__device__ uint4 pack(const float (&x)[8], T) {
  return {ptx::cvt_rn_x2_f32<T>(x[1], x[0]), ptx::cvt_rn_x2_f32<T>(x[3], x[2]), ptx::cvt_rn_x2_f32<T>(x[5], x[4]),
          ptx::cvt_rn_x2_f32<T>(x[7], x[6])};
}

__device__ inline void store_element(float* to, float x) { *to = x; }

template <class T>
__device__ void store_element(T* to, float x) {
  to->bits = static_cast<std::uint16_t>(ptx::cvt_rn_x2_f32<T>(0, x));
}

}  // namespace detail

// All of them at once: `from` is a multiple of their size.
template <class T, int kColumns>
__device__ void load_columns(float (&x)[kColumns], const void* from) {
  using Raw = detail::RawBytes<kColumns* int(sizeof(T))>;
  const Raw raw{*static_cast<const decltype(Raw::words)*>(from)};
#pragma unroll
  for (int i = 0; i < kColumns; ++i) x[i] = detail::element_of(raw, i, T{});
}

// The first `count`, which may be negative, one by one; zeros follow.
template <class T, int kColumns>
__device__ void load_columns(float (&x)[kColumns], const void* from, int count) {
#pragma unroll
  for (int i = 0; i < kColumns; ++i) x[i] = i < count ? to_float(static_cast<const T*>(from)[i]) : 0;
}

template <class T, int kColumns>
__device__ void store_columns(void* to, const float (&x)[kColumns]) {
  const auto raw = detail::pack(x, T{});
  *static_cast<std::remove_const_t<decltype(raw)>*>(to) = raw;
}

template <class T, int kColumns>
__device__ void store_columns(void* to, const float (&x)[kColumns], int count) {
#pragma unroll
  for (int i = 0; i < kColumns; ++i) {
    if (i < count) detail::store_element(static_cast<T*>(to) + i, x[i]);
  }
}

// The first `count`, which may be negative, at once where that is all; zeros follow. `aligned`: the row begins at a multiple
// of 16 bytes, and this is a whole number of vectors behind.
template <class T, int kColumns>
__device__ void load_columns(float (&x)[kColumns], const T* from, int count, bool aligned) {
  constexpr int kTogether = kColumns * int(sizeof(T)) < kChunkBytes ? kColumns : kChunkBytes / int(sizeof(T));
  if (!aligned || count < kColumns) return load_columns<T>(x, from, count);
#pragma unroll
  for (int i = 0; i < kColumns; i += kTogether) {
    load_columns<T>(reinterpret_cast<float(&)[kTogether]>(x[i]), from + i);
  }
}

template <class T, int kColumns>
__device__ void store_columns(T* to, const float (&x)[kColumns], int count, bool aligned) {
  constexpr int kTogether = kColumns * int(sizeof(T)) < kChunkBytes ? kColumns : kChunkBytes / int(sizeof(T));
  if (!aligned || count < kColumns) return store_columns<T>(to, x, count);
#pragma unroll
  for (int i = 0; i < kColumns; i += kTogether) {
    store_columns<T>(to + i, reinterpret_cast<const float(&)[kTogether]>(x[i]));
  }
}

}  // namespace ki::cuda
