// Mutations of PTX text: what is found in it, and what each one does to it.
#include "driver/mutation.h"

#include <gtest/gtest.h>

#include <map>

#include "driver/ptx_statements.h"

namespace {

using namespace vgpu::driver;

// As nvcc writes it: comments, directives, vectors, guards, inline assembly in a scope of its own.
constexpr char kText[] = R"(//
.version 8.4
.target sm_80
.visible .entry k(
	.param .u64 k_param_0
)
.maxntid 128, 1, 1
{
	.reg .pred 	%p<4>;
	.loc	1 20 5
	@%p1 bra 	$L__BB0_2;
	bar.sync 	0; // a comment; with a semicolon
	/* bar.sync 9; */
	// begin inline asm
	{ .reg .pred q; setp.ne.b32 q, %r7, 0; @q cp.async.cg.shared.global [%r1], [%rd1], 16, %r2; }
	// end inline asm
	cp.async.ca.shared.global [%r1], [%rd1], 4;
	cp.async.commit_group;
	cp.async.wait_group 1;
$L__BB0_2:
	ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r10, %r11, %r12, %r13}, [%r3];
	ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%r14, %r15, %r16, %r17}, [%r4];
	mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f1, %f2, %f3, %f4}, {%r10, %r11, %r12, %r13}, {%r14, %r15}, {%f1, %f2, %f3, %f4};
	@!%p2 ld.global.v2.u32 	{%r20, %r21}, [%rd2+8];
	@%p3 st.global.u32 	[%rd3], %r20;
	st.shared.u32 	[%r5], %r21;
	shfl.sync.bfly.b32 	%r30|%p3, %r20, 1, 31, -1;
	shfl.sync.idx.b32 	%r31, %r20, %r2, 31, -1;
	bar.warp.sync 	-1;
	bar.red.or.pred 	%p2, 0, !%p3;
	barrier.red.popc.u32 	%r9, 0, 64, %p3;
	bar.sync 	0;
	ret;
}
)";

std::string mutated(const char* mutation) {
  const auto parsed = parse_mutation(mutation);
  EXPECT_TRUE(parsed.has_value()) << mutation;
  return mutate(kText, *parsed).value_or("no such instruction");
}

// The lines in which two texts differ, of the second.
std::string difference(const std::string& before, const std::string& after) {
  std::size_t begin = 0, end = 0;
  while (begin < before.size() && begin < after.size() && before[begin] == after[begin]) ++begin;
  while (end < before.size() - begin && end < after.size() - begin &&
         before[before.size() - 1 - end] == after[after.size() - 1 - end])
    ++end;
  begin = after.rfind('\n', begin == 0 ? 0 : begin - 1) + 1;
  const std::size_t stop = after.find('\n', after.size() - end);
  return after.substr(begin, stop - begin);
}

TEST(Statements, AreInstructionsOnly) {
  std::string opcodes;
  for (const Statement& statement : instructions(kText)) opcodes += std::string(statement.opcode) + " ";
  EXPECT_EQ(
      opcodes,
      "bra bar.sync setp.ne.b32 cp.async.cg.shared.global cp.async.ca.shared.global cp.async.commit_group "
      "cp.async.wait_group ldmatrix.sync.aligned.m8n8.x4.shared.b16 "
      "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
      "ld.global.v2.u32 st.global.u32 st.shared.u32 shfl.sync.bfly.b32 shfl.sync.idx.b32 bar.warp.sync bar.red.or.pred "
      "barrier.red.popc.u32 bar.sync ret ");
  const auto all = instructions(kText);
  EXPECT_EQ(all[0].line, 11u);
  EXPECT_EQ(all[0].guard, "@%p1");
  EXPECT_EQ(all[1].line, 12u);
  EXPECT_EQ(all[10].guard, "@!%p2");
  EXPECT_EQ(all[10].operands, "{%r20, %r21}, [%rd2+8]");
}

TEST(Statements, FamiliesEndAtADot) {
  EXPECT_TRUE(is_of("bar.sync", "bar"));
  EXPECT_TRUE(is_of("bar.sync", "bar.sync"));
  EXPECT_FALSE(is_of("barrier.sync", "bar"));
  EXPECT_FALSE(is_of("bar.warp.sync", "bar.sync"));
}

TEST(Mutations, AreReadAndWritten) {
  for (const char* text : {"drop bar.sync 3", "swap mma 0", "swap mma.b 12", "unpredicate ld 2", "untranspose 1",
                           "unzero 0", "unzero 0 in k", "drop bar.sync 1 in k_2"}) {
    const auto mutation = parse_mutation(text);
    ASSERT_TRUE(mutation.has_value()) << text;
    EXPECT_EQ(to_string(*mutation), text);
  }
  for (const char* text :
       {"", "drop", "drop bar.sync", "drop bar.sync x", "drop bar.sync 1 2", "swap ldmatrix 0", "break it 0",
        "untranspose", "drop bar.sync -1", "unzero 0 in", "unzero 0 of k", "unzero 0 in k l"})
    EXPECT_FALSE(parse_mutation(text).has_value()) << text;
}

