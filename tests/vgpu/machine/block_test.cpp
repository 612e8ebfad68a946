// What a block's warps do together: barriers of every form, schedules, cp.async, and tensor instructions in a kernel.
#include <gtest/gtest.h>

#include <numeric>

#include "arithmetic/half_bits.h"
#include "machine/integers.h"
#include "machine/testing/one_block.h"
#include "machine/testing/ptx_text.h"

namespace vgpu {
namespace {

using testing::count_up;
using testing::kernel;
using testing::KernelRun;
using testing::own_places;
using testing::run_one_block;

// A word of each buffer for each thread, and of the shared variable `s`.
const std::string kThread = own_places(4) + "mov.u32 %r63, s; mad.lo.u32 %r62, %r0, 4, %r63;\n";

// One block; a result of 32 bits from each thread.
std::vector<u32> run_block(const std::string& body, u32 threads, Schedule schedule = Schedule::forward,
                           std::vector<u32> input = count_up(1024)) {
  KernelRun run(kernel(kThread + body + "\nst.global.u32 [%d2], %r1; ret;", ".shared .align 128 .b8 s[8192];\n"));
  run.settings.schedule = schedule;
  run.settings.seed = 11;
  return run_one_block(run, threads, input, threads);
}

TEST(Barrier, OrdersTheThreadsOfABlock) {
  for (const Schedule schedule : {Schedule::forward, Schedule::reverse, Schedule::random}) {
    for (const char* barrier : {"bar.sync 0;", "barrier.sync 3;", "barrier.cta.sync.aligned 0;", "bar.sync 5, 128;"}) {
      const auto result =
          run_block("st.shared.u32 [%r62], %r0;\n" + std::string(barrier) +
                        "\nxor.b32 %r2, %r0, 96; mad.lo.u32 %r2, %r2, 4, %r63; ld.shared.u32 %r1, [%r2];",
                    128, schedule);
      for (u32 i = 0; i < 128; ++i) EXPECT_EQ(result[i], i ^ 96) << barrier;
    }
  }
}

TEST(Barrier, ReducesPredicates) {
  const std::string set = "rem.u32 %r2, %r0, 3; setp.eq.u32 %q0, %r2, 0;\n";
  EXPECT_EQ(run_block(set + "bar.red.popc.u32 %r1, 0, %q0;", 100), std::vector<u32>(100, 34));
  EXPECT_EQ(run_block(set + "barrier.cta.red.popc.aligned.u32 %r1, 0, !%q0;", 100), std::vector<u32>(100, 66));
  EXPECT_EQ(run_block(set + "bar.red.and.pred %q1, 0, %q0; selp.u32 %r1, 1, 0, %q1;", 64), std::vector<u32>(64, 0));
  EXPECT_EQ(run_block(set + "bar.red.or.pred %q1, 1, 64, %q0; selp.u32 %r1, 1, 0, %q1;", 64), std::vector<u32>(64, 1));
}

TEST(Barrier, LetsProducersArriveWithoutWaiting) {
  // Warp 0 reads what warp 1 has written; warp 1 only arrives.
  const auto result = run_block(
      "setp.lt.u32 %q0, %r0, 32; mov.u32 %r1, 0; @%q0 bra $read;\nst.shared.u32 [%r62], %r0; bar.arrive 1, 64; bra "
      "$end;\n"
      "$read: bar.sync 1, 64; ld.shared.u32 %r1, [%r62+128];\n$end:",
      64);
  for (u32 i = 0; i < 64; ++i) EXPECT_EQ(result[i], i < 32 ? i + 32 : 0);
}

TEST(Barrier, CountsThreadsOfPartsOfAWarp) {
  // Not aligned: each half of the warp arrives by itself.
  const auto result = run_block(
      "st.shared.u32 [%r62], %r0; and.b32 %r2, %r0, 16; setp.ne.u32 %q0, %r2, 0; @%q0 bra $upper;\nbarrier.sync 0; bra "
      "$join;\n"
      "$upper: barrier.sync 0;\n$join: xor.b32 %r3, %r0, 16; mad.lo.u32 %r3, %r3, 4, %r63; ld.shared.u32 %r1, [%r3];",
      64);
  for (u32 i = 0; i < 64; ++i) EXPECT_EQ(result[i], i ^ 16);
}

// The order in which warps draw numbers from a counter.
std::vector<u32> drawn(Schedule schedule, u64 seed) {
  KernelRun run(kernel(
      kThread +
          "mov.u32 %r1, 0; mov.u32 %r3, 0;\n$loop: atom.global.add.u32 %r2, [%p0], 1; mad.lo.u32 %r1, %r1, 31, %r2;\n"
          "add.u32 %r3, %r3, 1; setp.lt.u32 %q0, %r3, 200; @%q0 bra $loop;\nst.global.u32 [%d2], %r1; ret;",
      ".shared .b8 s[4];\n"));
  run.settings.schedule = schedule;
  run.settings.seed = seed;
  return run_one_block(run, 256, count_up(1), 256);
}

TEST(Schedule, TheSameSeedGivesTheSameOrder) {
  EXPECT_EQ(drawn(Schedule::random, 1), drawn(Schedule::random, 1));
  EXPECT_NE(drawn(Schedule::random, 1), drawn(Schedule::random, 2));
  EXPECT_NE(drawn(Schedule::forward, 0), drawn(Schedule::reverse, 0));
}

TEST(AsyncCopy, ArrivesWhenItsGroupIsWaitedFor) {
  for (const char* copy :
       {"cp.async.ca.shared.global [%r62], [%d1], 4;", "cp.async.ca.shared.global.L2::128B [%r62], [%d1], 4, 4;"}) {
    const auto result = run_block(std::string(copy) +
                                      "\ncp.async.commit_group;\ncp.async.wait_group 0;\nbar.sync 0;\n"
                                      "xor.b32 %r2, %r0, 33; mad.lo.u32 %r2, %r2, 4, %r63; ld.shared.u32 %r1, [%r2];",
                                  64);
    for (u32 i = 0; i < 64; ++i) EXPECT_EQ(result[i], i ^ 33);
  }
}

TEST(AsyncCopy, FillsWithZerosWhatItDoesNotRead) {
  // 16 bytes a thread, of which thread i reads 2 * i; the input is as many bytes as are read.
  KernelRun run(
      kernel(own_places(16) +
                 "mov.u32 %r63, s; mad.lo.u32 %r62, %r0, 16, %r63;\n"
                 "shl.b32 %r1, %r0, 1; cp.async.cg.shared.global [%r62], [%d1], 16, %r1; cp.async.wait_all;\n"
                 "ld.shared.v4.u32 {%r2, %r3, %r4, %r5}, [%r62]; st.global.v4.u32 [%d2], {%r2, %r3, %r4, %r5}; ret;",
             ".shared .align 16 .b8 s[144];\n"));
  std::vector<std::uint8_t> bytes(9 * 16);
  std::iota(bytes.begin(), bytes.end(), 1);
  const auto out = run.upload(std::vector<std::uint8_t>(9 * 16));
  ASSERT_EQ(run.launch("k", {1}, {9}, 0, run.upload(bytes), out, u64{0}), Outcome::done) << run.report();
  EXPECT_EQ(run.report(), "");
  const auto result = run.download<std::uint8_t>(out, bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) EXPECT_EQ(result[i], i % 16 < i / 16 * 2 ? bytes[i] : 0) << i;
}

TEST(AsyncCopy, IsNotThereBeforeTheWaitAndTheNewestGroupsMayStayInFlight) {
  KernelRun run(
      kernel(kThread + "mov.u32 %r9, 5; st.shared.u32 [%r62], %r9; st.shared.u32 [%r62+256], %r9;\n"
                       "cp.async.ca.shared.global [%r62], [%d1], 4; cp.async.commit_group;\ncp.async.ca.shared.global "
                       "[%r62+256], [%d1], 4; cp.async.commit_group;\n"
                       "cp.async.wait_group 1;\nld.shared.u32 %r1, [%r62]; ld.shared.u32 %r2, [%r62+256]; mad.lo.u32 "
                       "%r1, %r1, 1000, %r2;\n"
                       "cp.async.wait_group 0; ld.shared.u32 %r3, [%r62+256]; mad.lo.u32 %r1, %r1, 1000, %r3; "
                       "st.global.u32 [%d2], %r1; ret;",
             ".shared .align 16 .b8 s[512];\n"));
  run.settings.checks = false;
  const auto result = run_one_block(run, 64, count_up(64), 64);
  for (u32 i = 0; i < 64; ++i) EXPECT_EQ(result[i], i * 1'000'000 + 5 * 1000 + i);
}

// D = A * B + C for one warp, with A and B brought in by ldmatrix: A row by row, B transposed.
TEST(Tensor, MultipliesWhatLdmatrixLoads) {
  const std::string body =
      own_places(16) +
      "mov.u32 %r63, s; mad.lo.u32 %r62, %r0, 16, %r63;\n"
      "ld.global.v4.u32 {%r1,%r2,%r3,%r4}, [%d1]; st.shared.v4.u32 [%r62], {%r1,%r2,%r3,%r4}; setp.lt.u32 %q0, %r0, "
      "16;\n"
      "@%q0 ld.global.v4.u32 {%r1,%r2,%r3,%r4}, [%d2]; @%q0 st.shared.v4.u32 [%r62+512], {%r1,%r2,%r3,%r4}; "
      "bar.warp.sync -1;\n"
      // Row `lane % 16` of A, columns 8 * (lane / 16); row `lane % 16` of B.
      "and.b32 %r5, %r0, 15; shr.u32 %r6, %r0, 4; mad.lo.u32 %r7, %r5, 32, %r63; mad.lo.u32 %r7, %r6, 16, %r7; "
      "mad.lo.u32 %r8, %r5, 16, %r63;\n"
      "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r10,%r11,%r12,%r13}, [%r7]; "
      "ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r14,%r15}, [%r8+512];\n"
      "mov.f32 %f4, 0f3F800000; mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f0,%f1,%f2,%f3}, "
      "{%r10,%r11,%r12,%r13}, {%r14,%r15}, {%f4,%f4,%f4,%f4};\n"
      "add.s64 %d3, %p2, %d0; st.global.v4.f32 [%d3], {%f0,%f1,%f2,%f3}; ret;";
  for (const Rounding rounding : {Rounding::exact, Rounding::ampere}) {
    KernelRun run(kernel(body, ".shared .align 128 .b8 s[768];\n"));
    run.settings.rounding = rounding;
    std::vector<std::uint16_t> a(16 * 16), b(16 * 8);
    const auto number = [](std::size_t i) { return static_cast<float>(static_cast<int>(i * 7 % 23) - 11); };
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = arithmetic::f16_from_double(number(i));
    for (std::size_t i = 0; i < b.size(); ++i) b[i] = arithmetic::f16_from_double(number(i * 3 + 1));
    const auto out = run.upload(std::vector<float>(128));
    ASSERT_EQ(run.launch("k", {1}, {32}, 0, run.upload(a), run.upload(b), out), Outcome::done) << run.report();
    EXPECT_EQ(run.report(), "");
    EXPECT_EQ(run.counters.tensor_instructions, 1u);
    const auto d = run.download<float>(out, 128);
    for (std::size_t lane = 0; lane < 32; ++lane) {
      for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t row = lane / 4 + 8 * (i / 2), column = lane % 4 * 2 + i % 2;
        float wanted = 1;
        for (std::size_t k = 0; k < 16; ++k) wanted += number(row * 16 + k) * number((k * 8 + column) * 3 + 1);
        EXPECT_EQ(d[lane * 4 + i], wanted) << "row " << row << ", column " << column;
      }
    }
  }
}

// Lane i gives the address of row i % 8 and gets its word i % 4 of row i / 4, which is what thread i has written.
TEST(Tensor, LdmatrixWithoutASpaceTakesGenericAddresses) {
  const auto result = run_block(
      "add.u32 %r2, %r0, 1000; st.shared.u32 [%r62], %r2; bar.warp.sync -1;\n"
      "and.b32 %r3, %r0, 7; mul.wide.u32 %d3, %r3, 16; mov.u64 %d4, s; cvta.shared.u64 %d5, %d4; add.s64 %d5, %d5, "
      "%d3;\n"
      "ldmatrix.sync.aligned.m8n8.x1.b16 {%r1}, [%d5];",
      32);
  for (u32 i = 0; i < 32; ++i) EXPECT_EQ(result[i], 1000 + i);
}

}  // namespace
}  // namespace vgpu
