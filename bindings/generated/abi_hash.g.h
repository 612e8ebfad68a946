// Generated from native/include/kernels_interop.h; do not edit.
#pragma once

#include <cstdint>

namespace ki {

// Hash of the declarations that this library was built from.
inline constexpr std::uint64_t kAbiHash = 0xD042004AE68D1CC4ull;

}  // namespace ki
