// Whole kernels: parameters, variables, grids, shared memory, calls.
#include <gtest/gtest.h>

#include <numeric>

#include "machine/testing/kernel_run.h"
#include "machine/testing/ptx_text.h"

namespace vgpu {
namespace {

using testing::KernelRun;
using testing::kHeader;

// The sum of the block's elements, by shuffles and shared memory, and a sum of all by an atomic.
const char* const kBlockSum = R"(
.global .align 4 .f32 total = 0f00000000;
.visible .entry block_sum(.param .u64 a, .param .u64 sums)
{
  .shared .align 4 .b8 partial[128];
  .reg .pred %p<4>; .reg .f32 %f<8>; .reg .b32 %r<12>; .reg .b64 %rd<8>;
  ld.param.u64 %rd1, [a];
  ld.param.u64 %rd2, [sums];
  mov.u32 %r1, %tid.x;
  mov.u32 %r2, %ntid.x;
  mov.u32 %r3, %ctaid.x;
  mad.lo.u32 %r4, %r2, %r3, %r1;
  mul.wide.u32 %rd3, %r4, 4;
  add.s64 %rd4, %rd1, %rd3;
  ld.global.f32 %f1, [%rd4];
  mov.u32 %r5, 16;
$loop:
  mov.b32 %r6, %f1;
  shfl.sync.bfly.b32 %r7, %r6, %r5, 31, -1;
  mov.b32 %f2, %r7;
  add.f32 %f1, %f1, %f2;
  shr.u32 %r5, %r5, 1;
  setp.ne.u32 %p1, %r5, 0;
  @%p1 bra $loop;
  and.b32 %r8, %r1, 31;
  setp.ne.u32 %p1, %r8, 0;
  shr.u32 %r9, %r1, 3;
  mov.u32 %r10, partial;
  add.u32 %r10, %r10, %r9;
  @!%p1 st.shared.f32 [%r10], %f1;
  bar.sync 0;
  setp.ne.u32 %p2, %r1, 0;
  @%p2 bra $done;
  mov.f32 %f3, 0f00000000;
  mov.u32 %r10, partial;
  shr.u32 %r11, %r2, 5;
$add:
  ld.shared.f32 %f4, [%r10];
  add.f32 %f3, %f3, %f4;
  add.u32 %r10, %r10, 4;
  sub.u32 %r11, %r11, 1;
  setp.ne.u32 %p3, %r11, 0;
  @%p3 bra $add;
  mul.wide.u32 %rd5, %r3, 4;
  add.s64 %rd6, %rd2, %rd5;
  st.global.f32 [%rd6], %f3;
  mov.u64 %rd7, total;
  atom.global.add.f32 %f5, [%rd7], %f3;
$done:
  ret;
}
)";

TEST(Launch, AddsVectorsOfARaggedLength) {
  KernelRun run(kHeader + testing::kVectorAdd);
  const int n = 1000;
  std::vector<float> a(n), b(n);
  std::iota(a.begin(), a.end(), 0.5f);
  std::iota(b.begin(), b.end(), 100.0f);
  const auto c = run.upload(std::vector<float>(n));
  EXPECT_EQ(run.launch("vecadd", {8}, {128}, 0, run.upload(a), run.upload(b), c, n), Outcome::done);
  const auto sums = run.download<float>(c, n);
  for (int i = 0; i < n; ++i) ASSERT_EQ(sums[i], a[i] + b[i]) << i;
  EXPECT_EQ(run.report(), "");
}

TEST(Launch, AnswersTheSameUnderEverySchedule) {
  for (const Schedule schedule : {Schedule::forward, Schedule::reverse, Schedule::random}) {
    for (const bool checks : {false, true}) {
      KernelRun run(std::string(kHeader) + kBlockSum);
      run.settings.schedule = schedule;
      run.settings.checks = checks;
      run.settings.seed = 7;
      const int blocks = 5, threads = 256;
      std::vector<float> a(blocks * threads);
      std::iota(a.begin(), a.end(), 1.0f);
      const auto sums = run.upload(std::vector<float>(blocks));
      EXPECT_EQ(run.launch("block_sum", {blocks}, {threads}, 0, run.upload(a), sums), Outcome::done);
      const auto result = run.download<float>(sums, blocks);
      float total = 0;
      for (int i = 0; i < blocks; ++i) {
        const float wanted = std::accumulate(a.begin() + i * threads, a.begin() + (i + 1) * threads, 0.0f);
        EXPECT_EQ(result[i], wanted);
        total += wanted;
      }
      EXPECT_EQ(run.download<float>(run.program().variable("total")->address, 1)[0], total);
      EXPECT_EQ(run.report(), "");
      EXPECT_EQ(run.counters.barriers, 5u);
      EXPECT_EQ(run.counters.instructions.at("shfl.sync"), 5u * 8 * 5);
    }
  }
}

}  // namespace
}  // namespace vgpu
