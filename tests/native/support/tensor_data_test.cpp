#include "support/tensor_data.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>

#include "support/dtype.h"

namespace ki::test {
namespace {

Array counting(const Shape& shape) {
  Array array(shape);
  for (std::size_t i = 0; i < array.values.size(); ++i) array.values[i] = static_cast<double>(i);
  return array;
}

TEST(TensorData, StridesFollowTheOrderOfTheDimensions) {
  EXPECT_EQ(strides_of({2, 3, 4, 5}, {}), (Shape{60, 20, 5, 1}));
  EXPECT_EQ(strides_of({2, 3, 4, 5}, {.order = {0, 2, 1, 3}}), (Shape{60, 5, 15, 1}));
  EXPECT_EQ(strides_of({2, 3, 4, 5}, {.row_gap = 3}), (Shape{96, 32, 8, 1}));
  EXPECT_EQ(strides_of({2, 3, 4, 5}, {.broadcast = {0}}), (Shape{0, 20, 5, 1}));
  EXPECT_EQ(strides_of({2, 3, 4, 5}, {.broadcast = {2}}), (Shape{15, 5, 0, 1}));
}

TEST(TensorData, WhatIsWrittenIsReadInEveryLayout) {
  const Shape shape{2, 3, 4, 5};
  for (const Layout& layout : {Layout{}, Layout{.order = {2, 0, 1, 3}}, Layout{.row_gap = 7, .misalign = 3}}) {
    for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) {
      TensorData tensor(dtype, shape, layout);
      tensor.write(counting(shape));
      EXPECT_EQ(tensor.read().values, counting(shape).values);
      const ki_tensor view = tensor.view();
      const std::int64_t offset = view.strides[0] + 2 * view.strides[1] + view.strides[2] + 4;
      EXPECT_EQ(load(dtype, static_cast<std::byte*>(view.data) + offset * element_size(dtype)), 60 + 40 + 5 + 4);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.data) % 64,
                static_cast<std::size_t>(layout.misalign * element_size(dtype)));
    }
  }
}

TEST(TensorData, BroadcastRepeatsTheLastOne) {
  TensorData tensor(KI_DTYPE_FLOAT32, {3, 2}, {.broadcast = {0}});
  tensor.write(counting({3, 2}));
  EXPECT_EQ(tensor.read().values, (std::vector<double>{4, 5, 4, 5, 4, 5}));
}

TEST(TensorData, GapsAndGuardsReadAsNaN) {
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) {
    TensorData tensor(dtype, {2, 3}, {.row_gap = 1});
    tensor.write(Array({2, 3}, 1));
    const auto* data = static_cast<std::byte*>(tensor.view().data);
    EXPECT_TRUE(std::isnan(load(dtype, data - element_size(dtype))));
    EXPECT_TRUE(std::isnan(load(dtype, data + 3 * element_size(dtype))));
    EXPECT_TRUE(std::isnan(load(dtype, data + 7 * element_size(dtype))));
  }
}

TEST(TensorData, WritesOutsideTheTensorAreFound) {
  TensorData tensor(KI_DTYPE_FLOAT16, {2, 3}, {.row_gap = 1});
  const std::array<const TensorData*, 1> written{&tensor};
  tensor.write_sentinel();
  tensor.memory()->remember();
  auto* data = static_cast<std::byte*>(tensor.view().data);
  tensor.write(counting({2, 3}));
  EXPECT_FALSE(changed_outside(*tensor.memory(), written));
  EXPECT_TRUE(changed_outside(*tensor.memory(), {}));
  for (const int byte : {-1, 6, 14}) {
    const std::byte before = data[byte];
    data[byte] ^= std::byte{1};
    EXPECT_TRUE(changed_outside(*tensor.memory(), written)) << byte;
    data[byte] = before;
  }
}

TEST(TensorData, TensorsCanShareMemory) {
  const auto memory = std::make_shared<Memory>(1024);
  TensorData left(KI_DTYPE_FLOAT32, {4, 2}, {6, 1}, memory, 10);
  TensorData right(KI_DTYPE_FLOAT32, {4, 3}, {6, 1}, memory, 13);
  left.write(counting({4, 2}));
  right.write(counting({4, 3}));
  EXPECT_EQ(left.read().values, counting({4, 2}).values);
  EXPECT_EQ(right.read().values, counting({4, 3}).values);
}

}  // namespace
}  // namespace ki::test
