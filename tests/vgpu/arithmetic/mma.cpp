#include "arithmetic/mma.h"

#include <cmath>

#include "arithmetic/mma_float.h"
#include "arithmetic/mma_float_registers.h"
#include "arithmetic/mma_fragments.h"
#include "arithmetic/mma_integer.h"

namespace vgpu::arithmetic {
namespace {

template <MmaType AB, int K, MmaType CD, Rounding R>
void multiply(void* const* d, const void* const* a, const void* const* b, const void* const* c) {
  FloatTile tile;
  load_operands<AB, K>(tile, a, b);
  load_accumulators<CD>(tile, c);
  if constexpr (R == Rounding::exact) {
    multiply_exact(tile, K);
  } else {
    constexpr int kSlice = AB == MmaType::tf32 ? 4 : 8;
    constexpr double kSmallestPower = AB == MmaType::f16 ? 0x1p-14 : 0x1p-126;
    multiply_ampere(tile, K, kSlice, kSmallestPower, CD == MmaType::f16);
  }
  store_accumulators<CD>(tile, d);
}

// f64 m8n8k4: a chain of fused multiply-adds along k.
void multiply_f64(void* const* d, const void* const* a, const void* const* b, const void* const* c) {
  const auto* a_lanes = static_cast<const double*>(a[0]);
  const auto* b_lanes = static_cast<const double*>(b[0]);
  double result[2][32];
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < 2; ++i) {
      const Cell cell = c_cell(1, lane, i, 0);
      double sum = static_cast<const double*>(c[i])[lane];
      for (int k = 0; k < 4; ++k) sum = std::fma(a_lanes[4 * cell.row + k], b_lanes[4 * cell.column + k], sum);
      result[i][lane] = sum;
    }
  }
  for (int i = 0; i < 2; ++i) std::memcpy(d[i], result[i], sizeof result[i]);
}

template <MmaType AB, int K, MmaType CD>
Mma rounded(Rounding rounding) {
  return rounding == Rounding::exact ? multiply<AB, K, CD, Rounding::exact> : multiply<AB, K, CD, Rounding::ampere>;
}

template <MmaType AB>
Mma half_product(int k, MmaType accumulator, Rounding rounding) {
  if (accumulator == MmaType::f32 && k == 8) return rounded<AB, 8, MmaType::f32>(rounding);
  if (accumulator == MmaType::f32 && k == 16) return rounded<AB, 16, MmaType::f32>(rounding);
  if constexpr (AB == MmaType::f16) {
    if (accumulator == MmaType::f16 && k == 8) return rounded<AB, 8, MmaType::f16>(rounding);
    if (accumulator == MmaType::f16 && k == 16) return rounded<AB, 16, MmaType::f16>(rounding);
  }
  return nullptr;
}

Mma find_float_product(const MmaInstruction& mma, Rounding rounding) {
  if (mma.a == MmaType::f64) {
    return mma.m == 8 && mma.n == 8 && mma.k == 4 && mma.d == MmaType::f64 ? multiply_f64 : nullptr;
  }
  if (mma.m != 16 || mma.n != 8) return nullptr;
  switch (mma.a) {
    case MmaType::f16: return half_product<MmaType::f16>(mma.k, mma.d, rounding);
    case MmaType::bf16: return half_product<MmaType::bf16>(mma.k, mma.d, rounding);
    case MmaType::tf32:
      if (mma.d != MmaType::f32) return nullptr;
      if (mma.k == 4) return rounded<MmaType::tf32, 4, MmaType::f32>(rounding);
      if (mma.k == 8) return rounded<MmaType::tf32, 8, MmaType::f32>(rounding);
      return nullptr;
    default: return nullptr;
  }
}

}  // namespace

MmaFunction find_mma(const MmaInstruction& mma, Rounding rounding) {
  if (mma.c != mma.d) return {};
  const bool is_float =
      mma.a == MmaType::f16 || mma.a == MmaType::bf16 || mma.a == MmaType::tf32 || mma.a == MmaType::f64;
  if (!is_float) return find_integer_mma(mma);
  if (mma.b != mma.a || mma.satfinite || mma.bit_operation != BitOperation::none) return {};
  const Mma run = find_float_product(mma, rounding);
  if (run == nullptr) return {};
  const int packed = mma.a == MmaType::tf32 || mma.a == MmaType::f64 ? 1 : 2;
  const int packed_c = mma.d == MmaType::f16 ? 2 : 1;
  return {run, a_registers(mma.m, mma.k, packed), b_registers(mma.k, packed), c_registers(mma.m, packed_c),
          c_registers(mma.m, packed_c)};
}

}  // namespace vgpu::arithmetic
