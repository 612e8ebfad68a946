// Finds the instructions in PTX text without understanding them, so that text can be edited and everything else of it
// stays as it was.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vgpu::driver {

struct Statement {
  std::size_t begin = 0, end = 0;            // in the text; `end` is behind the semicolon
  std::uint32_t line = 0;                    // where it begins, from 1
  std::string_view guard, opcode, operands;  // `@%p1`, `ld.global.f32`, `%f1, [%rd1]`
};

// Instructions only: no directives, labels, braces of a scope, or comments.
std::vector<Statement> instructions(std::string_view ptx);

// Whether an opcode is of a family: `bar.sync` is of `bar` and of `bar.sync`, `barrier.sync` of neither.
bool is_of(std::string_view opcode, std::string_view family);

// Operands at the commas that are outside of {} and []; without surrounding spaces.
std::vector<std::string_view> split_operands(std::string_view operands);

}  // namespace vgpu::driver
