// Divergence and reconvergence, branch tables, calls, and the instructions of a whole warp.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "machine/integers.h"
#include "machine/testing/one_block.h"
#include "machine/testing/ptx_text.h"

namespace vgpu {
namespace {

using testing::count_up;
using testing::kernel;
using testing::KernelRun;

const std::string kBegin = testing::own_places(4) + "ld.global.u32 %r1, [%d1];\n";
const std::string kEnd = "\n$end: st.global.u32 [%d2], %r2; ret;";

// The result of each of 32 lanes, from its input.
std::vector<u32> run_warp(const std::string& text, const std::vector<u32>& input = count_up(32)) {
  KernelRun run(text);
  return testing::run_one_block(run, 32, input, 32);
}

TEST(Divergence, EachLaneLoopsAsOftenAsItMust) {
  // Collatz steps, and how many lanes are together again behind the loop.
  const std::string body =
      "mov.u32 %r2, 0;\n$loop: setp.le.u32 %q0, %r1, 1; @%q0 bra $out; and.b32 %r3, %r1, 1; setp.ne.u32 %q1, %r3, 0;\n"
      "@%q1 bra $odd; shr.u32 %r1, %r1, 1; bra $next;\n$odd: mad.lo.u32 %r1, %r1, 3, 1;\n$next: add.u32 %r2, %r2, 1; "
      "bra.uni $loop;\n"
      "$out: activemask.b32 %r4; popc.b32 %r5, %r4; mad.lo.u32 %r2, %r5, 1000, %r2;";
  const auto result = run_warp(kernel(kBegin + body + kEnd));
  for (u32 lane = 0; lane < 32; ++lane) {
    u32 steps = 0;
    for (u64 x = lane; x > 1; ++steps) x = x % 2 != 0 ? 3 * x + 1 : x / 2;
    EXPECT_EQ(result[lane], 32'000 + steps) << lane;
  }
}

TEST(Divergence, GroupsMeetWhereTheJoinStandsBeforeABranch) {
  // The join is laid out before one of the ways that lead to it: the barrier must not be taken for a divergent one.
  const std::string body =
      "mov.u32 %r2, 0; setp.lt.u32 %q0, %r1, 16; @!%q0 bra $high; add.u32 %r2, %r2, 1;\n"
      "$join: bar.sync 0; bar.warp.sync -1; add.u32 %r2, %r2, 100; bra $end;\n"
      "$high: add.u32 %r2, %r2, 2; bra $join;";
  const auto result = run_warp(kernel(kBegin + body + kEnd));
  for (u32 lane = 0; lane < 32; ++lane) EXPECT_EQ(result[lane], lane < 16 ? 101u : 102u);
}

TEST(Divergence, LanesMayWaitForOthersOfTheirWarp) {
  // Lane 0 sets a flag that the others look at in a loop; their loop stands first.
  const std::string body =
      "mov.u32 %r2, 0; setp.eq.u32 %q0, %r0, 0; @%q0 bra $set;\n$spin: ld.volatile.global.u32 %r3, [%p2]; setp.ne.u32 "
      "%q1, %r3, 77; @%q1 bra $spin;\n"
      "mov.u32 %r2, 5; bra $end;\n$set: mov.u32 %r4, 77; st.volatile.global.u32 [%p2], %r4; mov.u32 %r2, 6;";
  const auto result = run_warp(kernel(kBegin + body + kEnd));
  for (u32 lane = 0; lane < 32; ++lane) EXPECT_EQ(result[lane], lane == 0 ? 6u : 5u);
}

TEST(Branch, GoesByIndex) {
  const std::string body =
      "mov.u32 %r2, 0;\n$table: .branchtargets $a, $b, $c;\nrem.u32 %r3, %r1, 3; brx.idx %r3, $table;\n"
      "$a: mov.u32 %r2, 10; bra $end;\n$b: mov.u32 %r2, 20; bra $end;\n$c: mov.u32 %r2, 30;";
  const auto result = run_warp(kernel(kBegin + body + kEnd));
  for (u32 lane = 0; lane < 32; ++lane) EXPECT_EQ(result[lane], (lane % 3 + 1) * 10);
}

TEST(Call, PassesAndReturnsByDirectAndIndirectCalls) {
  const std::string functions =
      ".func (.param .b32 r) twice(.param .b32 x)\n{\n.reg .b32 %r<4>;\nld.param.u32 %r0, [x]; add.u32 %r1, %r0, %r0; "
      "st.param.b32 [r+0], %r1; ret;\n}\n"
      ".func (.param .b32 r) odd_or_twice(.param .b32 x)\n{\n.reg .b32 %r<8>; .reg .pred %p<2>;\nld.param.u32 %r0, "
      "[x]; and.b32 %r1, %r0, 1; setp.eq.u32 %p0, %r1, 0;\n"
      "@%p0 bra $even; st.param.b32 [r+0], 1; ret;\n$even:\n{ .param .b32 a; st.param.b32 [a+0], %r0; .param .b32 b; "
      "call.uni (b), twice, (a); ld.param.b32 %r2, [b+0]; }\n"
      "st.param.b32 [r+0], %r2; ret;\n}\n.global .align 8 .u64 table[2] = {twice, odd_or_twice};\n";
  const std::string direct =
      "{ .param .b32 a; st.param.b32 [a+0], %r1; .param .b32 b; call.uni (b), odd_or_twice, (a); ld.param.b32 %r2, "
      "[b+0]; }";
  const std::string indirect =
      "and.b32 %r3, %r1, 1; mul.wide.u32 %d3, %r3, 8; mov.u64 %d4, table; add.s64 %d4, %d4, %d3; ld.global.u64 %d5, "
      "[%d4];\n"
      "{ .param .b32 a; st.param.b32 [a+0], %r1; .param .b32 b; proto: .callprototype (.param .b32 _) _ (.param .b32 "
      "_);\n"
      "call (b), %d5, (a), proto; ld.param.b32 %r2, [b+0]; }";
  const auto with_functions = [&](const std::string& body) {
    std::string text = kernel(kBegin + body + kEnd);
    return text.insert(std::string(testing::kHeader).size(), functions);
  };
  for (const std::string& body : {direct, indirect}) {
    const auto result = run_warp(with_functions(body));
    for (u32 lane = 0; lane < 32; ++lane) EXPECT_EQ(result[lane], lane % 2 != 0 ? 1 : 2 * lane) << lane;
  }
}

// What a lane gets from shfl, by the manual's formula.
u32 shuffled(const std::string& mode, const std::vector<u32>& values, u32 lane, u32 b, u32 c, bool* inside = nullptr) {
  const int segment = c >> 8 & 31, clamp = c & 31, n = static_cast<int>(b & 31), i = static_cast<int>(lane);
  const int highest = (i & segment) | (clamp & ~segment), lowest = i & segment;
  int j = i;
  bool p = false;
  if (mode == "up") j = i - n, p = j >= highest;
  if (mode == "down") j = i + n, p = j <= highest;
  if (mode == "bfly") j = i ^ n, p = j <= highest;
  if (mode == "idx") j = lowest | (n & ~segment), p = j <= highest;
  if (inside != nullptr) *inside = p;
  return values[static_cast<std::size_t>(p ? j : i)];
}

TEST(Warp, ShufflesInEveryModeAndSegment) {
  std::vector<u32> input(32);
  for (u32 i = 0; i < 32; ++i) input[i] = i * 1000 + 7;
  for (const std::string mode : {"up", "down", "bfly", "idx"}) {
    for (const u32 width : {32u, 16u, 8u, 2u}) {
      for (const u32 b : {0u, 1u, 3u, 8u, 31u}) {
        const u32 c = (32 - width) << 8 | (mode == "up" ? 0 : 31);
        const auto result = run_warp(
            kernel(kBegin + "shfl.sync." + mode + ".b32 %r2|%q0, %r1, " + std::to_string(b) + ", " + std::to_string(c) +
                   ", -1; selp.u32 %r3, 1, 0, %q0; shl.b32 %r3, %r3, 31; or.b32 %r2, %r2, %r3;" + kEnd),
            input);
        for (u32 lane = 0; lane < 32; ++lane) {
          bool inside = false;
          const u32 value = shuffled(mode, input, lane, b, c, &inside);
          EXPECT_EQ(result[lane], value | (inside ? 1u << 31 : 0)) << mode << " " << width << " " << b << " " << lane;
        }
      }
    }
  }
}

TEST(Warp, VotesMatchesAndReducesAmongTheNamedLanes) {
  std::vector<u32> input(32);
  for (u32 i = 0; i < 32; ++i) input[i] = i * i % 7;
  // Odd and even lanes name each other and execute the same instruction, at once or one after the other.
  const std::string masks =
      "and.b32 %r3, %r0, 1; setp.ne.u32 %q0, %r3, 0; selp.b32 %r4, 0xAAAAAAAA, 0x55555555, %q0; setp.gt.u32 %q1, %r1, "
      "2;\n";
  const auto group = [&](u32 lane, const auto& f) {
    for (u32 j = lane % 2; j < 32; j += 2) f(j);
  };
  const std::pair<const char*, std::function<u32(u32)>> cases[] = {
      {"vote.sync.ballot.b32 %r2, %q1, %r4;",
       [&](u32 lane) {
         u32 r = 0;
         group(lane, [&](u32 j) { r |= (input[j] > 2 ? 1u : 0u) << j; });
         return r;
       }},
      {"vote.sync.any.pred %q2, %q1, %r4; selp.u32 %r2, 1, 0, %q2;", [](u32) { return 1u; }},
      {"vote.sync.all.pred %q2, %q1, %r4; selp.u32 %r2, 1, 0, %q2;", [](u32) { return 0u; }},
      {"vote.sync.uni.pred %q2, !%q0, %r4; selp.u32 %r2, 1, 0, %q2;", [](u32) { return 1u; }},
      {"redux.sync.add.u32 %r2, %r1, %r4;",
       [&](u32 lane) {
         u32 r = 0;
         group(lane, [&](u32 j) { r += input[j]; });
         return r;
       }},
      {"redux.sync.max.s32 %r2, %r1, %r4;",
       [&](u32 lane) {
         u32 r = 0;
         group(lane, [&](u32 j) { r = std::max(r, input[j]); });
         return r;
       }},
      {"redux.sync.xor.b32 %r2, %r1, %r4;",
       [&](u32 lane) {
         u32 r = 0;
         group(lane, [&](u32 j) { r ^= input[j]; });
         return r;
       }},
      {"match.any.sync.b32 %r2, %r1, %r4;",
       [&](u32 lane) {
         u32 r = 0;
         group(lane, [&](u32 j) { r |= (input[j] == input[lane] ? 1u : 0u) << j; });
         return r;
       }},
      {"match.all.sync.b32 %r2|%q3, %r3, %r4;", [](u32 lane) { return lane % 2 != 0 ? 0xAAAA'AAAAu : 0x5555'5555u; }},
      {"@%q0 redux.sync.min.u32 %r2, %r0, 0xAAAAAAAA; @!%q0 redux.sync.min.u32 %r2, %r0, 0x55555555;",
       [](u32 lane) { return lane % 2; }},
  };
  for (const auto& [body, wanted] : cases) {
    const auto result = run_warp(kernel(kBegin + masks + body + kEnd), input);
    for (u32 lane = 0; lane < 32; ++lane) EXPECT_EQ(result[lane], wanted(lane)) << body << " lane " << lane;
  }
}

TEST(Warp, KnowsItsSpecialRegisters) {
  const std::string text = kernel(
      "mov.u32 %r0, %tid.x; mov.u32 %r1, %tid.y; mov.u32 %r2, %tid.z; mad.lo.u32 %r3, %r2, 3, %r1; mad.lo.u32 %r3, "
      "%r3, 5, %r0;\n"
      "mov.u32 %r4, %laneid; mov.u32 %r5, %warpid; mad.lo.u32 %r5, %r5, 32, %r4; sub.u32 %r6, %r3, %r5;\n"
      "mov.u32 %r7, %lanemask_lt; popc.b32 %r8, %r7; sub.u32 %r8, %r8, %r4; or.b32 %r6, %r6, %r8; mov.u32 %r9, "
      "%lanemask_ge; not.b32 %r9, %r9; xor.b32 %r9, %r9, %r7; or.b32 %r6, %r6, %r9;\n"
      "mov.u32 %r10, %ctaid.y; mov.u32 %r11, %nctaid.x; mov.u32 %r12, %ctaid.x; mad.lo.u32 %r10, %r10, %r11, %r12; "
      "mov.u32 %r13, %ntid.x; mov.u32 %r14, %ntid.z; mad.lo.u32 %r13, %r13, 100, %r14;\n"
      "mov.u64 %d3, %clock64; mov.u64 %d4, %clock64; setp.gt.u64 %q0, %d4, %d3; mov.u32 %r15, %dynamic_smem_size; "
      "@!%q0 mov.u32 %r15, 0;\n"
      "setp.ne.u32 %q1, %r3, 33; @%q1 bra $out; mul.wide.u32 %d0, %r10, 16; add.s64 %d1, %p0, %d0; st.global.v4.u32 "
      "[%d1], {%r6, %r10, %r13, %r15};\n$out: ret;");
  KernelRun run(text);
  const auto out = run.upload(std::vector<u32>(6 * 4));
  ASSERT_EQ(run.launch("k", {3, 2}, {5, 3, 4}, 48, out, u64{0}, u64{0}), Outcome::done) << run.report();
  const auto result = run.download<u32>(out, 24);
  for (u32 b = 0; b < 6; ++b) {
    EXPECT_EQ(result[4 * b], 0u);
    EXPECT_EQ(result[4 * b + 1], b);
    EXPECT_EQ(result[4 * b + 2], 504u);
    EXPECT_EQ(result[4 * b + 3], 48u);
  }
}

}  // namespace
}  // namespace vgpu
