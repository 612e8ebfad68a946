// A PTX module as text says it: variables, functions, instructions. Names are resolved to indices, scopes are gone, and
// nothing is known yet about what an instruction does. PTX ISA 8.4, chapters 4 (syntax), 5 (state spaces and types) and
// 11 (directives).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace vgpu::ptx {

enum class Space : std::uint8_t { reg, param, shared, global, constant, local, generic };

enum class Type : std::uint8_t {
  none,
  pred,
  b8,
  b16,
  b32,
  b64,
  b128,
  u8,
  u16,
  u32,
  u64,
  s8,
  s16,
  s32,
  s64,
  f16,
  f16x2,
  bf16,
  bf16x2,
  tf32,
  e4m3,
  e5m2,
  e4m3x2,
  e5m2x2,
  f32,
  f64,
};

std::uint32_t size_bytes(Type type);                    // 0 for none and pred
std::optional<Type> type_named(std::string_view name);  // without the dot
bool is_special_register(std::string_view name);        // %tid.x, WARP_SZ

// A place in the CUDA source, from `.loc`. `inlined_at` indexes Module::locations: where this code was inlined.
struct Location {
  std::uint32_t file = 0;  // index into Module::files
  std::uint32_t line = 0;
  std::int32_t inlined_at = -1;
};

struct Variable {
  std::string_view name;
  Space space = Space::global;
  Type type = Type::b8;
  std::uint64_t alignment = 1;
  std::uint64_t size_bytes = 0;  // 0 for `extern .shared x[]`
  bool is_extern = false;
  std::vector<std::byte> initial_value;  // empty: zeros
  struct AddressOf {
    std::uint64_t offset;
    std::string_view symbol;
    std::int64_t addend;
  };
  std::vector<AddressOf> relocations;  // places in the initial value that hold a variable's or function's address
};

struct Operand {
  enum class Kind : std::uint8_t {
    sink,             // _
    reg,              // index: Function::registers
    integer,          // bits
    float32,          // bits: 0f3F800000
    float64,          // bits: 0d3FF0000000000000, 1.0
    special,          // text: %tid.x
    variable,         // index: Function::variables
    module_variable,  // index: Module::variables
    function,         // index: Module::functions
    label,            // index: Function::labels
    targets,          // index: Function::branch_targets
    prototype,        // index: Function::prototypes
    address,          // [base + offset]; base says what `index` or `bits` mean
    vector,           // {a, b, c, d}
    list,             // (a, b), of a call
    pair,             // a|b
  };
  Kind kind = Kind::sink;
  Kind base = Kind::sink;  // of an address: reg, integer, variable or module_variable
  bool negated = false;    // !%p
  std::int32_t index = -1;
  std::int64_t offset = 0;  // of an address or a variable
  std::uint64_t bits = 0;
  std::string_view text;
  std::vector<Operand> elements;  // of vector, list and pair
};

struct Instruction {
  std::string_view opcode;      // with its modifiers: `ld.global.v4.f32`
  std::int32_t predicate = -1;  // index: Function::registers
  bool predicate_negated = false;
  std::vector<Operand> operands;
  std::uint32_t line = 0;      // of the PTX text
  std::int32_t location = -1;  // index: Module::locations
  std::string_view text;       // the statement
};

// What a function looks like from outside, for indirect calls.
struct Prototype {
  std::vector<std::uint64_t> result_bytes, parameter_bytes;
};

struct Function {
  std::string name;
  bool is_entry = false;
  bool is_defined = false;
  std::vector<Variable> variables;  // parameters, results, and the .local, .shared and .param variables declared inside
  std::vector<std::uint32_t> parameters, results;  // indices of variables
  std::optional<std::uint32_t> max_threads, required_threads;
  std::vector<Type> registers;
  std::vector<std::uint32_t> labels;                       // the instruction each stands before
  std::vector<std::vector<std::uint32_t>> branch_targets;  // of labels
  std::vector<Prototype> prototypes;
  std::vector<Instruction> body;
};

// Views in a module point into its own copy of the text.
struct Module {
  std::unique_ptr<const std::string> text;
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
