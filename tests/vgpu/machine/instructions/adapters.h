// Ops that no PTX instruction stands for: they give operands the width that a handler wants, and read clocks.
#pragma once

#include "machine/kernel.h"
#include "machine/op.h"

namespace vgpu::machine::adapters {

// at[0] = at[1], narrowed, or widened with zeros or the sign.
Handler resize(Width from, Width to, bool is_signed);
// at[0] = !at[1]
void negate_predicate(Warp& warp, const Op& op, std::uint32_t mask);

Handler read_clock(Width width, bool upper_half);
Handler read_timer(Width width, bool upper_half);

}  // namespace vgpu::machine::adapters
