#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "kernels_interop.h"
#include "support/handles.h"

namespace ki::test {

/// Whose scratch memory a run uses.
enum class Workspace { of_stream, of_caller };

/// A workspace with a guard behind it.
class GuardedWorkspace {
 public:
  GuardedWorkspace(const Device& device, ki_stream* stream, std::uint64_t size_bytes)
      : stream_(stream), size_bytes_(size_bytes), buffer_(create_buffer(device, size_bytes + kGuardBytes)) {
    check(ki_fill(stream, data_of(buffer_), kGuard, size_bytes + kGuardBytes));
  }

  void* data() const { return data_of(buffer_); }

  bool is_overrun() const {
    std::array<std::uint8_t, kGuardBytes> guard{};
    check(ki_copy(stream_, guard.data(), data_of(buffer_) + size_bytes_, kGuardBytes));
    check(ki_stream_synchronize(stream_));
    return std::ranges::count(guard, kGuard) != std::ssize(guard);
  }

 private:
  static constexpr std::uint64_t kGuardBytes = 256;
  static constexpr std::uint8_t kGuard = 0xA5;

  ki_stream* stream_;
  std::uint64_t size_bytes_;
  Buffer buffer_;
};

}  // namespace ki::test
