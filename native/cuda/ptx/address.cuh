// cvta: addresses in the form that instructions on shared memory take.
#pragma once

#include <cstdint>

namespace ki::ptx {

__device__ inline std::uint32_t cvta_to_shared(const void* generic) {
  return static_cast<std::uint32_t>(__cvta_generic_to_shared(generic));
}

}  // namespace ki::ptx
