// From the addresses of a warp's lanes to places in the host's memory. Bounds and alignment are tested always, Checks and
// counters are told where a launch has them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "checks/checks.h"
#include "machine/op.h"
#include "memory/device_memory.h"
#include "ptx/module.h"

namespace vgpu::machine {

// The parameters of a kernel lie behind local memory in the generic space.
inline constexpr std::uint64_t kParameterWindow = 0x0000'BC00'0000'0000;
inline constexpr std::uint64_t kWindowsEnd = 0x0000'C000'0000'0000;

struct MemoryAccess {
  ptx::Space space = ptx::Space::generic;
  AccessKind kind = AccessKind::load;
  MemoryOrder order = MemoryOrder::weak;
  MemoryScope scope = MemoryScope::device;
  std::uint32_t bytes = 4;  // of each lane, all elements of a vector together
  bool is_narrow = false;   // addresses come from a 32-bit register
  std::uint32_t element_bytes = 4;
  // Elements of a vector that the kernel goes on to use. Compilers load whole vectors where they need less of them, and
  // what is not used may never have been written.
  std::uint32_t used_elements = ~0u;
};

struct Places {
  std::byte* at[kLanes];  // of the lanes that take part
};

// False if a lane's access faults: the launch has ended then.
bool find_places(Warp& warp, const MemoryAccess& access, const std::uint64_t* addresses, std::uint32_t mask,
                 Places& places);

// The places at an instruction's address operand, which its immediate displaces.
bool find_places(Warp& warp, const Op& op, std::size_t operand, const MemoryAccess& access, std::uint32_t mask,
                 Places& places);

// The lanes' addresses: those in the register at `offset`, with `displacement` added. `scratch` may come to hold them.
const std::uint64_t* addresses_of(const Warp& warp, std::uint32_t offset, bool is_narrow, std::uint64_t displacement,
                                  std::uint64_t* scratch);

// The same as offsets in shared memory, of which the addresses may be generic.
void shared_offsets_of(const Warp& warp, std::uint32_t offset, bool is_narrow, std::uint64_t displacement,
                       std::uint64_t* offsets);

}  // namespace vgpu::machine
