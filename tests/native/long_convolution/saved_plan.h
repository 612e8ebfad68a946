#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "long_convolution/long_convolution_run.h"

// The bytes of saved plans, to be damaged, cut and made up. The layout is written down here a second time, so that it cannot change
// unnoticed.
namespace ki::test {

using Bytes = std::vector<std::uint8_t>;

namespace saved {
inline constexpr std::size_t kMagic = 0, kVersion = 8, kFlags = 12, kChannels = 16, kLength = 24, kFilterLength = 32,
                             kFftSize = 40, kFrequencyBlock = 48, kMaskBlocks = 56, kSquash = 64, kZero = 68,
                             kHeaderBytes = 72, kChecksumBytes = 8;
}  // namespace saved

/// CRC-64/XZ, bit by bit.
inline std::uint64_t checksum_of(const std::uint8_t* bytes, std::size_t size) {
  std::uint64_t crc = ~std::uint64_t{0};
  for (std::size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xC96C5795D7870F42U : 0);
  }
  return ~crc;
}

/// Gives bytes the checksum that belongs to them.
inline void seal(Bytes& file) {
  const std::size_t size = file.size() - saved::kChecksumBytes;
  const std::uint64_t checksum = checksum_of(file.data(), size);
  std::memcpy(file.data() + size, &checksum, sizeof(checksum));
}

template <typename T>
void put(Bytes& file, std::size_t offset, T value) {
  std::memcpy(file.data() + offset, &value, sizeof(value));
}

template <typename T>
T get(const Bytes& file, std::size_t offset) {
  T value;
  std::memcpy(&value, file.data() + offset, sizeof(value));
  return value;
}

inline Bytes save(ki_stream* stream, const LongConvolutionPlan& plan) {
  std::uint64_t size = 0;
  check(ki_long_convolution_plan_save(stream, plan.get(), nullptr, 0, &size));
  Bytes file(size);
  check(ki_long_convolution_plan_save(stream, plan.get(), file.data(), size, &size));
  EXPECT_EQ(size, file.size());
  return file;
}

inline LongConvolutionPlan load(ki_stream* stream, const Bytes& file) {
  ki_long_convolution_plan* plan = nullptr;
  check(ki_long_convolution_plan_load(stream, file.data(), file.size(), &plan));
  return LongConvolutionPlan(plan);
}

}  // namespace ki::test
