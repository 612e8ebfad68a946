// Generated from native/include/kernels_interop.h; do not edit.
#pragma once

#include <cstdint>

namespace ki {

// Hash of the declarations that this library was built from.
inline constexpr std::uint64_t kAbiHash = 0x58255F5D22D6F001ull;

}  // namespace ki
