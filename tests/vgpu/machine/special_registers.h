// Fills in what a warp's arena holds beside its registers: constants, once, and the special registers of a kernel, which
// stand still while a warp runs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "machine/execution.h"

namespace vgpu::machine {

void fill_constants(const Kernel& kernel, std::byte* arena);
void fill_special_registers(const Kernel& kernel, const Execution& execution, Dim3 block, std::uint32_t warp,
                            std::byte* arena);

// All lanes of `mask` get one value.
inline void blend_value(std::uint32_t* d, std::uint32_t value, std::uint32_t mask) {
  for (std::uint32_t i = 0; i < kLanes; ++i) d[i] = (mask >> i & 1) != 0 ? value : d[i];
}

}  // namespace vgpu::machine