TEST(Mutations, ChangeOneInstruction) {
  EXPECT_EQ(difference(kText, mutated("drop bar.sync 0")), "\t // a comment; with a semicolon");
  EXPECT_EQ(difference(kText, mutated("drop cp.async.wait_group 0")), "\t");
  EXPECT_EQ(difference(kText, mutated("swap mma 0")),
            "\tmma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f1, %f2, %f3, %f4}, {%r11, %r10, %r12, %r13}, "
            "{%r14, %r15}, {%f1, %f2, %f3, %f4};");
  EXPECT_EQ(difference(kText, mutated("swap mma.b 0")),
            "\tmma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f1, %f2, %f3, %f4}, {%r10, %r11, %r12, %r13}, "
            "{%r15, %r14}, {%f1, %f2, %f3, %f4};");
  EXPECT_EQ(difference(kText, mutated("unpredicate ld 0")), "\tld.global.v2.u32 {%r20, %r21}, [%rd2+8];");
  EXPECT_EQ(difference(kText, mutated("unpredicate st 0")), "\tst.global.u32 [%rd3], %r20;");
  EXPECT_EQ(difference(kText, mutated("untranspose 0")),
            "\tldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r14, %r15, %r16, %r17}, [%r4];");
  EXPECT_EQ(difference(kText, mutated("unzero 0")),
            "\t{ .reg .pred q; setp.ne.b32 q, %r7, 0; @q cp.async.cg.shared.global [%r1], [%rd1], 16; }");
  EXPECT_EQ(difference(kText, mutated("drop shfl 0")), "\tmov.b32 %r30, %r20; setp.eq.u32 %p3, 0, 0;");
  EXPECT_EQ(difference(kText, mutated("drop bar.red 0")), "\tnot.pred %p2, %p3;");
  EXPECT_EQ(difference(kText, mutated("drop barrier.red 0")), "\tselp.u32 %r9, 1, 0, %p3;");
  EXPECT_EQ(difference(kText, mutated("drop shfl 1")), "\tmov.b32 %r31, %r20;");
}

TEST(Mutations, ANumberBeyondTheLastChangesNothing) {
  for (const char* text :
       {"drop bar.sync 2", "drop membar 0", "unpredicate st 1", "untranspose 1", "unzero 1", "swap mma 1"})
    EXPECT_FALSE(mutate(kText, *parse_mutation(text)).has_value()) << text;
}

TEST(Mutations, OfAKernelLeaveTheOthersAlone) {
  const std::string two = "\n.visible .entry k_2(\n)\n{\n\tbar.sync 1;\n\tbar.sync 2;\n\tret;\n}\n";
  const std::string text = kText + two;
  EXPECT_EQ(difference(text, mutate(text, *parse_mutation("drop bar.sync 1 in k_2")).value()), "\t");
  EXPECT_EQ(mutate(text, *parse_mutation("drop bar.sync 1 in k_2")),
            kText + two.substr(0, two.find("bar.sync 2")) + two.substr(two.find("bar.sync 2") + 11));
  EXPECT_FALSE(mutate(text, *parse_mutation("drop bar.sync 2 in k")).has_value());
  EXPECT_FALSE(mutate(text, *parse_mutation("drop bar.sync 0 in k_3")).has_value());
  const auto listed = list_mutations(text, "k_2");
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(to_string(listed[1].mutation), "drop bar.sync 1 in k_2");
}

TEST(Mutations, AllCandidatesAreListed) {
  std::map<std::string, int> counts;
  for (const Candidate& candidate : list_mutations(kText)) {
    std::string text = to_string(candidate.mutation);
    EXPECT_TRUE(mutate(kText, candidate.mutation).has_value()) << text;
    counts[text.substr(0, text.rfind(' '))]++;
  }
  const std::map<std::string, int> expected = {{"drop bar.sync", 2},
                                               {"drop bar.warp.sync", 1},
                                               {"drop cp.async.wait_group", 1},
                                               {"drop cp.async.commit_group", 1},
                                               {"drop bar.red", 1},
                                               {"drop barrier.red", 1},
                                               {"drop shfl", 2},
                                               {"swap mma", 1},
                                               {"swap mma.b", 1},
                                               {"unpredicate ld", 1},
                                               {"unpredicate st", 1},
                                               {"unpredicate cp.async", 1},
                                               {"untranspose", 1},
                                               {"unzero", 1}};
  EXPECT_EQ(counts, expected);
}

}  // namespace
