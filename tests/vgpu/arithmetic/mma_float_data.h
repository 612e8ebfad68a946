// The cases and matrices that tests of mma on floating-point numbers share.
#pragma once

#include <bit>
#include <cstdint>
#include <random>
#include <vector>

#include "arithmetic/mma.h"
#include "arithmetic/mma_warp.h"
#include "arithmetic/slow_formats.h"

namespace vgpu::arithmetic {

struct FloatCase {
  const char* name;
  MmaType type, accumulator;
  int k;

  MmaInstruction instruction() const {
    return {.m = 16, .n = 8, .k = k, .d = accumulator, .a = type, .b = type, .c = accumulator};
  }
  int packed() const { return type == MmaType::tf32 ? 1 : 2; }
  int packed_c() const { return accumulator == MmaType::f16 ? 2 : 1; }
};

inline const std::vector<FloatCase>& float_cases() {
  static const std::vector<FloatCase> cases = {
      {"m16n8k8 f32.f16", MmaType::f16, MmaType::f32, 8},   {"m16n8k16 f32.f16", MmaType::f16, MmaType::f32, 16},
      {"m16n8k8 f16.f16", MmaType::f16, MmaType::f16, 8},   {"m16n8k16 f16.f16", MmaType::f16, MmaType::f16, 16},
      {"m16n8k8 f32.bf16", MmaType::bf16, MmaType::f32, 8}, {"m16n8k16 f32.bf16", MmaType::bf16, MmaType::f32, 16},
      {"m16n8k4 f32.tf32", MmaType::tf32, MmaType::f32, 4}, {"m16n8k8 f32.tf32", MmaType::tf32, MmaType::f32, 8},
  };
  return cases;
}

inline int exponent_bits(MmaType type) { return type == MmaType::f16 ? 5 : 8; }
inline int stored_fraction_bits(MmaType type) { return type == MmaType::f16 ? 10 : type == MmaType::bf16 ? 7 : 23; }
inline std::uint32_t sign_bit(MmaType type) { return 1u << (exponent_bits(type) + stored_fraction_bits(type)); }

inline double number(MmaType type, std::uint32_t bits) {
  return slow::decoded(bits, exponent_bits(type), stored_fraction_bits(type));
}

// alike: exponents within a few of each other. wide: anywhere in a range whose products f32 can hold. tiny: zeros,
// subnormal numbers and the smallest normal ones.
enum class Magnitudes { alike, wide, tiny };

inline std::uint32_t random_bits(MmaType type, Magnitudes magnitudes, std::mt19937& random) {
  const int fraction_bits = stored_fraction_bits(type), bias = (1 << (exponent_bits(type) - 1)) - 1;
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  int exponent = 0;
  if (magnitudes == Magnitudes::alike) exponent = bias - 3 + below(5);
  if (magnitudes == Magnitudes::wide) exponent = type == MmaType::f16 ? below(31) : bias - 30 + below(60);
  if (magnitudes == Magnitudes::tiny) exponent = below(3);
  std::uint32_t fraction = random() & ((1u << fraction_bits) - 1);
  if (type == MmaType::tf32) fraction &= ~0x1FFFu;
  if (below(8) == 0) exponent = 0, fraction = 0;
  return static_cast<std::uint32_t>(exponent) << fraction_bits | fraction | (random() & 1 ? sign_bit(type) : 0);
}

// What a case multiplies and adds, zeros at first: d = a * b + c.
struct Operands {
  explicit Operands(const FloatCase& test) : a(16, test.k), b(test.k, 8), c(16, 8) {}
  Matrix a, b, c;
};

inline Operands random_operands(const FloatCase& test, Magnitudes magnitudes, std::mt19937& random) {
  Operands operands(test);
  for (auto& bits : operands.a.bits) bits = random_bits(test.type, magnitudes, random);
  for (auto& bits : operands.b.bits) bits = random_bits(test.type, magnitudes, random);
  for (auto& bits : operands.c.bits) bits = random_bits(test.accumulator, magnitudes, random);
  return operands;
}

// What the instruction makes of them.
inline Matrix product(const FloatCase& test, const Operands& operands, Rounding rounding) {
  Warp warp(test.instruction(), test.packed(), test.packed_c());
  warp.set_a(operands.a);
  warp.set_b(operands.b);
  warp.set_c(operands.c);
  return warp.run(rounding);
}

// One element of it by a plain loop in double precision.
inline double plain_sum(const FloatCase& test, const Operands& operands, int row, int column) {
  double sum = number(test.accumulator, operands.c.at(row, column));
  for (int k = 0; k < test.k; ++k) {
    sum += number(test.type, operands.a.at(row, k)) * number(test.type, operands.b.at(k, column));
  }
  return sum;
}

inline std::uint32_t infinity_bits(MmaType type) { return sign_bit(type) - (1u << stored_fraction_bits(type)); }

// One infinity or NaN in one of the matrices.
inline void plant_specials(const FloatCase& test, Operands& operands, std::mt19937& random) {
  const auto plant = [&](Matrix& matrix, MmaType type) {
    std::uint32_t special = infinity_bits(type);
    if (random() % 3 == 0) special |= 1u << (stored_fraction_bits(type) - 1 - random() % 2);  // NaN
    if (random() % 2 == 0) special |= sign_bit(type);
    matrix.bits[random() % matrix.bits.size()] = special;
  };
  for (int i = 0; i < 3; ++i) {
    switch (random() % 3) {
      case 0: plant(operands.a, test.type); break;
      case 1: plant(operands.b, test.type); break;
      default: plant(operands.c, test.accumulator); break;
    }
  }
}

}  // namespace vgpu::arithmetic
