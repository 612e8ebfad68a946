// Constants and special registers as lanes.
#include "machine/special_registers.h"

#include <algorithm>

namespace vgpu::machine {
namespace {

template <class Value>
void fill(std::byte* arena, std::uint32_t offset, Width width, const Value& value) {
  std::byte* at = arena + offset;
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    const std::uint64_t bits = value(lane);
    switch (width) {
      case Width::predicate: *reinterpret_cast<std::uint32_t*>(at) = bits != 0 ? ~0u : 0; break;
      case Width::bits8: reinterpret_cast<std::uint8_t*>(at)[lane] = static_cast<std::uint8_t>(bits); break;
      case Width::bits16: reinterpret_cast<std::uint16_t*>(at)[lane] = static_cast<std::uint16_t>(bits); break;
      case Width::bits32: reinterpret_cast<std::uint32_t*>(at)[lane] = static_cast<std::uint32_t>(bits); break;
      case Width::bits64: reinterpret_cast<std::uint64_t*>(at)[lane] = bits; break;
    }
  }
}

}  // namespace

void fill_constants(const Kernel& kernel, std::byte* arena) {
  *reinterpret_cast<std::uint32_t*>(arena) = ~0u;
  for (const Kernel::Constant& constant : kernel.constants) {
    fill(arena, constant.offset, constant.width, [&](std::uint32_t) { return constant.bits; });
  }
}

void fill_special_registers(const Kernel& kernel, const Execution& execution, Dim3 block, std::uint32_t warp,
                            std::byte* arena) {
  const Dim3& grid = execution.launch.grid;
  const Dim3& shape = execution.launch.block;
  const std::uint32_t warps = (shape.x * shape.y * shape.z + kLanes - 1) / kLanes;
  const auto value = [&](Special which, std::uint32_t lane) -> std::uint64_t {
    const std::uint32_t thread = warp * kLanes + lane;
    switch (which) {
      case Special::tid_x: return thread % shape.x;
      case Special::tid_y: return thread / shape.x % shape.y;
      case Special::tid_z: return thread / shape.x / shape.y;
      case Special::ntid_x: return shape.x;
      case Special::ntid_y: return shape.y;
      case Special::ntid_z: return shape.z;
      case Special::ctaid_x: return block.x;
      case Special::ctaid_y: return block.y;
      case Special::ctaid_z: return block.z;
      case Special::nctaid_x: return grid.x;
      case Special::nctaid_y: return grid.y;
      case Special::nctaid_z: return grid.z;
      case Special::laneid: return lane;
      case Special::warpid: return warp;
      case Special::nwarpid: return std::max(warps, 64u);  // of the processor, as hardware says
      case Special::smid: return 0;
      case Special::nsmid: return 1;
      case Special::gridid: return 1;
      case Special::lanemask_eq: return 1u << lane;
      case Special::lanemask_le: return (2ull << lane) - 1;
      case Special::lanemask_lt: return (1u << lane) - 1;
      case Special::lanemask_ge: return ~((1u << lane) - 1);
      case Special::lanemask_gt: return ~static_cast<std::uint32_t>((2ull << lane) - 1);
      case Special::dynamic_smem_size: return execution.launch.dynamic_shared_bytes;
      case Special::total_smem_size: return execution.shared_bytes;
    }
    return 0;
  };
  for (const Kernel::SpecialRegister& special : kernel.specials) {
    fill(arena, special.offset, special.width, [&](std::uint32_t lane) { return value(special.which, lane); });
  }
}

}  // namespace vgpu::machine
