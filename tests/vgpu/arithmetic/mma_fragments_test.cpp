#include "arithmetic/mma_fragments.h"

#include <gtest/gtest.h>

#include <set>

#include "arithmetic/mma_manual.h"

namespace vgpu::arithmetic {
namespace {

TEST(MmaFragments, AreWhereTheManualPutsThem) {
  for (const manual::Shape& shape : manual::shapes()) {
    EXPECT_EQ(a_registers(shape.m, shape.k, shape.packed) * shape.packed, shape.a_elements) << shape.name;
    EXPECT_EQ(b_registers(shape.k, shape.packed) * shape.packed, shape.b_elements) << shape.name;
    for (int lane = 0; lane < 32; ++lane) {
      for (int i = 0; i < shape.a_elements; ++i) {
        EXPECT_EQ(a_cell(shape.m, shape.packed, lane, i / shape.packed, i % shape.packed),
                  shape.a(lane / 4, lane % 4, i))
            << shape.name << " lane " << lane << " a" << i;
      }
      for (int i = 0; i < shape.b_elements; ++i) {
        EXPECT_EQ(b_cell(shape.packed, lane, i / shape.packed, i % shape.packed), shape.b(lane / 4, lane % 4, i))
            << shape.name << " lane " << lane << " b" << i;
      }
      for (int packed : {1, 2}) {
        for (int i = 0; i < shape.m / 4; ++i) {
          EXPECT_EQ(c_cell(packed, lane, i / packed, i % packed), manual::c(lane / 4, lane % 4, i));
        }
      }
    }
  }
}

// A slip in the manual's formulas as copied here would most likely leave a hole.
TEST(MmaFragments, CoverEachMatrixOnce) {
  for (const manual::Shape& shape : manual::shapes()) {
    std::set<std::pair<int, int>> a, b;
    for (int lane = 0; lane < 32; ++lane) {
      for (int i = 0; i < shape.a_elements; ++i) {
        const Cell cell = shape.a(lane / 4, lane % 4, i);
        EXPECT_TRUE(cell.row < shape.m && cell.column < shape.k) << shape.name;
        EXPECT_TRUE(a.emplace(cell.row, cell.column).second) << shape.name;
      }
      for (int i = 0; i < shape.b_elements; ++i) {
        const Cell cell = shape.b(lane / 4, lane % 4, i);
        EXPECT_TRUE(cell.row < shape.k && cell.column < 8) << shape.name;
        EXPECT_TRUE(b.emplace(cell.row, cell.column).second) << shape.name;
      }
    }
    EXPECT_EQ(static_cast<int>(a.size()), shape.m * shape.k) << shape.name;
    EXPECT_EQ(static_cast<int>(b.size()), 8 * shape.k) << shape.name;
  }
}

}  // namespace
}  // namespace vgpu::arithmetic
