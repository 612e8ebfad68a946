// What a finding needs to know of a launch: its shape, to name threads and blocks, and where its instructions stand.
#pragma once

#include <cstdint>
#include <string>

namespace vgpu {

struct Dim3 {
  std::uint32_t x = 1, y = 1, z = 1;
};

struct LaunchShape {
  std::string kernel;
  Dim3 grid, block;
  std::uint32_t shared_bytes = 0;  // static and dynamic
};

// Tells where an instruction stands: `attention/cuda/forward.cu:120, inlined at ...`, and its PTX.
class SourceLines {
 public:
  virtual ~SourceLines() = default;
  virtual std::string describe(std::uint32_t instruction) const = 0;
};

}  // namespace vgpu
