// Pieces of PTX that tests are written with.
#pragma once

#include <string>

namespace vgpu::testing {

inline const char* const kHeader = ".version 8.4\n.target sm_80\n.address_size 64\n";

// A kernel `k` with pointers %p0, %p1 and %p2 to three buffers, and registers of every kind. `variables` stands inside
// it, before the code.
inline std::string kernel(const std::string& body, const std::string& variables = "") {
  return std::string(kHeader) + ".visible .entry k(.param .u64 a, .param .u64 b, .param .u64 c)\n{\n" + variables +
         ".reg .pred %q<16>; .reg .b16 %h<32>; .reg .b32 %r<64>; .reg .f32 %f<32>; .reg .b64 %d<32>; .reg .b64 %p<3>; "
         ".reg .f64 %fd<16>;\n"
         "ld.param.u64 %p0, [a]; ld.param.u64 %p1, [b]; ld.param.u64 %p2, [c];\n" +
         body + "\n}\n";
}

// In such a kernel: %r0 is the thread's index in its block, and %d1 and %d2 are its own `bytes` of the first and the
// second buffer.
inline std::string own_places(int bytes) {
  return "mov.u32 %r0, %tid.x; mul.wide.u32 %d0, %r0, " + std::to_string(bytes) +
         "; add.s64 %d1, %p0, %d0; add.s64 %d2, %p1, %d0;\n";
}

}  // namespace vgpu::testing
