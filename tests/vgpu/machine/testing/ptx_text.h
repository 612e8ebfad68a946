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

// Sets %r1 to the thread's index in a grid of one dimension. Threads from %r2 on go to `$done`.
inline const std::string kGridIndex = R"(
  mov.u32 %r3, %ctaid.x;
  mov.u32 %r4, %ntid.x;
  mov.u32 %r5, %tid.x;
  mad.lo.s32 %r1, %r3, %r4, %r5;
  setp.ge.s32 %p1, %r1, %r2;
  @%p1 bra $done;
)";

// `vecadd`: c[i] = a[i] + b[i] for n floats.
inline const std::string kVectorAdd = R"(
.visible .entry vecadd(.param .u64 a, .param .u64 b, .param .u64 c, .param .u32 n)
{
  .reg .pred %p<2>;
  .reg .f32 %f<4>;
  .reg .b32 %r<6>;
  .reg .b64 %rd<11>;
  ld.param.u64 %rd1, [a];
  ld.param.u64 %rd2, [b];
  ld.param.u64 %rd3, [c];
  ld.param.u32 %r2, [n];
)" + kGridIndex + R"(
  cvta.to.global.u64 %rd4, %rd1;
  mul.wide.s32 %rd5, %r1, 4;
  add.s64 %rd6, %rd4, %rd5;
  cvta.to.global.u64 %rd7, %rd2;
  add.s64 %rd8, %rd7, %rd5;
  ld.global.f32 %f1, [%rd8];
  ld.global.f32 %f2, [%rd6];
  add.f32 %f3, %f2, %f1;
  cvta.to.global.u64 %rd9, %rd3;
  add.s64 %rd10, %rd9, %rd5;
  st.global.f32 [%rd10], %f3;
$done:
  ret;
}
)";

}  // namespace vgpu::testing
