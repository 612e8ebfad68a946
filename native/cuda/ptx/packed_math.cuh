// Arithmetic on two 16-bit elements in one register, each result rounded once.
#pragma once

#include <cstdint>

#include "cuda/ptx/types.cuh"

namespace ki::ptx {

template <class T>
__device__ std::uint32_t add_x2(std::uint32_t a, std::uint32_t b);
template <class T>
__device__ std::uint32_t sub_x2(std::uint32_t a, std::uint32_t b);
template <class T>
__device__ std::uint32_t mul_x2(std::uint32_t a, std::uint32_t b);

// Exact, and no instruction of its own where it is an operand of others.
template <class T>
__device__ std::uint32_t neg_x2(std::uint32_t a);

// a b + c.
template <class T>
__device__ std::uint32_t fma_x2(std::uint32_t a, std::uint32_t b, std::uint32_t c);

template <>
__device__ inline std::uint32_t add_x2<f16>(std::uint32_t a, std::uint32_t b) {
  std::uint32_t sum;
  asm("add.rn.f16x2 %0, %1, %2;" : "=r"(sum) : "r"(a), "r"(b));
  return sum;
}

template <>
__device__ inline std::uint32_t sub_x2<f16>(std::uint32_t a, std::uint32_t b) {
  std::uint32_t difference;
  asm("sub.rn.f16x2 %0, %1, %2;" : "=r"(difference) : "r"(a), "r"(b));
  return difference;
}

template <>
__device__ inline std::uint32_t mul_x2<f16>(std::uint32_t a, std::uint32_t b) {
  std::uint32_t product;
  asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(product) : "r"(a), "r"(b));
  return product;
}

template <>
__device__ inline std::uint32_t fma_x2<f16>(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  std::uint32_t sum;
  asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(sum) : "r"(a), "r"(b), "r"(c));
  return sum;
}

template <>
__device__ inline std::uint32_t neg_x2<f16>(std::uint32_t a) {
  std::uint32_t negated;
  asm("neg.f16x2 %0, %1;" : "=r"(negated) : "r"(a));
  return negated;
}

template <>
__device__ inline std::uint32_t neg_x2<bf16>(std::uint32_t a) {
  std::uint32_t negated;
  asm("neg.bf16x2 %0, %1;" : "=r"(negated) : "r"(a));
  return negated;
}

// sm_80 has this one instruction for bfloat16.
template <>
__device__ inline std::uint32_t fma_x2<bf16>(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  std::uint32_t sum;
  asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(sum) : "r"(a), "r"(b), "r"(c));
  return sum;
}

template <>
__device__ inline std::uint32_t add_x2<bf16>(std::uint32_t a, std::uint32_t b) {
  return fma_x2<bf16>(a, 0x3F803F80, b);
}

template <>
__device__ inline std::uint32_t sub_x2<bf16>(std::uint32_t a, std::uint32_t b) {
  return fma_x2<bf16>(b, 0xBF80BF80, a);
}

// Adding -0 changes nothing, not even the sign of a zero.
template <>
__device__ inline std::uint32_t mul_x2<bf16>(std::uint32_t a, std::uint32_t b) {
  return fma_x2<bf16>(a, b, 0x80008000);
}

}  // namespace ki::ptx
