// The memory of the virtual GPU: a sparse region of its own, a registry of what is allocated in it, and the host memory
// that was pinned for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace vgpu {

// Device addresses are no addresses of the host: bit 47 is set, so a host that follows one faults at once. The windows
// of shared and local memory in the generic address space lie beside the global one.
inline constexpr std::uint64_t kGlobalBase = 0x0000'A000'0000'0000;
inline constexpr std::uint64_t kSharedWindow = 0x0000'B000'0000'0000;
inline constexpr std::uint64_t kLocalWindow = 0x0000'B800'0000'0000;

class DeviceMemory {
 public:
  explicit DeviceMemory(std::uint64_t capacity_bytes);
  ~DeviceMemory();
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  // An address aligned to 256 with red zones around it; nothing if the capacity is used up. Zero bytes are refused.
  std::optional<std::uint64_t> allocate(std::uint64_t size_bytes);
  // False if no allocation begins there. The range stays known as freed until it must be reused.
  bool free(std::uint64_t address);

  // Host memory that kernels may use under its own address, until it is released.
  void pin(void* host, std::uint64_t size_bytes);
  bool unpin(void* host);

  struct Range { std::uint64_t base = 0, size_bytes = 0; bool pinned = false; };
  // The live allocation that holds an address.
  std::optional<Range> find(std::uint64_t address) const;

  // Where the host finds these bytes; null unless all of them lie in one live allocation. Fast: this is on the path of
  // every global access of every kernel.
  std::byte* resolve(std::uint64_t address, std::uint64_t size_bytes) const;

  // Why resolve() said no, for a person: `4 bytes past the end of an allocation of 1024 bytes`, `in an allocation that
  // was freed`, `a pointer of the host`, ...
  std::string explain(std::uint64_t address, std::uint64_t size_bytes) const;

  std::uint64_t capacity_bytes() const;
  std::uint64_t used_bytes() const;
};

}  // namespace vgpu
