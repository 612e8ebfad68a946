// The kernels of test_support.h.
#include "driver/test_support.h"

const char kTestKernels[] = R"(
.version 8.4
.target sm_80
.address_size 64

.visible .global .align 4 .b8 scale[16] = {1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0};
.extern .shared .align 16 .b8 dynamic[];

.visible .entry vecadd(
  .param .u64 vecadd_a, .param .u64 vecadd_b, .param .u64 vecadd_c, .param .u32 vecadd_n
)
{
  .reg .pred %p<2>;
  .reg .f32 %f<4>;
  .reg .b32 %r<6>;
  .reg .b64 %rd<11>;
  ld.param.u64 %rd1, [vecadd_a];
  ld.param.u64 %rd2, [vecadd_b];
  ld.param.u64 %rd3, [vecadd_c];
  ld.param.u32 %r2, [vecadd_n];
  mov.u32 %r3, %ctaid.x;
  mov.u32 %r4, %ntid.x;
  mov.u32 %r5, %tid.x;
  mad.lo.s32 %r1, %r3, %r4, %r5;
  setp.ge.s32 %p1, %r1, %r2;
  @%p1 bra $done;
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

.visible .entry add_to(.param .u64 p, .param .u32 value, .param .u32 n)
{
  .reg .pred %p<2>;
  .reg .b32 %r<8>;
  .reg .b64 %rd<4>;
  ld.param.u64 %rd1, [p];
  ld.param.u32 %r6, [value];
  ld.param.u32 %r2, [n];
  mov.u32 %r3, %ctaid.x;
  mov.u32 %r4, %ntid.x;
  mov.u32 %r5, %tid.x;
  mad.lo.s32 %r1, %r3, %r4, %r5;
  setp.ge.s32 %p1, %r1, %r2;
  @%p1 bra $done;
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
