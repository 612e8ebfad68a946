// What compilers and other people's inline assembly do that the manual's grammar and a plain reading would not expect.
#include <gtest/gtest.h>

#include "machine/testing/kernel_run.h"
#include "machine/testing/ptx_text.h"

namespace vgpu {
namespace {

using testing::kernel;
using testing::KernelRun;

// Three of four words are written, and the whole vector is loaded.
std::string load_of_four(const std::string& use) {
  return kernel(
      "mov.u32 %r0, 7; st.shared.u32 [s], %r0; st.shared.u32 [s+4], %r0; st.shared.u32 [s+8], %r0;\n"
      "ld.shared.v4.u32 {%r1, %r2, %r3, %r4}, [s];\n"
      "add.u32 %r5, %r1, %r2; add.u32 %r5, %r5, %r3;\n" +
          use + "st.global.u32 [%p0], %r5; ret;",
      ".shared .align 16 .b8 s[16];\n");
}

TEST(ForeignPtx, LoadsMoreThanItUses) {
  KernelRun run(load_of_four(""));
  const auto result = run.upload(std::vector<std::uint32_t>(1));
  EXPECT_EQ(run.launch("k", {1}, {1}, 0, result, result, result), Outcome::done);
  EXPECT_EQ(run.download<std::uint32_t>(result, 1)[0], 21u);
  EXPECT_EQ(run.findings.count(), 0u) << run.report();
}

TEST(ForeignPtx, UsesWhatNobodyWrote) {
  KernelRun run(load_of_four("add.u32 %r5, %r5, %r4;\n"));
  const auto result = run.upload(std::vector<std::uint32_t>(1));
  EXPECT_EQ(run.launch("k", {1}, {1}, 0, result, result, result), Outcome::done);
  ASSERT_EQ(run.findings.count(), 1u);
  EXPECT_EQ(run.findings.all()[0].kind, FindingKind::uninitialised_read) << run.report();
}

// CUB writes vote.ballot.sync, CUTLASS ldmatrix.x4.trans.m8n8 and .satfinite behind the types.
TEST(ForeignPtx, OrdersModifiersFreely) {
  for (const char* vote : {"vote.sync.ballot.b32", "vote.ballot.sync.b32"}) {
    KernelRun run(kernel("mov.u32 %r0, %tid.x; setp.lt.u32 %q0, %r0, 5;\n" + std::string(vote) +
                         " %r1, %q0, 0xffffffff; st.global.u32 [%p0], %r1; ret;"));
    const auto result = run.upload(std::vector<std::uint32_t>(1));
    EXPECT_EQ(run.launch("k", {1}, {32}, 0, result, result, result), Outcome::done) << run.report();
    EXPECT_EQ(run.download<std::uint32_t>(result, 1)[0], 31u) << vote;
  }
  for (const char* load : {"m8n8.x1.trans", "x1.trans.m8n8", "x1.m8n8.trans"}) {
    // Thread t writes elements 2t and 2t + 1; transposed, thread 0 gets the first two of the first column.
    KernelRun run(
        kernel("mov.u32 %r0, %tid.x; shl.b32 %r1, %r0, 2; mov.u32 %r2, s; add.u32 %r1, %r2, %r1;\n"
               "shl.b32 %r3, %r0, 17; shl.b32 %r4, %r0, 1; or.b32 %r3, %r3, %r4; or.b32 %r3, %r3, 65536;\n"
               "st.shared.u32 [%r1], %r3; bar.sync 0;\n"
               "and.b32 %r5, %r0, 7; shl.b32 %r5, %r5, 4; add.u32 %r5, %r2, %r5;\n"
               "ldmatrix.sync.aligned." +
                   std::string(load) +
                   ".shared.b16 {%r6}, [%r5];\n"
                   "setp.eq.u32 %q0, %r0, 0; @%q0 st.global.u32 [%p0], %r6; ret;",
               ".shared .align 16 .b8 s[128];\n"));
    const auto result = run.upload(std::vector<std::uint32_t>(1));
    EXPECT_EQ(run.launch("k", {1}, {32}, 0, result, result, result), Outcome::done) << run.report();
    EXPECT_EQ(run.download<std::uint32_t>(result, 1)[0], 8u << 16) << load;
    EXPECT_EQ(run.findings.count(), 0u) << run.report();
  }
  for (const char* types : {"satfinite.s32.s8.s8.s32", "s32.s8.s8.s32.satfinite"}) {
    KernelRun run(kernel("mov.u32 %r0, 0x7f7f7f7f; mov.u32 %r1, 0x7fffffff;\nmma.sync.aligned.m8n8k16.row.col." +
                         std::string(types) +
                         " {%r2, %r3}, {%r0}, {%r0}, {%r1, %r1};\n"
                         "st.global.u32 [%p0], %r2; ret;"));
    const auto result = run.upload(std::vector<std::uint32_t>(1));
    EXPECT_EQ(run.launch("k", {1}, {32}, 0, result, result, result), Outcome::done) << run.report();
    EXPECT_EQ(run.download<std::uint32_t>(result, 1)[0], 0x7FFF'FFFFu) << types;
  }
}

}  // namespace
}  // namespace vgpu
