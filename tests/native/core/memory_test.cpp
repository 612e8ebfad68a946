#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "support/handles.h"

namespace ki::test {
namespace {

class MemoryTest : public testing::Test {
 protected:
  Device device = open_device("cpu");
  Stream stream = create_stream(device);
};

TEST_F(MemoryTest, BuffersAreAlignedAndAsLargeAsAskedFor) {
  for (const ki_memory_kind kind : {KI_MEMORY_KIND_DEVICE, KI_MEMORY_KIND_PINNED}) {
    for (const std::uint64_t size : {0, 1, 63, 64, 65, 4097, 1 << 20}) {
      const Buffer buffer = create_buffer(device, size, kind);
      EXPECT_NE(data_of(buffer), nullptr);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data_of(buffer)) % 64, 0U);
      std::uint64_t got = 77;
      EXPECT_EQ(ki_buffer_get_size(buffer.get(), &got), KI_STATUS_OK);
      EXPECT_EQ(got, size);
      std::fill_n(data_of(buffer), size, std::byte{1});
    }
  }
}

TEST_F(MemoryTest, BuffersDoNotShareMemory) {
  std::vector<Buffer> buffers;
  for (int i = 0; i < 50; ++i) {
    buffers.push_back(create_buffer(device, 100));
    std::fill_n(data_of(buffers.back()), 100, static_cast<std::byte>(i));
  }
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(std::count(data_of(buffers[i]), data_of(buffers[i]) + 100, static_cast<std::byte>(i)), 100);
  }
}

TEST_F(MemoryTest, AbsurdSizesRunOutOfMemory) {
  const std::int64_t handles = ki_live_handle_count();
  for (const std::uint64_t size :
       {std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max() - 63,
        std::uint64_t{1} << 63, std::uint64_t{1} << 60}) {
    ki_buffer* buffer = reinterpret_cast<ki_buffer*>(8);
    EXPECT_EQ(ki_buffer_create(device.get(), KI_MEMORY_KIND_DEVICE, size, &buffer), KI_STATUS_OUT_OF_MEMORY);
    EXPECT_EQ(buffer, nullptr);
    EXPECT_NE(std::string(ki_last_error_message()).find(std::to_string(size)), std::string::npos)
        << ki_last_error_message();
  }
  EXPECT_EQ(ki_live_handle_count(), handles);
}

TEST_F(MemoryTest, UnknownKindsOfMemoryAreRefused) {
  for (const int kind : {0, 3, -1}) {
    ki_buffer* buffer = nullptr;
    EXPECT_TRUE(refused(ki_buffer_create(device.get(), static_cast<ki_memory_kind>(kind), 64, &buffer),
                        KI_STATUS_INVALID_ARGUMENT, "kind", {std::to_string(kind)}));
    EXPECT_EQ(buffer, nullptr);
  }
}

TEST_F(MemoryTest, CopiesBytesAndNoMore) {
  std::array<std::uint8_t, 64> from{}, to{};
  std::iota(from.begin(), from.end(), std::uint8_t{1});
  ASSERT_EQ(ki_copy(stream.get(), to.data() + 3, from.data() + 5, 33), KI_STATUS_OK);
  for (std::size_t i = 0; i < to.size(); ++i) EXPECT_EQ(to[i], i >= 3 && i < 36 ? from[i + 2] : 0) << i;
}

TEST_F(MemoryTest, FillsBytesAndNoMore) {
  std::array<std::uint8_t, 64> to{};
  ASSERT_EQ(ki_fill(stream.get(), to.data() + 7, 0xAB, 21), KI_STATUS_OK);
  for (std::size_t i = 0; i < to.size(); ++i) EXPECT_EQ(to[i], i >= 7 && i < 28 ? 0xAB : 0) << i;
}

TEST_F(MemoryTest, OverlappingCopiesAreRefused) {
  std::array<std::uint8_t, 64> bytes{};
  std::iota(bytes.begin(), bytes.end(), std::uint8_t{0});
  const auto before = bytes;
  for (const std::ptrdiff_t distance : {-15, -1, 0, 1, 15}) {
    EXPECT_TRUE(refused(ki_copy(stream.get(), bytes.data() + 20 + distance, bytes.data() + 20, 16),
                        KI_STATUS_INVALID_ARGUMENT, "destination", {"overlap"}));
  }
  EXPECT_EQ(bytes, before);
  EXPECT_EQ(ki_copy(stream.get(), bytes.data() + 4, bytes.data() + 20, 16), KI_STATUS_OK);
  EXPECT_EQ(ki_copy(stream.get(), bytes.data() + 36, bytes.data() + 20, 16), KI_STATUS_OK);
  EXPECT_EQ(bytes[4], 20);
  EXPECT_EQ(bytes[51], 35);
}

TEST_F(MemoryTest, NothingIsCopiedOrFilledForZeroBytes) {
  std::uint8_t byte = 5;
  EXPECT_EQ(ki_copy(stream.get(), nullptr, nullptr, 0), KI_STATUS_OK);
  EXPECT_EQ(ki_copy(stream.get(), &byte, &byte, 0), KI_STATUS_OK);
  EXPECT_EQ(ki_fill(stream.get(), nullptr, 1, 0), KI_STATUS_OK);
  EXPECT_EQ(ki_fill(stream.get(), &byte, 1, 0), KI_STATUS_OK);
  EXPECT_EQ(byte, 5);
}

}  // namespace
}  // namespace ki::test
