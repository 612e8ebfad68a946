// mma.sync over the registers of one warp.
#pragma once

#include "arithmetic/rounding.h"

namespace vgpu::arithmetic {

enum class MmaType { f16, bf16, tf32, s8, u8, s4, u4, b1, f32, s32, f64 };
enum class BitOperation { none, and_popc, xor_popc };  // for b1

// mma.sync.aligned.m{m}n{n}k{k}.row.col{.satfinite}.d.a.b.c{.xor.popc}
struct MmaInstruction {
  int m = 16, n = 8, k = 16;
  MmaType d = MmaType::f32, a = MmaType::f16, b = MmaType::f16, c = MmaType::f32;
  bool satfinite = false;  // integers: the sum saturates instead of wrapping
  BitOperation bit_operation = BitOperation::none;
};

// Each register is an array of 32 lanes: std::uint32_t[32], for f64 std::uint64_t[32]. `d` may be the same arrays as
// `c`, or as any other operand.
using Mma = void (*)(void* const* d, const void* const* a, const void* const* b, const void* const* c);

struct MmaFunction {
  Mma run = nullptr;  // null: PTX has no such instruction, or it is not supported
  int a_registers = 0, b_registers = 0, c_registers = 0, d_registers = 0;
};

// What to call for each execution of the instruction, chosen once.
MmaFunction find_mma(const MmaInstruction& instruction, Rounding rounding);

}  // namespace vgpu::arithmetic
