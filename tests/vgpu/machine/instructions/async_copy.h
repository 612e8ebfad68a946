// What a kernel's end has to do with cp.async.
#pragma once

#include <cstdint>

#include "machine/op.h"

namespace vgpu::machine {

// Moves what a wait of these lanes covers: all but the latest `pending` committed groups; with `all`, everything.
void finish_copies(Warp& warp, std::uint32_t mask, std::uint32_t pending, bool all);

}  // namespace vgpu::machine
