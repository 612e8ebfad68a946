#include "arithmetic/mma_integer.h"

#include <immintrin.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>

#include "arithmetic/mma_fragments.h"

namespace vgpu::arithmetic {
namespace {

// The instruction's sum of products never leaves 32 bits; adding the accumulator may. Wraps, or saturates.
template <bool Saturate>
std::uint32_t accumulate(std::uint32_t c, std::int32_t products) {
  if constexpr (Saturate) {
    std::int32_t sum;
    if (!__builtin_add_overflow(static_cast<std::int32_t>(c), products, &sum)) return static_cast<std::uint32_t>(sum);
    return static_cast<std::uint32_t>(products < 0 ? std::numeric_limits<std::int32_t>::min()
                                                   : std::numeric_limits<std::int32_t>::max());
  }
  return c + static_cast<std::uint32_t>(products);
}

constexpr int packed_elements(MmaType type) { return type == MmaType::s8 || type == MmaType::u8 ? 4 : 8; }

// Element i of a register's lanes laid end to end: 16 (or 32) neighbours along k for each row of A or column of B.
template <MmaType T>
std::int16_t element(const std::uint8_t* lanes, int i) {
  switch (T) {
    case MmaType::s8: return static_cast<std::int8_t>(lanes[i]);
    case MmaType::u8: return lanes[i];
    default: break;
  }
  const int nibble = lanes[i / 2] >> (4 * (i % 2)) & 0xF;
  return static_cast<std::int16_t>(T == MmaType::s4 ? (nibble ^ 8) - 8 : nibble);
}

// [vector][k]: rows of A or columns of B as 16-bit numbers, which multiply in pairs without overflow.
template <MmaType T, int Vectors, int K>
void load_vectors(std::int16_t (&vectors)[Vectors][K], const void* const* registers) {
  constexpr int kChunk = 4 * packed_elements(T);
  constexpr int kHalves = Vectors == 16 ? 2 : 1;
  for (int k = 0; k < K; k += kChunk) {
    for (int vector = 0; vector < Vectors; ++vector) {
      const auto* lanes =
          static_cast<const std::uint8_t*>(registers[kHalves * (k / kChunk) + (kHalves == 2 ? vector / 8 : 0)]);
      for (int i = 0; i < kChunk; ++i) vectors[vector][k + i] = element<T>(lanes, kChunk * (vector % 8) + i);
    }
  }
}

template <int K>
std::int32_t dot(const std::int16_t (&a)[K], const std::int16_t (&b)[K]) {
  __m256i sum = _mm256_setzero_si256();
  for (int k = 0; k < K; k += 16) {
    sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_load_si256(reinterpret_cast<const __m256i*>(a + k)),
                                                  _mm256_load_si256(reinterpret_cast<const __m256i*>(b + k))));
  }
  __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4E));
  half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xB1));
  return _mm_cvtsi128_si32(half);
}

template <int M, bool Saturate, class Dot>
void store_results(void* const* d, const void* const* c, Dot&& dot_of) {
  std::uint32_t result[M / 4][32];
  for (int reg = 0; reg < M / 4; ++reg) {
    for (int lane = 0; lane < 32; ++lane) {
      const Cell cell = c_cell(1, lane, reg, 0);
      result[reg][lane] =
          accumulate<Saturate>(static_cast<const std::uint32_t*>(c[reg])[lane], dot_of(cell.row, cell.column));
    }
  }
  for (int reg = 0; reg < M / 4; ++reg) std::memcpy(d[reg], result[reg], sizeof result[reg]);
}

template <MmaType A, MmaType B, int M, int K, bool Saturate>
void multiply(void* const* d, const void* const* a, const void* const* b, const void* const* c) {
  alignas(32) std::int16_t rows[M][K];
  alignas(32) std::int16_t columns[8][K];
  load_vectors<A>(rows, a);
  load_vectors<B>(columns, b);
  store_results<M, Saturate>(d, c, [&](int row, int column) { return dot(rows[row], columns[column]); });
}

