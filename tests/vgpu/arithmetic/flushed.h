// What `.ftz` does to a number: a subnormal one becomes a zero of its sign.
#pragma once

#include <cmath>
#include <limits>

namespace vgpu::arithmetic {

template <class F>
F flushed(F x) {
  return std::fabs(x) < std::numeric_limits<F>::min() ? std::copysign(F{0}, x) : x;
}

}  // namespace vgpu::arithmetic
