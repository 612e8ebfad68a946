// The kernels of test_support.h.
#include "driver/test_support.h"
#include "machine/testing/ptx_text.h"

namespace {

using vgpu::testing::kGridIndex, vgpu::testing::kHeader, vgpu::testing::kVectorAdd;

const std::string kText = kHeader + kVectorAdd + R"(
.visible .global .align 4 .b8 scale[16] = {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0};
.extern .shared .align 16 .b8 dynamic[];

.visible .entry add_to(.param .u64 p, .param .u32 value, .param .u32 n)
{
  .reg .pred %p<2>;
  .reg .b32 %r<8>;
  .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [p];
  ld.param.u32 %r6, [value];
  ld.param.u32 %r2, [n];
)" + kGridIndex + R"(
  mul.wide.s32 %rd2, %r1, 4;
  add.s64 %rd3, %rd1, %rd2;
  ld.global.u32 %r7, [%rd3];
  add.s32 %r7, %r7, %r6;
  st.global.u32 [%rd3], %r7;
$done:
  ret;
}

.visible .entry write_at(.param .u64 address)
{
  .reg .b32 %r<2>;
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [address];
  mov.u32 %r1, 1;
  st.global.u32 [%rd1], %r1;
  ret;
}

.visible .entry misaligned(.param .u64 p)
{
  .reg .b32 %r<2>;
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [p];
  mov.u32 %r1, 1;
  st.global.u32 [%rd1+1], %r1;
  ret;
}

.visible .entry trap()
{
  trap;
  ret;
}

.visible .entry spin()
{
$again:
  bra $again;
}

.visible .entry bounded() .maxntid 64, 1, 1
{
  ret;
}

.visible .entry shared_sum(.param .u64 p)
{
  .reg .pred %p<3>;
  .reg .b32 %r<8>;
  .reg .b64 %rd<2>;
  ld.param.u64 %rd1, [p];
  mov.u32 %r1, %tid.x;
  mov.u32 %r2, dynamic;
  shl.b32 %r3, %r1, 2;
  add.s32 %r3, %r2, %r3;
  st.shared.u32 [%r3], %r1;
  bar.sync 0;
  setp.ne.s32 %p1, %r1, 0;
  @%p1 bra $done;
  mov.u32 %r4, 0;
  mov.u32 %r5, 0;
  mov.u32 %r6, %ntid.x;
$next:
  ld.shared.u32 %r7, [%r2];
  add.s32 %r4, %r4, %r7;
  add.s32 %r2, %r2, 4;
  add.s32 %r5, %r5, 1;
  setp.lt.s32 %p2, %r5, %r6;
  @%p2 bra $next;
  st.global.u32 [%rd1], %r4;
$done:
  ret;
}
)";

}  // namespace

const char* const kTestKernels = kText.c_str();