template <bool Xor, int M, int K>
void multiply_bits(void* const* d, const void* const* a, const void* const* b, const void* const* c) {
  // A register's lanes: 128 bits, of four lanes, for each row or column.
  store_results<M, false>(d, c, [&](int row, int column) {
    std::int32_t count = 0;
    for (int chunk = 0; chunk < K / 128; ++chunk) {
      const auto* x = static_cast<const std::uint32_t*>(a[M / 8 * chunk + row / 8]) + 4 * (row % 8);
      const auto* y = static_cast<const std::uint32_t*>(b[chunk]) + 4 * column;
      for (int i = 0; i < 4; ++i) count += std::popcount(Xor ? x[i] ^ y[i] : x[i] & y[i]);
    }
    return count;
  });
}

template <MmaType A, MmaType B>
Mma find_shape(const MmaInstruction& mma) {
  constexpr int kShortest = 4 * packed_elements(A);  // 16 for bytes, 32 for nibbles
  if (mma.m == 8 && mma.k == kShortest) {
    return mma.satfinite ? multiply<A, B, 8, kShortest, true> : multiply<A, B, 8, kShortest, false>;
  }
  if (mma.m == 16 && mma.k == kShortest) {
    return mma.satfinite ? multiply<A, B, 16, kShortest, true> : multiply<A, B, 16, kShortest, false>;
  }
  if (mma.m == 16 && mma.k == 2 * kShortest) {
    return mma.satfinite ? multiply<A, B, 16, 2 * kShortest, true> : multiply<A, B, 16, 2 * kShortest, false>;
  }
  return nullptr;
}

template <MmaType Signed, MmaType Unsigned>
Mma find_types(const MmaInstruction& mma) {
  const bool a_signed = mma.a == Signed, b_signed = mma.b == Signed;
  if ((!a_signed && mma.a != Unsigned) || (!b_signed && mma.b != Unsigned)) return nullptr;
  if (a_signed) return b_signed ? find_shape<Signed, Signed>(mma) : find_shape<Signed, Unsigned>(mma);
  return b_signed ? find_shape<Unsigned, Signed>(mma) : find_shape<Unsigned, Unsigned>(mma);
}

template <bool Xor>
Mma find_bit_shape(const MmaInstruction& mma) {
  if (mma.m == 8 && mma.k == 128) return multiply_bits<Xor, 8, 128>;
  if (mma.m == 16 && mma.k == 128) return multiply_bits<Xor, 16, 128>;
  if (mma.m == 16 && mma.k == 256) return multiply_bits<Xor, 16, 256>;
  return nullptr;
}

}  // namespace

MmaFunction find_integer_mma(const MmaInstruction& mma) {
  if (mma.n != 8 || mma.d != MmaType::s32 || mma.c != MmaType::s32) return {};
  Mma run = nullptr;
  int packed = 0;
  if (mma.a == MmaType::b1 && mma.b == MmaType::b1 && !mma.satfinite) {
    if (mma.bit_operation == BitOperation::xor_popc) run = find_bit_shape<true>(mma);
    if (mma.bit_operation == BitOperation::and_popc) run = find_bit_shape<false>(mma);
    packed = 32;
  } else if (mma.bit_operation == BitOperation::none) {
    const bool bytes = mma.a == MmaType::s8 || mma.a == MmaType::u8;
    run = bytes ? find_types<MmaType::s8, MmaType::u8>(mma) : find_types<MmaType::s4, MmaType::u4>(mma);
    packed = bytes ? 4 : 8;
  }
  if (run == nullptr) return {};
  return {run, a_registers(mma.m, mma.k, packed), b_registers(mma.k, packed), c_registers(mma.m, 1),
          c_registers(mma.m, 1)};
}

}  // namespace vgpu::arithmetic
