// Under which name an instruction is counted.
#pragma once

#include <string>
#include <string_view>

namespace vgpu::machine {

// `ld.global`, `mma.sync`, `cp.async`, `add`. `space` is where an access of an instruction without one went.
std::string counted_name(std::string_view opcode, std::string_view space);

}  // namespace vgpu::machine
