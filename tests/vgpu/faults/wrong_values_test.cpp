// Faults that are no crime: every access is allowed and ordered, and the numbers are wrong. Because the interpreter
// does what the instruction does, the comparison with a reference catches them.
#include <cstdlib>
#include <numeric>

#include "faults/planted_fault.h"

namespace vgpu::test {
namespace {

class WrongValues : public PlantedFault {
 protected:
  // Whether a kernel's result is the reference; there must be no finding either way.
  bool product_is_right(const std::string& fault) {
    std::vector<std::uint16_t> a(256), b(128);
    std::vector<int> a_values(256), b_values(128);
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = half(a_values[i] = static_cast<int>(i * 3 % 7) - 3);
    for (std::size_t i = 0; i < b.size(); ++i) b[i] = half(b_values[i] = static_cast<int>(i * 7 % 5) - 2);
    const std::uint64_t d = allocate<std::uint16_t>(128);
    EXPECT_EQ(run("tensor", "multiply_" + fault, {}, {32}, device_.upload(a), device_.upload(b), d), Outcome::done);
    expect_clean();
    std::vector<std::uint16_t> expected(128);
    for (std::size_t row = 0; row < 16; ++row) {
      for (std::size_t column = 0; column < 8; ++column) {
        int sum = 0;
        for (std::size_t k = 0; k < 16; ++k) sum += a_values[row * 16 + k] * b_values[k * 8 + column];
        expected[row * 8 + column] = half(sum);
      }
    }
    return device_.download<std::uint16_t>(d, 128) == expected;
  }

  // The f16 bits of a small integer.
  static std::uint16_t half(int value) {
    if (value == 0) return 0;
    const unsigned size = static_cast<unsigned>(std::abs(value));
    unsigned exponent = 0;
    while (size >> (exponent + 1) != 0) ++exponent;
    const unsigned fraction = (size << (10 - exponent)) & 0x3FF;
    return static_cast<std::uint16_t>((value < 0 ? 0x8000U : 0U) | (exponent + 15) << 10 | fraction);
  }
};

TEST_F(WrongValues, ATileIsMultipliedRightOrWrong) {
  EXPECT_TRUE(product_is_right("none"));
  EXPECT_FALSE(product_is_right("wrong_address"));
  EXPECT_FALSE(product_is_right("no_transpose"));
  EXPECT_FALSE(product_is_right("swapped_conversion"));
}

TEST_F(WrongValues, AWrongPitch) {
  const int rows = 7, columns = 20, pitch = 24;
  std::vector<float> in(rows * pitch);
  std::iota(in.begin(), in.end(), 0.0F);
  std::vector<float> expected;
  for (int column = 0; column < columns; ++column) {
    for (int row = 0; row < rows; ++row) expected.push_back(in[static_cast<std::size_t>(row * pitch + column)]);
  }
  const std::uint64_t data = device_.upload(in);
  for (const bool planted : {false, true}) {
    const std::uint64_t out = allocate<float>(expected.size());
    EXPECT_EQ(run("tails", planted ? "transpose_wrong_pitch" : "transpose_none", {rows}, {32}, data, out, rows, columns,
                  pitch),
              Outcome::done);
    expect_clean();
    EXPECT_EQ(device_.download<float>(out, expected.size()) == expected, !planted);
  }
}

TEST_F(WrongValues, TailRowsThatAreNotZeroed) {
  // The second tile finds the rows of the first where it should find zeros. With whole tiles nothing is to be seen.
  for (const int rows : {20, 32}) {
    std::vector<float> in(static_cast<std::size_t>(rows) * 32);
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(1 + i % 32);
    std::vector<float> expected;
    for (int column = 0; column < 32; ++column) expected.push_back(static_cast<float>(rows * (1 + column)));
    for (const bool planted : {false, true}) {
      const std::uint64_t out = allocate<float>(32);
      EXPECT_EQ(run("tails", planted ? "sum_columns_no_zero_fill" : "sum_columns_none", {}, {128}, device_.upload(in),
                    out, rows),
                Outcome::done);
      expect_clean();
      EXPECT_EQ(device_.download<float>(out, 32) == expected, !planted || rows == 32);
    }
  }
}

}  // namespace
}  // namespace vgpu::test
