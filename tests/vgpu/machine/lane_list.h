// Lanes for a person to read: `0-3, 8`.
#pragma once

#include <cstdint>
#include <string>

namespace vgpu::machine {

inline std::string lane_list(std::uint32_t mask) {
  std::string text;
  for (int first = 0; first < 32; ++first) {
    if ((mask >> first & 1) == 0) continue;
    int last = first;
    while (last < 31 && (mask >> (last + 1) & 1) != 0) ++last;
    if (!text.empty()) text += ", ";
    text += std::to_string(first);
    if (last > first) text += "-" + std::to_string(last);
    first = last;
  }
  return text;
}

}  // namespace vgpu::machine
