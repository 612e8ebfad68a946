// The memory of the virtual GPU: a sparse region of its own, a registry of what is allocated in it, and the host memory
// that was pinned for it. All members may be called from several threads at once.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>

#include "memory/byte_flags.h"
#include "memory/sparse_mapping.h"

namespace vgpu {

// Device addresses are no addresses of the host: bit 47 is set, so a host that follows one faults at once. The windows
// of shared and local memory in the generic address space lie beside the global one.
inline constexpr std::uint64_t kGlobalBase = 0x0000'A000'0000'0000;
inline constexpr std::uint64_t kSharedWindow = 0x0000'B000'0000'0000;
inline constexpr std::uint64_t kLocalWindow = 0x0000'B800'0000'0000;

// One live allocation, or one pinned range of the host.
struct MemoryRange {
  std::uint64_t base = 0, size_bytes = 0;
  std::byte* host = nullptr;  // where its bytes are
  std::uint64_t index = 0;    // of its first byte in the shadows: every live byte has an index of its own
  bool pinned = false;

  bool holds(std::uint64_t address, std::uint64_t size) const {
    return size <= size_bytes && address - base <= size_bytes - size;
  }
};

// Why an address cannot be accessed.
struct AddressFault {
  enum class Kind { none, null_pointer, out_of_bounds, use_after_free, host_pointer } kind = Kind::none;
  std::string text;  // `4 bytes past the end of an allocation of 1024 bytes`
};

class DeviceMemory {
 public:
  // Throws std::system_error when the system refuses the address space.
  explicit DeviceMemory(std::uint64_t capacity_bytes);
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  // An address aligned to `alignment`, a power of two from 256 on, and to no more than it, with red zones around the
  // range; nothing if the capacity is used up. Zero bytes are refused. What nobody has written counts as uninitialised,
  // and its first 16 MiB read as NaN in every floating-point format.
  std::optional<std::uint64_t> allocate(std::uint64_t size_bytes, std::uint64_t alignment = 256);
  // False if no allocation begins there. The range stays known as freed until it must be reused.
  bool free(std::uint64_t address);

  // Host memory that kernels may use under its own address, until it is released. False if it overlaps pinned memory,
  // or if none is pinned there. Pinned memory counts as initialised: the host may write it at any time, unseen.
  bool pin(void* host, std::uint64_t size_bytes);
  bool unpin(void* host);

  // The live allocation or pinned range that holds an address.
  std::optional<MemoryRange> find(std::uint64_t address) const;
  // Where the host finds these bytes; null unless all of them lie in one live allocation. It takes a lock: what
  // executes kernels asks its own MemoryView instead.
  std::byte* resolve(std::uint64_t address, std::uint64_t size_bytes) const;
  AddressFault explain(std::uint64_t address, std::uint64_t size_bytes) const;
  // `byte 24 of an allocation of 1024 bytes`, for findings.
  std::string describe(std::uint64_t address) const;

  // Whether bytes have been written. Copies from the host, fills and initial values of variables must say so; kernels'
  // stores are seen by Checks. Ranges that are not device memory are ignored, and always initialised.
  void set_initialised(std::uint64_t address, std::uint64_t size_bytes);
  // A copy within the device takes along what is known of its bytes.
  void copy_initialised(std::uint64_t to, std::uint64_t from, std::uint64_t size_bytes);
  bool is_initialised(std::uint64_t address, std::uint64_t size_bytes) const;

  std::uint64_t capacity_bytes() const { return capacity_bytes_; }
  std::uint64_t used_bytes() const;

  // Grows whenever a range ends, so that what was found before must be looked up again.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

  // For Checks, by MemoryRange::index: which bytes were written, and 16 bytes of notes for each aligned four bytes, all
  // zeros when the range begins its life.
  static constexpr std::uint64_t kNoteBytesPerByte = 4;
  ByteFlags& written() { return written_; }
  std::byte* notes() const { return notes_.data(); }
  void forget_notes() { notes_.zero(0, notes_.size_bytes()); }
  // The time of the next note. One launch at a time writes notes.
  std::uint32_t& note_clock() { return note_clock_; }

 private:
  enum class State { live, freed, pinned };
  struct Block {
    std::uint64_t size_bytes = 0;
    State state = State::live;
    std::uint64_t freed_at = 0;  // grows with each free(): the oldest is reused first
    std::uint64_t host = 0;      // of a pinned range
  };
  using Blocks = std::map<std::uint64_t, Block>;  // by offset in the region

  std::optional<std::uint64_t> place(std::uint64_t size_bytes, std::uint64_t alignment);
  std::optional<std::uint64_t> gap(std::uint64_t size_bytes, std::uint64_t alignment) const;
  bool forget_oldest_freed();
  std::optional<MemoryRange> find_locked(std::uint64_t address) const;
  MemoryRange range(Blocks::const_iterator block) const;
  std::string nearest(std::uint64_t offset, std::uint64_t size_bytes, AddressFault::Kind& kind) const;

  const std::uint64_t capacity_bytes_;
  SparseMapping bytes_;
  ByteFlags written_;
  SparseMapping notes_;
  mutable std::shared_mutex mutex_;
  Blocks blocks_;
  std::map<std::uint64_t, std::uint64_t> pinned_;  // by host address: offset of its block
  std::uint64_t next_ = 0;                         // the end of what was ever used of the region
  std::uint64_t used_bytes_ = 0, frees_ = 0;
  std::atomic<std::uint64_t> generation_{1};
  std::uint32_t note_clock_ = 1;
};

}  // namespace vgpu
