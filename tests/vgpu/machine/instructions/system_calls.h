// Functions that the device's runtime provides: printf and assert.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "machine/decoder.h"

namespace vgpu::machine {

// False if there is no such function. `arguments` and `results` are places in local memory.
bool emit_system_call(Decoder& decoder, std::string_view name, const std::vector<std::uint64_t>& arguments,
                      const std::vector<std::uint64_t>& results);

}  // namespace vgpu::machine
