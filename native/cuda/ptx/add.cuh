// add.s64 on addresses, for chains of them. The compiler would turn the chain into multiples of the step, each computed from
// the start, or hoist them out of a loop: registers that the loop needs for its sums.
#pragma once

#include <cstdint>

namespace ki::ptx {

__device__ inline const char* add_s64(const char* address, std::int64_t step) {
  const char* sum;
  asm volatile("add.s64 %0, %1, %2;" : "=l"(sum) : "l"(address), "l"(step));
  return sum;
}

}  // namespace ki::ptx
