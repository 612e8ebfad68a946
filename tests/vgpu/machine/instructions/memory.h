// What the instructions that access memory have in common when they are decoded.
#pragma once

#include "machine/address_space.h"
#include "machine/decoder.h"

namespace vgpu::machine {

// .weak, .volatile, .relaxed.gpu and the like. `fallback`: where nothing is said.
void accept_order(Decoder& decoder, MemoryAccess& access, MemoryOrder fallback);
ptx::Space accept_space(Decoder& decoder);  // generic if none is said
void skip_cache_hints(Decoder& decoder);    // they say where to keep a line, nothing about its value

}  // namespace vgpu::machine
