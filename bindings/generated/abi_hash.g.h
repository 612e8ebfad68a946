// Generated from native/include/kernels_interop.h; do not edit.
#pragma once

#include <cstdint>

namespace ki {

// Hash of the declarations that this library was built from.
inline constexpr std::uint64_t kAbiHash = 0xC8183CB4C0A6786Full;

}  // namespace ki
