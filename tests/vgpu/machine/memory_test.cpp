// Loads, stores and atomics: widths, vectors, spaces, generic addresses, signs.
#include "arithmetic/half_bits.h"
#include "machine/integers.h"
#include "machine/testing/instruction_check.h"
#include "machine/testing/one_block.h"

namespace vgpu {
namespace {

using testing::check;
using testing::kernel;
using testing::KernelRun;

// %d1 is the thread's own 16 bytes of the first buffer, %d2 of the second.
const std::string kOwnPlace = testing::own_places(16);

std::vector<u32> numbers(std::size_t count) {
  std::vector<u32> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<u32>(i * 2654435761u + 0x80C0'A0F1u);
  return values;
}

// Runs `body` on 64 threads, each with 16 bytes in and 16 bytes out.
std::vector<u32> run_on_own_places(const std::string& body, const std::string& variables = "") {
  KernelRun run(kernel(kOwnPlace + body + "ret;", variables));
  return testing::run_one_block(run, 64, numbers(256), 256);
}

TEST(Memory, MovesVectorsOfEveryWidth) {
  for (const char* body :
       {"ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%d1]; st.global.v4.u32 [%d2], {%r1, %r2, %r3, %r4};",
        "ld.global.v2.u64 {%d3, %d4}, [%d1]; st.global.v2.b64 [%d2], {%d3, %d4};",
        "ld.global.v2.f32 {%f1, %f2}, [%d1]; st.global.v2.f32 [%d2], {%f1, %f2};"
        "ld.global.nc.L1::no_allocate.L2::128B.v2.b32 {%r1, %r2}, [%d1+8]; st.global.v2.b32 [%d2+8], {%r1, %r2};",
        "ld.global.ca.v4.u16 {%h1, %h2, %h3, %h4}, [%d1]; st.global.wb.v4.u16 [%d2], {%h1, %h2, %h3, %h4};"
        "ld.global.v4.b16 {%h1, %h2, %h3, %h4}, [%d1+8]; st.v4.b16 [%d2+8], {%h1, %h2, %h3, %h4};",
        "ld.v4.u8 {%r1, %r2, %r3, %r4}, [%d1]; st.v4.u8 [%d2], {%r1, %r2, %r3, %r4};"
        "ld.u8 %h1, [%d1+4]; ld.u8 %h2, [%d1+5]; st.u8 [%d2+4], %h1; st.u8 [%d2+5], %h2;"
        "ld.u16 %h3, [%d1+6]; st.global.u16 [%d2+6], %h3; ldu.global.b64 %d5, [%d1+8]; st.volatile.global.b64 [%d2+8], "
        "%d5;"}) {
    EXPECT_EQ(run_on_own_places(body), numbers(256)) << body;
  }
}

TEST(Memory, ExtendsNarrowLoads) {
  check<u32, u64>("{ .reg .b64 %x; st.global.b64 [%out], %a; ?ld.global.s8 %o, [%out+1]; }",
                  [](u64 a) { return static_cast<u32>(static_cast<std::int8_t>(a >> 8)); });
  check<u64, u64>("{ st.global.b64 [%out], %a; ?ld.global.s16 %o, [%out+2]; }",
                  [](u64 a) { return static_cast<u64>(static_cast<std::int16_t>(a >> 16)); });
  check<u64, u64>("{ st.global.b64 [%out], %a; ?ld.global.u32 %o, [%out+4]; }", [](u64 a) { return a >> 32; });
  check<u16, u64>("{ st.global.b64 [%out], %a; ?ld.global.u8 %o, [%out+7]; }",
                  [](u64 a) { return static_cast<u16>(a >> 56); });
  // A store takes the low bits of a wider register.
  check<u32, u32, u64>("{ st.global.b32 [%out], %a; ?st.global.u8 [%out+1], %b; ?ld.global.b32 %o, [%out]; }",
                       [](u32 a, u64 b) { return (a & 0xFFFF'00FF) | static_cast<u32>(b & 0xFF) << 8; });
}

TEST(Memory, ReachesSharedMemoryByEveryKindOfAddress) {
  const std::string shared = ".shared .align 16 .b8 s[1024];\n";
  for (const char* body :
       {"mov.u32 %r1, s; mad.lo.u32 %r2, %r0, 16, %r1; ld.global.v4.u32 {%r4,%r5,%r6,%r7}, [%d1]; st.shared.v4.u32 "
        "[%r2], {%r4,%r5,%r6,%r7};"
        "mov.u64 %d3, s; add.s64 %d3, %d3, %d0; ld.shared.v2.u64 {%d4,%d5}, [%d3]; st.global.v2.u64 [%d2], {%d4,%d5};",
        "mov.u64 %d3, s; cvta.shared.u64 %d4, %d3; add.s64 %d4, %d4, %d0; ld.v4.u32 {%r4,%r5,%r6,%r7}, [%d1]; "
        "st.v4.u32 [%d4], {%r4,%r5,%r6,%r7};"
        "cvta.to.shared.u64 %d5, %d4; cvt.u32.u64 %r8, %d5; ld.shared.v4.u32 {%r4,%r5,%r6,%r7}, [%r8+0]; st.v4.u32 "
        "[%d2], {%r4,%r5,%r6,%r7};",
        // Half of the lanes go to shared memory and half to global memory, by one generic instruction.
        "mov.u64 %d3, s; cvta.shared.u64 %d4, %d3; add.s64 %d4, %d4, %d0; and.b32 %r9, %r0, 1; setp.ne.u32 %q0, %r9, "
        "0; ld.v2.u64 {%d6,%d7}, [%d1];"
        "selp.b64 %d8, %d4, %d2, %q0; st.v2.u64 [%d8], {%d6,%d7}; ld.v2.u64 {%d9,%d10}, [%d8]; st.global.v2.u64 [%d2], "
        "{%d9,%d10};"}) {
    EXPECT_EQ(run_on_own_places(body, shared), numbers(256)) << body;
  }
}

TEST(Memory, KeepsLocalMemoryApart) {
  EXPECT_EQ(
      run_on_own_places(
          "mov.u64 %d3, depot; add.s64 %d4, %d3, 16; ld.global.v2.u64 {%d5,%d6}, [%d1]; st.local.v2.u64 [%d4], "
          "{%d5,%d6};"
          "cvta.local.u64 %d7, %d4; ld.v4.u32 {%r4,%r5,%r6,%r7}, [%d7]; st.global.v4.u32 [%d2], {%r4,%r5,%r6,%r7};",
          ".local .align 16 .b8 depot[32];\n"),
      numbers(256));
}

TEST(Memory, ReadsParametersByAddressAndAsGeneric) {
  const std::string text = std::string(testing::kHeader) +
                           ".visible .entry k(.param .u64 out, .param .align 8 .b8 s[24])\n{\n.reg .b64 %d<8>; .reg "
                           ".b32 %r<8>; .reg .b16 %h<4>;\n"
                           "ld.param.u64 %d0, [out]; mov.b64 %d1, s; ld.param.u32 %r0, [%d1+4]; cvta.param.u64 %d2, "
                           "%d1; ld.u32 %r1, [%d2+8];\n"
                           "ld.param.v2.u32 {%r2, %r3}, [s+16]; ld.param.u8 %h0, [s]; cvt.u32.u16 %r4, %h0;\n"
                           "st.global.v4.u32 [%d0], {%r0, %r1, %r2, %r3}; st.global.u32 [%d0+16], %r4; ret;\n}\n";
  KernelRun run(text);
  const auto out = run.upload(std::vector<u32>(5));
  const std::array<u32, 6> s = {0x1234'56F8, 11, 22, 33, 44, 55};
  ASSERT_EQ(run.launch("k", {1}, {1}, 0, out, s), Outcome::done) << run.report();
  EXPECT_EQ(run.download<u32>(out, 5), (std::vector<u32>{11, 22, 44, 55, 0xF8}));
}

TEST(Memory, KnowsTheSpaceOfAGenericAddress) {
  const auto answers = run_on_own_places(
      "mov.u64 %d3, s; cvta.shared.u64 %d4, %d3; mov.u64 %d5, depot; cvta.local.u64 %d6, %d5;"
      "isspacep.shared %q0, %d4; isspacep.shared %q1, %d1; isspacep.local %q2, %d6; isspacep.global %q3, %d1;"
      "selp.u32 %r1, 1, 0, %q0; selp.u32 %r2, 1, 0, %q1; selp.u32 %r3, 1, 0, %q2; selp.u32 %r4, 1, 0, %q3; "
      "st.global.v4.u32 [%d2], {%r1,%r2,%r3,%r4};",
      ".shared .b8 s[4]; .local .b8 depot[4];\n");
  EXPECT_EQ(answers[0], 1u);
  EXPECT_EQ(answers[1], 0u);
  EXPECT_EQ(answers[2], 1u);
  EXPECT_EQ(answers[3], 1u);
}

// Each lane works on a place of its own; the answer is the old value, and the place holds the new one.
template <class T, class F>
void check_atomic(const std::string& form, const F& next) {
  const std::string bits = std::to_string(8 * sizeof(T));
  const std::string put = "{ st.global.b" + bits + " [%out], %a; ";
  check<T, T, T>(put + "?atom." + form + " %o, [%out], %b; }", [](T a, T) { return a; });
  const std::string get = "?ld.global.b" + bits + " %o, [%out]; }";
  check<T, T, T>(put + "?red." + form + " [%out], %b; " + get, next);
}

TEST(Atomic, DoesEveryOperation) {
  check_atomic<u32>("global.add.u32", [](u32 a, u32 b) { return a + b; });
  check_atomic<u64>("add.u64", [](u64 a, u64 b) { return a + b; });
  check_atomic<double>("global.add.f64", [](double a, double b) { return a + b; });
  check_atomic<float>("global.relaxed.gpu.add.f32", [](float a, float b) {
    const auto flush = [](float x) { return std::fabs(x) < 0x1p-126f ? std::copysign(0.0f, x) : x; };
    return flush(flush(a) + flush(b));
  });
  check_atomic<u32>("global.and.b32", [](u32 a, u32 b) { return a & b; });
  check_atomic<u64>("global.or.b64", [](u64 a, u64 b) { return a | b; });
  check_atomic<u32>("acquire.sys.global.xor.b32", [](u32 a, u32 b) { return a ^ b; });
  check_atomic<u32>("global.min.u32", [](u32 a, u32 b) { return std::min(a, b); });
  check_atomic<s32>("global.max.s32", [](s32 a, s32 b) { return std::max(a, b); });
  check_atomic<u64>("global.max.u64", [](u64 a, u64 b) { return std::max(a, b); });
  check_atomic<std::int64_t>("global.min.s64", [](std::int64_t a, std::int64_t b) { return std::min(a, b); });
  check_atomic<u32>("global.inc.u32", [](u32 a, u32 b) { return a >= b ? 0 : a + 1; });
  check_atomic<u32>("global.dec.u32", [](u32 a, u32 b) { return a == 0 || a > b ? b : a - 1; });
  check_atomic<u32>("global.add.noftz.f16x2", [](u32 a, u32 b) {
    const auto half = [&](int s) {
      return u32{arithmetic::f16_from_double(double{arithmetic::float_from_f16(static_cast<u16>(a >> s))} +
                                             arithmetic::float_from_f16(static_cast<u16>(b >> s)))}
             << s;
    };
    return half(0) | half(16);
  });
  check<u32, u32, u32>("{ st.global.b32 [%out], %a; ?atom.global.exch.b32 %o, [%out], %b; ?ld.global.b32 %o, [%out]; }",
                       [](u32, u32 b) { return b; });
  check<u32, u32, u32, u32>(
      "{ st.global.b32 [%out], %a; ?atom.global.cas.b32 %o, [%out], %b, %c; ?ld.global.b32 %o, [%out]; }",
      [](u32 a, u32 b, u32 c) { return a == b ? c : a; });
  check<u64, u64, u64>(
      "{ st.global.b64 [%out], %a; ?atom.global.cas.b64 %o, [%out], %a, %b; ?ld.global.b64 %o, [%out]; }",
      [](u64, u64 b) { return b; });
  check<u16, u16, u16>(
      "{ st.global.b16 [%out], %a; ?atom.global.cas.b16 %o, [%out], %a, %b; ?ld.global.b16 %o, [%out]; }",
      [](u16, u16 b) { return b; });
}

TEST(Atomic, SumsOverLanesBlocksAndSpaces) {
  KernelRun run(kernel(
      "mov.u32 %r0, %tid.x; mov.u32 %r1, 0; setp.eq.u32 %q0, %r0, 0; @%q0 st.shared.u32 [s], %r1; bar.sync 0;\n"
      "red.shared.add.u32 [s], %r0; bar.sync 0; ld.shared.u32 %r2, [s]; @%q0 red.global.add.u32 [%p0], %r2; ret;",
      ".shared .align 4 .b8 s[4];\n"));
  const auto total = run.upload(std::vector<u32>{5});
  ASSERT_EQ(run.launch("k", {10}, {128}, 0, total, u64{0}, u64{0}), Outcome::done) << run.report();
  EXPECT_EQ(run.download<u32>(total, 1)[0], 5u + 10 * (127 * 128 / 2));
  EXPECT_EQ(run.report(), "");
}

TEST(Memory, FollowsPointersInInitialValues) {
  KernelRun run(std::string(testing::kHeader) +
                ".global .align 4 .u32 x[2] = {7, 9};\n.global .align 8 .u64 p = generic(x)+4;\n.const .align 4 .b32 "
                "c[3] = {1, 2, 3};\n"
                ".visible .entry k(.param .u64 out)\n{\n.reg .b64 %d<4>; .reg .b32 %r<4>;\nld.param.u64 %d0, [out]; "
                "ld.global.u64 %d1, [p]; ld.u32 %r0, [%d1];\n"
                "ld.const.u32 %r1, [c+8]; mov.u64 %d2, c; ld.const.u32 %r2, [%d2+4]; st.global.u32 [%d0], %r0; "
                "st.global.v2.u32 [%d0+8], {%r1, %r2}; ret;\n}\n");
  const auto out = run.upload(std::vector<u32>(4));
  ASSERT_EQ(run.launch("k", {1}, {1}, 0, out), Outcome::done) << run.report();
  EXPECT_EQ(run.download<u32>(out, 4), (std::vector<u32>{9, 0, 3, 2}));
}

}  // namespace
}  // namespace vgpu
