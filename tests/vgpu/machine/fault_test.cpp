// What ends a launch, or is reported: bad addresses, bad convergence, deadlocks, spins, traps, unknown instructions. Each
// report must name the line that did it.
#include <gtest/gtest.h>

#include "machine/integers.h"
#include "machine/testing/kernel_run.h"
#include "machine/testing/ptx_text.h"

namespace vgpu {
namespace {

using testing::kernel;
using testing::KernelRun;

struct Ending {
  Outcome outcome;
  std::string report;
};

// One block of `threads`, with 256 bytes behind each pointer. The body begins in PTX line 8; `variables` take no line.
Ending end_of(const std::string& body, u32 threads = 64, const std::string& variables = "", u32 blocks = 1) {
  KernelRun run(kernel(body, variables));
  run.settings.watchdog_instructions = 300'000;
  const auto buffer = [&] { return run.upload(std::vector<u32>(64)); };
  const auto a = buffer(), b = buffer(), c = buffer();
  const Outcome outcome = run.launch("k", {blocks}, {threads}, 0, a, b, c);
  return {outcome, run.report()};
}

// The report is about this statement, and says these words.
void expect_report(const Ending& ending, const std::string& kind, const std::string& statement,
                   const std::vector<std::string>& words = {}) {
  EXPECT_EQ(ending.report.rfind(kind + ":", 0), 0u) << ending.report;
  EXPECT_NE(ending.report.find("`" + statement + "`"), std::string::npos) << ending.report;
  for (const std::string& word : words)
    EXPECT_NE(ending.report.find(word), std::string::npos) << word << "\n" << ending.report;
}

const std::string kThread = testing::own_places(4);

TEST(Fault, AccessesOutsideMemoryEndTheLaunch) {
  Ending ending = end_of(kThread + "ld.global.u32 %r1, [%d1+4]; ret;");
  EXPECT_EQ(ending.outcome, Outcome::illegal_address);
  expect_report(ending, "out_of_bounds", "ld.global.u32 %r1, [%d1+4];",
                {"thread (63,0,0)", "block (0,0,0)", "PTX line 9"});

  ending = end_of("mov.u64 %d1, 64; st.u8 [%d1], %r0; ret;", 1);
  EXPECT_EQ(ending.outcome, Outcome::illegal_address);
  expect_report(ending, "out_of_bounds", "st.u8 [%d1], %r0;");

  ending = end_of(kThread + "mul.lo.u32 %r2, %r0, 4; st.shared.u32 [%r2+4], %r0; ret;", 64, ".shared .b8 s[256];");
  EXPECT_EQ(ending.outcome, Outcome::illegal_address);
  expect_report(ending, "out_of_bounds", "st.shared.u32 [%r2+4], %r0;", {"thread (63,0,0)"});

  ending = end_of(kThread + "ld.local.u32 %r1, [depot+64]; ret;", 1, ".local .align 4 .b8 depot[4];");
  EXPECT_EQ(ending.outcome, Outcome::illegal_address);
}

TEST(Fault, MisalignedAccessesEndTheLaunch) {
  Ending ending = end_of(kThread + "ld.global.v2.u32 {%r1, %r2}, [%d1]; ret;", 2);
  EXPECT_EQ(ending.outcome, Outcome::misaligned_address);
  expect_report(ending, "misaligned", "ld.global.v2.u32 {%r1, %r2}, [%d1];", {"thread (1,0,0)"});

  ending = end_of(kThread + "st.shared.u32 [s+2], %r0; ret;", 1, ".shared .align 4 .b8 s[16];");
  EXPECT_EQ(ending.outcome, Outcome::misaligned_address);
}

TEST(Fault, AFreedBufferIsNamedAsSuch) {
  KernelRun run(kernel("ld.global.u32 %r0, [%p0]; ret;"));
  const auto freed = run.upload(std::vector<u32>(4));
  run.memory().free(freed);
  EXPECT_EQ(run.launch("k", {1}, {1}, 0, freed, u64{0}, u64{0}), Outcome::illegal_address);
  EXPECT_EQ(run.report().rfind("use_after_free:", 0), 0u) << run.report();

  int on_the_host = 0;
  run.findings.clear();
  EXPECT_EQ(run.launch("k", {1}, {1}, 0, reinterpret_cast<u64>(&on_the_host), u64{0}, u64{0}),
            Outcome::illegal_address);
  EXPECT_EQ(run.report().rfind("host_pointer:", 0), 0u) << run.report();
}

TEST(Fault, TrapsAndAssertionsEndTheLaunch) {
  Ending ending = end_of("mov.u32 %r0, %tid.x; setp.eq.u32 %q0, %r0, 5; @%q0 trap; ret;");
  EXPECT_EQ(ending.outcome, Outcome::launch_failure);
  expect_report(ending, "trap", "@%q0 trap;", {"thread (5,0,0)"});

  const std::string assertion =
      ".extern .func __assertfail(.param .b64 a, .param .b64 b, .param .b32 c, .param .b64 d, .param .b64 e);\n"
      ".global .align 1 .b8 text[4] = {120, 62, 48, 0};\n";
  std::string text = kernel(
      "mov.u64 %d0, text; cvta.global.u64 %d1, %d0;\n{ .param .b64 q0; st.param.b64 [q0+0], %d1; .param .b64 q1; "
      "st.param.b64 [q1+0], %d1;\n"
      ".param .b32 q2; st.param.b32 [q2+0], 12; .param .b64 q3; st.param.b64 [q3+0], %d1; .param .b64 q4; st.param.b64 "
      "[q4+0], 1;\n"
      "call.uni __assertfail, (q0, q1, q2, q3, q4); }\nret;");
  KernelRun run(text.insert(std::string(testing::kHeader).size(), assertion));
  EXPECT_EQ(run.launch("k", {1}, {1}, 0, u64{0}, u64{0}, u64{0}), Outcome::assertion);
  EXPECT_NE(run.report().find("the assertion `x>0`"), std::string::npos) << run.report();
}

TEST(Fault, UnknownInstructionsAreNamedWhenTheKernelIsLaunched) {
  KernelRun run(kernel("mov.u32 %r0, 1;\nwgmma.fence.sync.aligned;\nret;"));
  EXPECT_EQ(run.launch("k", {1}, {1}, 0, u64{0}, u64{0}, u64{0}), Outcome::illegal_instruction);
  EXPECT_NE(run.report().find("PTX line 9: unknown instruction: `wgmma.fence.sync.aligned;`"), std::string::npos)
      << run.report();
  for (const char* line : {"add.f16.strange %h0, %h1, %h2;", "ld.global.v8.u32 %r0, [%p0];", "add.u32 %r0, %r1;",
                           "add.u32 %d0, %r1, %h2;", "shfl.bfly.b32 %r0, %r1, 1, 31;", "mul.u32 %r0, %r1, %r2;",
                           "cvt.rzi.f16x2.f32 %r0, %f1, %f2;", "cp.async.cg.shared.global [%r0], [%p0], 8;"}) {
    KernelRun other(kernel(std::string(line) + " ret;"));
    EXPECT_EQ(other.launch("k", {1}, {1}, 0, u64{0}, u64{0}, u64{0}), Outcome::illegal_instruction) << line;
    EXPECT_NE(other.report().find(line), std::string::npos) << other.report();
  }
}

TEST(Convergence, ABarrierUnderABranchIsReported) {
  const Ending ending = end_of(
      "mov.u32 %r0, %tid.x; setp.lt.u32 %q0, %r0, 16; @!%q0 bra $other;\nbar.sync 0;\nbra $end;\n"
      "$other: bar.sync 1;\n$end: ret;",
      32);
  EXPECT_EQ(ending.outcome, Outcome::launch_failure);
  expect_report(ending, "divergence", "bar.sync 0;", {"lanes 0-15: wait for lanes 16-31", "`bar.sync 1;`"});
}

TEST(Convergence, ABarrierAfterOthersHaveLeftIsReported) {
  const Ending ending =
      end_of("mov.u32 %r0, %tid.x; setp.ge.u32 %q0, %r0, 40; @%q0 bra $end;\nbar.sync 0;\n$end: ret;");
  EXPECT_EQ(ending.outcome, Outcome::done);
  expect_report(ending, "divergence", "bar.sync 0;", {"warp 1: lanes 8-31", "had exited"});
}

TEST(Convergence, AShuffleOfAllLanesByHalfAWarpIsReported) {
  const Ending ending =
      end_of(kThread +
                 "setp.lt.u32 %q0, %r0, 16; @!%q0 bra $after;\nshfl.sync.bfly.b32 %r1, %r0, 8, 31, -1;\n"
                 "$after: st.global.u32 [%d1], %r0; ret;",
             32);
  expect_report(ending, "divergence", "shfl.sync.bfly.b32 %r1, %r0, 8, 31, -1;", {"without lanes 16-31"});
}

TEST(Convergence, LanesThatReturnEarlyMayBeNamedInAMask) {
  const Ending ending = end_of(kThread +
                                   "setp.ge.u32 %q0, %r0, 16; @%q0 bra $end;\nshfl.sync.bfly.b32 %r1, %r0, 8, 31, -1;\n"
                                   "st.global.u32 [%d1], %r1; $end: ret;",
                               32);
  EXPECT_EQ(ending.outcome, Outcome::done);
  EXPECT_EQ(ending.report, "");
}

TEST(Convergence, AMaskThatDoesNotNameItsOwnLaneIsReported) {
  expect_report(end_of("vote.sync.ballot.b32 %r1, %q0, 0xFFFF; ret;", 32), "divergence",
                "vote.sync.ballot.b32 %r1, %q0, 0xFFFF;", {"lanes 16-31"});
}

TEST(Standstill, ADeadlockTellsWhoWaitsWhere) {
  const Ending ending = end_of(
      "mov.u32 %r0, %warpid; setp.eq.u32 %q0, %r0, 0; @%q0 bra $first;\nbar.sync 1, 64; ret;\n$first: bar.sync 2, 64; "
      "ret;");
  EXPECT_EQ(ending.outcome, Outcome::timeout);
  expect_report(ending, "deadlock", "bar.sync 1, 64;",
                {"warp 0, lanes 0-31: wait at barrier 2", "warp 1, lanes 0-31: wait at barrier 1"});
}

TEST(Standstill, AnEndlessSpinIsToldFromALongOne) {
  const Ending ending =
      end_of("$loop: ld.volatile.global.u32 %r0, [%p0]; setp.eq.u32 %q0, %r0, 0; @%q0 bra $loop; ret;", 32);
  EXPECT_EQ(ending.outcome, Outcome::timeout);
  expect_report(ending, "endless_spin", "ld.volatile.global.u32 %r0, [%p0];");

  EXPECT_EQ(end_of("mov.u32 %r0, 0; $loop: add.u32 %r0, %r0, 1; setp.lt.u32 %q0, %r0, 50000; @%q0 bra $loop; ret;", 32)
                .outcome,
            Outcome::done);
}

TEST(Standstill, BlocksMayWaitForOneAnother) {
  // Block i goes on when block i + 1 has been there: in forward order all of them must become resident.
  const std::string body =
      "mov.u32 %r0, %ctaid.x; mov.u32 %r1, %nctaid.x; sub.u32 %r2, %r1, 1; setp.eq.u32 %q0, %r0, %r2; @%q0 bra $pass;\n"
      "mul.wide.u32 %d0, %r0, 4; add.s64 %d1, %p0, %d0;\n$spin: ld.acquire.gpu.global.u32 %r3, [%d1+4]; setp.eq.u32 "
      "%q1, %r3, 0; @%q1 bra $spin;\n"
      "$pass: mul.wide.u32 %d0, %r0, 4; add.s64 %d1, %p0, %d0; mov.u32 %r4, 1; st.release.gpu.global.u32 [%d1], %r4; "
      "ret;";
  for (const Schedule schedule : {Schedule::forward, Schedule::reverse, Schedule::random}) {
    KernelRun run(kernel(body));
    run.settings.schedule = schedule;
    const auto flags = run.upload(std::vector<u32>(33));
    EXPECT_EQ(run.launch("k", {32}, {1}, 0, flags, u64{0}, u64{0}), Outcome::done) << run.report();
    EXPECT_EQ(run.report(), "");
    EXPECT_EQ(run.download<u32>(flags, 32), std::vector<u32>(32, 1));
  }
}

TEST(Standstill, AGridMayMeetAtACounter) {
  // Every block adds one, and looks at the counter by adding zero until all have.
  const std::string body =
      "mov.u32 %r0, %nctaid.x; atom.global.add.u32 %r1, [%p0], 1;\n$spin: atom.global.add.u32 %r2, [%p0], 0; "
      "setp.lt.u32 %q0, %r2, %r0; @%q0 bra $spin;\nmov.u32 %r3, %ctaid.x; mul.wide.u32 %d0, %r3, 4; "
      "add.s64 %d1, %p1, %d0; st.global.u32 [%d1], %r2; ret;";
  KernelRun run(kernel(body));
  const auto counter = run.upload(std::vector<u32>(1)), seen = run.upload(std::vector<u32>(16));
  EXPECT_EQ(run.launch("k", {16}, {1}, 0, counter, seen, u64{0}), Outcome::done) << run.report();
  EXPECT_EQ(run.download<u32>(seen, 16), std::vector<u32>(16, 16));
}

}  // namespace
}  // namespace vgpu
