// What the parser makes of directives, scopes, literals and source locations, and what it refuses.
#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include "ptx/module.h"

namespace vgpu::ptx {
namespace {

const char* const kHeader = ".version 8.4\n.target sm_80\n.address_size 64\n";

Module parse_body(const std::string& body) { return parse(kHeader + (".visible .entry k()\n{\n" + body + "\n}\n")); }

// The message of the error that parsing ends with.
std::string error_of(const std::string& text) {
  try {
    parse(text);
  } catch (const ParseError& error) {
    return error.what();
  }
  return "no error";
}

std::int64_t immediate(const std::string& expression) {
  const Module module = parse_body(".reg .b64 %rd<2>;\nmov.b64 %rd1, " + expression + ";");
  return static_cast<std::int64_t>(module.functions[0].body[0].operands[1].bits);
}

TEST(Parser, ReadsIntegerLiteralsOfEveryBase) {
  EXPECT_EQ(immediate("0x1F"), 31);
  EXPECT_EQ(immediate("0XffU"), 255);
  EXPECT_EQ(immediate("017"), 15);
  EXPECT_EQ(immediate("0b101"), 5);
  EXPECT_EQ(immediate("0"), 0);
  EXPECT_EQ(immediate("-2147483648"), -2147483648LL);
  EXPECT_EQ(immediate("0xffffffffffffffff"), -1);
}

TEST(Parser, EvaluatesConstantExpressions) {
  EXPECT_EQ(immediate("(1 + 2) * 4 - 1"), 11);
  EXPECT_EQ(immediate("1 + 2 * 4 << 1"), 18);
  EXPECT_EQ(immediate("~0 & 0xF0 | 3"), 0xF3);
  EXPECT_EQ(immediate("-8 >> 1"), -4);
  EXPECT_EQ(immediate("0xffffffffffffffffU >> 60"), 15);
  EXPECT_EQ(immediate("3 > 2 ? 7 : 9"), 7);
  EXPECT_EQ(immediate("!5 || (2 == 2 && 1)"), 1);
  EXPECT_EQ(immediate("-7 / 2"), -3);
}

TEST(Parser, ReadsFloatLiterals) {
  const Module module = parse_body(
      ".reg .f32 %f<2>; .reg .f64 %fd<2>;\nmov.f32 %f1, 0fBF800000;\nmov.f64 %fd1, "
      "-0d4000000000000000;\nmov.f64 %fd1, 1.5e1;");
  const auto& body = module.functions[0].body;
  EXPECT_EQ(body[0].operands[1].kind, Operand::Kind::float32);
  EXPECT_EQ(body[0].operands[1].bits, 0xBF800000u);
  EXPECT_EQ(std::bit_cast<double>(body[1].operands[1].bits), -2.0);
  EXPECT_EQ(std::bit_cast<double>(body[2].operands[1].bits), 15.0);
}

TEST(Parser, ReadsVariablesWithInitialValues) {
  const Module module =
      parse(std::string(kHeader) +
            ".global .align 4 .u32 gv = 5;\n.global .u64 gp[3] = {0, generic(gv)+4, gv};\n"
            ".const .align 4 .b8 tab[8] = {1, 2, 0x80};\n.const .f32 m[2][2] = {{1.0, 2.0}, {0f40400000, 4}};\n"
            ".extern .shared .align 16 .b8 ds[];\n.global .v4 .f32 v;\n");
  ASSERT_EQ(module.variables.size(), 6u);
  const Variable& pointers = module.variables[1];
  EXPECT_EQ(pointers.size_bytes, 24u);
  ASSERT_EQ(pointers.relocations.size(), 2u);
  EXPECT_EQ(pointers.relocations[0].offset, 8u);
  EXPECT_EQ(pointers.relocations[0].symbol, "gv");
  EXPECT_EQ(pointers.relocations[0].addend, 4);
  EXPECT_EQ(pointers.relocations[1].offset, 16u);
  const Variable& table = module.variables[2];
  ASSERT_EQ(table.initial_value.size(), 8u);
  EXPECT_EQ(table.initial_value[2], std::byte{0x80});
  EXPECT_EQ(table.initial_value[7], std::byte{0});
  float floats[4];
  std::memcpy(floats, module.variables[3].initial_value.data(), sizeof floats);
  EXPECT_EQ(floats[2], 3.0f);
  EXPECT_EQ(floats[3], 4.0f);
  EXPECT_TRUE(module.variables[4].is_extern);
  EXPECT_EQ(module.variables[4].size_bytes, 0u);
  EXPECT_EQ(module.variables[5].alignment, 16u);
}

TEST(Parser, ReadsFunctionsWithParametersAndBounds) {
  const Module module = parse(std::string(kHeader) +
                              ".func (.param .b32 r) f(.param .b32 a);\n"
                              ".visible .entry k(.param .u64 k_0, .param .align 8 .b8 k_1[24])\n"
                              ".maxntid 128, 2, 1\n.minnctapersm 2\n{\nret;\n}\n"
                              ".func (.param .b32 r) f(.param .b32 a)\n{\nst.param.b32 [r+0], 1;\nret;\n}\n");
  ASSERT_EQ(module.functions.size(), 2u);
  EXPECT_TRUE(module.functions[0].is_defined);
  EXPECT_EQ(module.functions[0].results.size(), 1u);
  EXPECT_EQ(module.functions[0].body.size(), 2u);
  const Function& kernel = module.functions[1];
  EXPECT_TRUE(kernel.is_entry);
  EXPECT_EQ(kernel.max_threads, 256u);
  ASSERT_EQ(kernel.parameters.size(), 2u);
  EXPECT_EQ(kernel.variables[1].size_bytes, 24u);
  EXPECT_EQ(kernel.variables[1].alignment, 8u);
}

TEST(Parser, ScopesHideNamesAndEndWithTheirBrace) {
  const Module module = parse_body(
      ".reg .b32 %r<4>;\nmov.b32 %r1, 0;\n{ .reg .b64 %r1; .reg .pred p; mov.b64 %r1, 0; }\n"
      "{ .reg .pred p; mov.b32 %r1, 1; }\nmov.b32 %r3, 2;");
  const Function& kernel = module.functions[0];
  const auto type_of = [&](std::size_t i) {
    return kernel.registers[static_cast<std::size_t>(kernel.body[i].operands[0].index)];
  };
  EXPECT_EQ(type_of(0), Type::b32);
  EXPECT_EQ(type_of(1), Type::b64);
  EXPECT_EQ(kernel.body[2].operands[0].index, kernel.body[0].operands[0].index);
  EXPECT_EQ(kernel.body[3].operands[0].index, 3);
}

TEST(Parser, LabelsMayStandBehindTheirUseAndAroundIt) {
  const Module module = parse_body(
      ".reg .pred %p<2>;\n$back:\n@%p1 bra $end;\n{\n@!%p1 bra $back;\nbra.uni $inner;\n"
      "$inner:\nbra $end;\n}\n$end:\nret;");
  const Function& kernel = module.functions[0];
  const auto target = [&](std::size_t i) {
    return kernel.labels[static_cast<std::size_t>(kernel.body[i].operands[0].index)];
  };
  EXPECT_EQ(target(0), 4u);
  EXPECT_EQ(target(1), 0u);
  EXPECT_EQ(target(2), 3u);
  EXPECT_EQ(target(3), 4u);
  EXPECT_TRUE(kernel.body[1].predicate_negated);
}

TEST(Parser, ReadsAddressesVectorsPairsAndSpecialRegisters) {
  const Module module = parse_body(
      ".reg .b32 %r<9>; .reg .b64 %rd<3>; .reg .pred %p<3>;\n.shared .align 4 .b8 s[64];\n"
      "ld.shared.v4.u32 {%r1, %r2, _, %r4}, [s+16];\nld.global.u32 %r1, [%rd1+-4];\n"
      "shfl.sync.bfly.b32 %r1|%p1, %r2, 1, 31, -1;\nmov.u32 %r1, %tid.x;\nmov.u64 %rd2, s+4;\n"
      "setp.eq.and.s32 %p1|%p2, %r1, %r2, !%p1;");
  const auto& body = module.functions[0].body;
  ASSERT_EQ(body[0].operands[0].elements.size(), 4u);
  EXPECT_EQ(body[0].operands[0].elements[2].kind, Operand::Kind::sink);
  EXPECT_EQ(body[0].operands[1].base, Operand::Kind::variable);
  EXPECT_EQ(body[0].operands[1].offset, 16);
  EXPECT_EQ(body[1].operands[1].offset, -4);
  EXPECT_EQ(body[2].operands[0].kind, Operand::Kind::pair);
  EXPECT_EQ(body[3].operands[1].kind, Operand::Kind::special);
  EXPECT_EQ(body[3].operands[1].text, "%tid.x");
  EXPECT_EQ(body[4].operands[1].offset, 4);
  EXPECT_TRUE(body[5].operands[3].negated);
  EXPECT_EQ(body[5].line, 13u);
  EXPECT_EQ(body[5].text, "setp.eq.and.s32 %p1|%p2, %r1, %r2, !%p1;");
}

TEST(Parser, FollowsInlinedSourceLocations) {
  const Module module =
      parse(std::string(kHeader) +
            ".entry k()\n{\n.loc 1 7 0\nret;\n.loc 2 449 9, function_name $L__info_string0, inlined_at 1 7 2\n"
            "ret;\n.loc 3 5 1, function_name $L__info_string0+4, inlined_at 2 449 9\nret;\n}\n"
            ".file 1 \"a.cu\"\n.file 2 \"b.h\", 12, 13\n.file 3 \"c.h\"\n"
            ".section .debug_str\n{\n$L__info_string0:\n.b8 95,90\n\n}\n");
  const auto& body = module.functions[0].body;
  const Location& deepest = module.locations[static_cast<std::size_t>(body[2].location)];
  EXPECT_EQ(module.files[deepest.file], "c.h");
  EXPECT_EQ(deepest.line, 5u);
  const Location& middle = module.locations[static_cast<std::size_t>(deepest.inlined_at)];
  EXPECT_EQ(middle.line, 449u);
  const Location& outer = module.locations[static_cast<std::size_t>(middle.inlined_at)];
  EXPECT_EQ(outer.line, 7u);
  EXPECT_EQ(outer.inlined_at, -1);
}

TEST(Parser, ReadsCallsPrototypesAndBranchTables) {
  const Module module =
      parse(std::string(kHeader) +
            ".extern .func (.param .b32 r) vprintf(.param .b64 a, .param .b64 b);\n.entry k()\n{\n"
            ".reg .b64 %rd<4>; .reg .b32 %r<4>;\n{ // callseq 0, 0\n.param .b64 param0;\n.param .b32 retval0;\n"
            "call.uni (retval0), \nvprintf, \n(\nparam0, \nparam0\n);\n}\n{ .param .b32 q;\n"
            "prototype_3 : .callprototype (.param .b32 _) _ (.param .b32 _, .param .b64 _);\n"
            "call (q), %rd1, (q, q), prototype_3;\n}\n"
            "$L_t: .branchtargets $a, $b;\nbrx.idx %r1, $L_t;\n$a:\nret;\n$b:\nret;\n}\n");
  const Function& kernel = module.functions[1];
  EXPECT_EQ(kernel.body[0].operands[1].kind, Operand::Kind::function);
  EXPECT_EQ(kernel.body[0].operands[2].elements.size(), 2u);
  EXPECT_EQ(kernel.prototypes[0].parameter_bytes, (std::vector<std::uint64_t>{4, 8}));
  EXPECT_EQ(kernel.body[2].operands[1].kind, Operand::Kind::targets);
  EXPECT_EQ(kernel.labels[kernel.branch_targets[0][1]], 4u);
}

TEST(Parser, NamesTheLineOfWhatItDoesNotUnderstand) {
  EXPECT_EQ(error_of(std::string(kHeader) + ".teleport x;\n"),
            "PTX line 4: unknown directive '.teleport': `.teleport x;`");
  EXPECT_EQ(error_of(std::string(kHeader) + ".entry k()\n{\n  mov.b32 %r1, 0;\n}\n"),
            "PTX line 6: the name '%r1' is not declared");
  EXPECT_EQ(error_of(std::string(kHeader) + ".entry k()\n{\nbra $nowhere;\n}\n"),
            "PTX line 7: the label '$nowhere' is used in 'k' and stands nowhere");
  EXPECT_EQ(error_of(std::string(kHeader) + ".entry k()\n{\nret;\n"), "PTX line 7: the function 'k' has no end: ``");
  EXPECT_EQ(error_of("hello"), "PTX line 1: unknown directive 'hello': `hello`");
  EXPECT_EQ(error_of(""), "PTX line 1: no .version: this is no PTX: ``");
}

}  // namespace
}  // namespace vgpu::ptx
