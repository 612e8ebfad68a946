// A PTX module as text says it: variables, functions, instructions, with nothing resolved yet.
// PTX ISA 8.4, chapters 4 (syntax), 5 (state spaces and types) and 11 (directives).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace vgpu::ptx {

enum class Space { reg, param, shared, global, constant, local, generic };

enum class Type {
  none, pred, b8, b16, b32, b64, b128, u8, u16, u32, u64, s8, s16, s32, s64,
  f16, f16x2, bf16, bf16x2, tf32, e4m3, e5m2, f32, f64,
};

// A place in the CUDA source, from `.loc`. `inlined_at` indexes Module::locations: where this code was inlined.
struct Location {
  std::uint32_t file = 0;  // index into Module::files
  std::uint32_t line = 0;
  std::int32_t inlined_at = -1;
};

struct Variable {
  std::string name;
  Space space = Space::global;
  Type type = Type::b8;
  std::uint64_t alignment = 1;
  std::uint64_t size_bytes = 0;   // 0 for `extern .shared x[]`
  bool is_extern = false;
  std::vector<std::byte> initial_value;  // empty: zeros
  struct AddressOf { std::uint64_t offset; std::string symbol; std::int64_t addend; };
  std::vector<AddressOf> relocations;    // places in the initial value that hold another variable's address
};

struct Operand;  // register, immediate, symbol, address [base + offset], vector {a, b, c, d}, label, special register

struct Instruction;  // predicate, opcode with its dotted modifiers, operands, PTX line, Location

struct Function {
  std::string name;
  bool is_entry = false;
  std::vector<Variable> parameters, results, locals;   // locals: .local and .shared variables declared inside
  std::optional<std::uint32_t> max_threads, required_threads;
  std::vector<Instruction> body;
  // ... registers and labels: see the parser
};

struct Module {
  std::string version, target;
  std::vector<Variable> variables;
  std::vector<Function> functions;
  std::vector<std::string> files;
  std::vector<Location> locations;
};

// What a line of PTX means cannot be known. The message names the line and quotes it.
class ParseError : public std::runtime_error {
 public:
  ParseError(std::uint32_t line, const std::string& what);
  std::uint32_t line;
};

Module parse(std::string_view text);

}  // namespace vgpu::ptx
