// Buffers, copies and fills, on every device.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "support/backends.h"
#include "support/device_bytes.h"
#include "support/handles.h"

namespace ki::test {
namespace {

using Bytes = std::vector<std::uint8_t>;

class MemoryTest : public testing::TestWithParam<std::string> {
 protected:
  Device device = open_device(GetParam().c_str());
  Stream stream = create_stream(device);
};

INSTANTIATE_TEST_SUITE_P(Devices, MemoryTest, testing::ValuesIn(device_names()),
                         [](const auto& info) { return test_name(info.param); });

TEST_P(MemoryTest, BuffersAreAlignedAndAsLargeAsAskedFor) {
  for (const ki_memory_kind kind : {KI_MEMORY_KIND_DEVICE, KI_MEMORY_KIND_PINNED}) {
    for (const std::uint64_t size : {0, 1, 63, 64, 65, 4097, 1 << 20}) {
      const Buffer buffer = create_buffer(device, size, kind);
      EXPECT_NE(data_of(buffer), nullptr);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data_of(buffer)) % 64, 0U);
      std::uint64_t got = 77;
      EXPECT_EQ(ki_buffer_get_size(buffer.get(), &got), KI_STATUS_OK);
      EXPECT_EQ(got, size);
      check(ki_fill(stream.get(), data_of(buffer), 1, size));
      EXPECT_EQ(download(stream, buffer), Bytes(size, 1));
    }
  }
}

TEST_P(MemoryTest, BuffersDoNotShareMemory) {
  std::vector<Buffer> buffers;
  for (int i = 0; i < 50; ++i) {
    buffers.push_back(create_buffer(device, 100));
    check(ki_fill(stream.get(), data_of(buffers.back()), static_cast<std::uint8_t>(i), 100));
  }
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(download(stream, buffers[static_cast<std::size_t>(i)]), Bytes(100, static_cast<std::uint8_t>(i)));
  }
}

TEST_P(MemoryTest, AbsurdSizesRunOutOfMemory) {
  const std::int64_t handles = ki_live_handle_count();
  for (const ki_memory_kind kind : {KI_MEMORY_KIND_DEVICE, KI_MEMORY_KIND_PINNED}) {
    for (const std::uint64_t size :
         {std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max() - 63,
          std::uint64_t{1} << 63, std::uint64_t{1} << 60}) {
      ki_buffer* buffer = reinterpret_cast<ki_buffer*>(8);
      EXPECT_EQ(ki_buffer_create(device.get(), kind, size, &buffer), KI_STATUS_OUT_OF_MEMORY);
      EXPECT_EQ(buffer, nullptr);
      EXPECT_NE(std::string(ki_last_error_message()).find(std::to_string(size)), std::string::npos)
          << ki_last_error_message();
    }
  }
  EXPECT_EQ(ki_live_handle_count(), handles);
  EXPECT_EQ(ki_stream_synchronize(stream.get()), KI_STATUS_OK) << "running out of memory is no lasting error";
}

TEST_P(MemoryTest, UnknownKindsOfMemoryAreRefused) {
  for (const int kind : {0, 3, -1}) {
    ki_buffer* buffer = nullptr;
    EXPECT_TRUE(refused(ki_buffer_create(device.get(), static_cast<ki_memory_kind>(kind), 64, &buffer),
                        KI_STATUS_INVALID_ARGUMENT, "kind", {std::to_string(kind)}));
    EXPECT_EQ(buffer, nullptr);
  }
}

/// Where bytes can be: a vector, or a buffer of either kind.
struct Place {
  Bytes host;
  Buffer buffer;
  std::uint8_t* data() { return buffer ? reinterpret_cast<std::uint8_t*>(data_of(buffer)) : host.data(); }
};

TEST_P(MemoryTest, CopiesBytesAndNoMoreBetweenAllPlaces) {
  const Bytes source = counting_bytes(64), background(64, 0);
  const auto place = [&](int where, const Bytes& bytes) {
    if (where == 0) return Place{bytes, nullptr};
    return Place{{}, upload(device, stream, bytes, where == 1 ? KI_MEMORY_KIND_DEVICE : KI_MEMORY_KIND_PINNED)};
  };
  for (int from = 0; from < 3; ++from) {
    for (int to = 0; to < 3; ++to) {
      SCOPED_TRACE(std::to_string(from) + " to " + std::to_string(to));
      Place origin = place(from, source), target = place(to, background);
      ASSERT_EQ(ki_copy(stream.get(), target.data() + 3, origin.data() + 5, 33), KI_STATUS_OK);
      const Bytes got = target.buffer ? download(stream, target.buffer) : target.host;
      for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], i >= 3 && i < 36 ? source[i + 2] : 0) << i;
    }
  }
}

