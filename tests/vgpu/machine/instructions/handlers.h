// Handlers that the machine itself must recognise.
#pragma once

#include "machine/op.h"

namespace vgpu::machine::handlers {

void bra(Warp& warp, const Op& op, std::uint32_t mask);  // immediate: the target
void exit(Warp& warp, const Op& op, std::uint32_t mask);

}  // namespace vgpu::machine::handlers
