#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "support/handles.h"

// Bytes of any device, seen from the host.
namespace ki::test {

inline std::vector<std::uint8_t> download(const Stream& stream, const void* address, std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  check(ki_copy(stream.get(), bytes.data(), address, size));
  return bytes;
}

inline std::vector<std::uint8_t> download(const Stream& stream, const Buffer& buffer) {
  std::uint64_t size = 0;
  check(ki_buffer_get_size(buffer.get(), &size));
  return download(stream, data_of(buffer), size);
}

/// A buffer that holds these bytes.
inline Buffer upload(const Device& device, const Stream& stream, const std::vector<std::uint8_t>& bytes,
                     ki_memory_kind kind = KI_MEMORY_KIND_DEVICE) {
  Buffer buffer = create_buffer(device, bytes.size(), kind);
  check(ki_copy(stream.get(), data_of(buffer), bytes.data(), bytes.size()));
  return buffer;
}

/// 1, 2, 3, ...
inline std::vector<std::uint8_t> counting_bytes(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i + 1);
  return bytes;
}

}  // namespace ki::test