TEST_P(MemoryTest, FillsBytesAndNoMoreEverywhere) {
  const Bytes background(64, 0);
  for (int where = 0; where < 3; ++where) {
    Place place{background, nullptr};
    if (where > 0) {
      place.buffer = upload(device, stream, background, where == 1 ? KI_MEMORY_KIND_DEVICE : KI_MEMORY_KIND_PINNED);
    }
    ASSERT_EQ(ki_fill(stream.get(), place.data() + 7, 0xAB, 21), KI_STATUS_OK);
    const Bytes got = place.buffer ? download(stream, place.buffer) : place.host;
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i], i >= 7 && i < 28 ? 0xAB : 0) << where << ", " << i;
  }
}

/// A host array may be reused or read as soon as a copy returns; the copies of one stream happen in order.
TEST_P(MemoryTest, PageableMemoryIsFreeWhenACopyReturns) {
  const Buffer buffer = create_buffer(device, 4096), other = create_buffer(device, 4096);
  for (std::uint8_t round = 1; round < 20; ++round) {
    Bytes bytes(4096, round);
    check(ki_copy(stream.get(), data_of(buffer), bytes.data(), bytes.size()));
    std::ranges::fill(bytes, 0);
    check(ki_copy(stream.get(), data_of(other), data_of(buffer), bytes.size()));
    check(ki_fill(stream.get(), data_of(buffer), 0xEE, bytes.size()));
    check(ki_copy(stream.get(), bytes.data(), data_of(other), bytes.size()));
    EXPECT_EQ(bytes, Bytes(4096, round));
  }
}

TEST_P(MemoryTest, OverlappingCopiesAreRefused) {
  const Bytes before = counting_bytes(64);
  const Buffer buffer = upload(device, stream, before);
  std::byte* const bytes = data_of(buffer);
  for (const std::ptrdiff_t distance : {-15, -1, 0, 1, 15}) {
    EXPECT_TRUE(refused(ki_copy(stream.get(), bytes + 20 + distance, bytes + 20, 16), KI_STATUS_INVALID_ARGUMENT,
                        "destination", {"overlap"}));
  }
  EXPECT_EQ(download(stream, buffer), before);
  EXPECT_EQ(ki_copy(stream.get(), bytes + 4, bytes + 20, 16), KI_STATUS_OK);
  EXPECT_EQ(ki_copy(stream.get(), bytes + 36, bytes + 20, 16), KI_STATUS_OK);
  const Bytes after = download(stream, buffer);
  EXPECT_EQ(after[4], 21);
  EXPECT_EQ(after[51], 36);
}

TEST_P(MemoryTest, NothingIsCopiedOrFilledForZeroBytes) {
  std::uint8_t byte = 5;
  EXPECT_EQ(ki_copy(stream.get(), nullptr, nullptr, 0), KI_STATUS_OK);
  EXPECT_EQ(ki_copy(stream.get(), &byte, &byte, 0), KI_STATUS_OK);
  EXPECT_EQ(ki_fill(stream.get(), nullptr, 1, 0), KI_STATUS_OK);
  EXPECT_EQ(ki_fill(stream.get(), &byte, 1, 0), KI_STATUS_OK);
  EXPECT_EQ(byte, 5);
}

/// Work that is queued on a buffer is done with it before its memory goes back.
TEST_P(MemoryTest, ABufferMayBeClosedWhileWorkOnItIsQueued) {
  const Buffer result = create_buffer(device, 1 << 16);
  for (std::uint8_t round = 1; round < 10; ++round) {
    Buffer source = create_buffer(device, 1 << 16);
    check(ki_fill(stream.get(), data_of(source), round, 1 << 16));
    check(ki_copy(stream.get(), data_of(result), data_of(source), 1 << 16));
    source.reset();
    const Buffer next = create_buffer(device, 1 << 16);  // perhaps where the closed one was
    check(ki_fill(stream.get(), data_of(next), 0xEE, 1 << 16));
    EXPECT_EQ(download(stream, result), Bytes(1 << 16, round));
  }
}

}  // namespace
}  // namespace ki::test
