#include <bit>
#include <limits>
#include <vector>

#include "cpu/aligned_memory.h"
#include "cpu/simd_functions.h"

namespace ki::cpu {
namespace {

constexpr float kUnwritten = -77.0f;

class Packing : public EveryTarget {
 protected:
  int lanes() const { return functions().lanes; }

  // Where element (k, column) of a packed matrix is, as the header of pack-inl.h describes it. Panels are full but for the
  // last two, which share what is left.
  std::int64_t place(int k, int column, int depth, int columns) const {
    const int full = functions().panel_vectors;
    int first = 0, left = padded(columns) / lanes();
    for (;;) {
      const int vectors = left <= full ? left : left < 2 * full ? (left + 1) / 2 : full;
      const int width = vectors * lanes();
      if (column < first + width) return std::int64_t{first} * depth + std::int64_t{k} * width + (column - first);
      first += width;
      left -= vectors;
    }
  }

  int padded(int columns) const { return (columns + lanes() - 1) / lanes() * lanes(); }
};
INSTANTIATE_TEST_SUITE_P(, Packing, usable_targets(), target_name);

float element(int k, int column) { return static_cast<float>(1 + k * 1000 + column); }

constexpr int kDepths[] = {1, 2, 3, 4, 5, 8, 31, 64, 255, 256};
constexpr int kColumns[] = {1,  2,  7,  8,  9,  15, 16, 17,  31,  32,  33,  47,
                            48, 49, 64, 65, 80, 96, 97, 112, 127, 128, 129, 160};

TEST_P(Packing, PutsEveryElementIntoItsPanelAndZerosBehind) {
  for (const int depth : kDepths) {
    for (const int columns : kColumns) {
      const int stride = columns + 3;
      std::vector<float> rows(depth * stride, std::numeric_limits<float>::quiet_NaN());
      for (int k = 0; k < depth; ++k) {
        for (int c = 0; c < columns; ++c) rows[k * stride + c] = element(k, c);
      }
      const AlignedMemory memory = allocate(depth * padded(columns) * sizeof(float));
      auto* packed = reinterpret_cast<float*>(memory.get());
      std::fill_n(packed, depth * padded(columns), kUnwritten);
      functions().pack(rows.data(), stride, depth, columns, packed);
      for (int k = 0; k < depth; ++k) {
        for (int c = 0; c < padded(columns); ++c) {
          ASSERT_EQ(packed[place(k, c, depth, columns)], c < columns ? element(k, c) : 0.0f)
              << depth << " x " << columns << ": element " << k << ", " << c;
        }
      }
    }
  }
}

// Small integers: exact in bfloat16 too.
float small(int k, int column) { return static_cast<float>(k % 16 + column % 8 * 16); }
BFloat16 small_bfloat16(int k, int column) {
  return {static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(small(k, column)) >> 16)};
}

template <class T>
void expect_transposed(void (*pack)(const T*, std::int64_t, int, int, float*), auto place, auto padded,
                       T (*make)(int k, int column), T nan) {
  for (const int depth : kDepths) {
    for (const int columns : kColumns) {
      const int stride = depth + 5;
      std::vector<T> rows(columns * stride, nan);
      for (int c = 0; c < columns; ++c) {
        for (int k = 0; k < depth; ++k) rows[c * stride + k] = make(k, c);
      }
      const AlignedMemory memory = allocate(depth * padded(columns) * sizeof(float));
      auto* packed = reinterpret_cast<float*>(memory.get());
      std::fill_n(packed, depth * padded(columns), kUnwritten);
      pack(rows.data(), stride, depth, columns, packed);
      for (int k = 0; k < depth; ++k) {
        for (int c = 0; c < padded(columns); ++c) {
          const float expected = c < columns ? small(k, c) : 0.0f;
          ASSERT_EQ(packed[place(k, c, depth, columns)], expected)
              << depth << " x " << columns << ": element " << k << ", " << c;
        }
      }
    }
  }
}

TEST_P(Packing, TransposesFloat32) {
  expect_transposed<float>(
      functions().pack_transposed, [this](auto... i) { return place(i...); }, [this](int c) { return padded(c); },
      small, std::numeric_limits<float>::quiet_NaN());
}

TEST_P(Packing, TransposesBFloat16) {
  expect_transposed<BFloat16>(
      functions().pack_transposed_bfloat16, [this](auto... i) { return place(i...); },
      [this](int c) { return padded(c); }, small_bfloat16, BFloat16{0x7FC0});
}

// Rows in no order, with a scale each, and an offset behind every address.
struct ScatteredRows {
  ScatteredRows(int count, int length) : elements(count * (length + kOffset)), scales(count) {
    for (int r = 0; r < count; ++r) {
      std::int8_t* row = elements.data() + (r * 7 % count) * (length + kOffset);  // 7 divides no count below
      addresses.push_back(reinterpret_cast<const std::byte*>(row));
      for (int i = 0; i < length; ++i) row[kOffset + i] = element(r, i);
      scales[r] = static_cast<float>(1 + r % 5) / 4;
    }
  }

  static constexpr int kOffset = 3;
  static std::int8_t element(int row, int i) { return static_cast<std::int8_t>((row * 37 + i * 11) % 256 - 128); }
  float scaled(int row, int i) const { return static_cast<float>(element(row, i)) * scales[row]; }

  std::vector<std::int8_t> elements;
  std::vector<const std::byte*> addresses;
  std::vector<float> scales;
};

TEST_P(Packing, ScalesInt8RowsOfATable) {
  for (const int depth : {1, 5, 32, 128}) {
    for (const int columns : {1, 17, 48, 129}) {
      const AlignedMemory memory = allocate(depth * padded(columns) * sizeof(float));
      auto* packed = reinterpret_cast<float*>(memory.get());
      const ScatteredRows rows(depth, columns), transposed(columns, depth);
      functions().pack_int8(rows.addresses.data(), rows.kOffset, rows.scales.data(), depth, columns, packed);
      for (int k = 0; k < depth; ++k) {
        for (int c = 0; c < columns; ++c) ASSERT_EQ(packed[place(k, c, depth, columns)], rows.scaled(k, c));
      }
      functions().pack_transposed_int8(transposed.addresses.data(), rows.kOffset, transposed.scales.data(), depth,
                                       columns, packed);
      for (int k = 0; k < depth; ++k) {
        for (int c = 0; c < columns; ++c) ASSERT_EQ(packed[place(k, c, depth, columns)], transposed.scaled(c, k));
      }
    }
  }
}

}  // namespace
}  // namespace ki::cpu
