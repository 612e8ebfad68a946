// Variable declarations and their initial values. PTX ISA, section 5.4.
#include "ptx/declarations.h"

#include <cstring>

#include "ptx/constant_expression.h"

namespace vgpu::ptx {
namespace {

// Fills a variable's bytes in the order the text gives; nested braces only group.
class InitialValue {
 public:
  InitialValue(Lexer& lexer, Variable& variable, std::uint32_t element_bytes)
      : lexer_(lexer), variable_(variable), element_bytes_(element_bytes) {}

  void parse() {
    if (!lexer_.accept("{")) return parse_element();
    if (lexer_.accept("}")) return;
    do {
      parse();
    } while (lexer_.accept(","));
    lexer_.expect("}");
  }

 private:
  void parse_element() {
    std::uint64_t bits = 0;
    if (lexer_.peek().kind == Token::Kind::word) {
      parse_address();
    } else {
      const Constant constant = parse_constant_expression(lexer_);
      if (variable_.type == Type::f32) {
        bits = constant_as_float32(constant);
      } else if (variable_.type == Type::f64) {
        bits = constant_as_float64(constant);
      } else {
        bits = constant.bits;
      }
    }
    auto& bytes = variable_.initial_value;
    const std::size_t begin = bytes.size();
    bytes.resize(begin + element_bytes_);
    std::memcpy(bytes.data() + begin, &bits, element_bytes_);
  }

  // symbol, symbol+4, generic(symbol)+4
  void parse_address() {
    if (element_bytes_ != 8) lexer_.fail("an address in an element of other than 64 bits is not supported");
    std::string_view name = lexer_.next().text;
    if (name == "generic" && lexer_.accept("(")) {
      name = lexer_.expect(Token::Kind::word, "a variable").text;
      lexer_.expect(")");
    }
    std::int64_t addend = 0;
    if (lexer_.peek().is("+") || lexer_.peek().is("-")) {
      addend = static_cast<std::int64_t>(parse_constant_expression(lexer_).bits);
    }
    variable_.relocations.push_back({variable_.initial_value.size(), name, addend});
  }

  Lexer& lexer_;
  Variable& variable_;
  std::uint32_t element_bytes_;
};

}  // namespace

std::optional<Space> accept_space(Lexer& lexer) {
  if (lexer.accept(".global")) return Space::global;
  if (lexer.accept(".shared")) return Space::shared;
  if (lexer.accept(".local")) return Space::local;
  if (lexer.accept(".const")) return Space::constant;
  if (lexer.accept(".param")) return Space::param;
  return std::nullopt;
}

Type expect_type(Lexer& lexer) {
  const Token& token = lexer.peek();
  const auto type = token.kind == Token::Kind::directive ? type_named(token.text.substr(1)) : std::nullopt;
  if (!type) lexer.fail("a type expected, found '" + std::string(token.text) + "'");
  lexer.next();
  return *type;
}

Variable parse_variable(Lexer& lexer, Space space) {
  Variable variable;
  variable.space = space;
  std::uint64_t vector = 1;
  bool has_type = false;
  bool has_alignment = false;
  while (lexer.peek().kind == Token::Kind::directive) {
    if (lexer.accept(".align")) {
      variable.alignment = parse_constant_expression(lexer).bits;
      has_alignment = true;
    } else if (lexer.accept(".v2")) {
      vector = 2;
    } else if (lexer.accept(".v4")) {
      vector = 4;
    } else if (lexer.accept(".ptr")) {
      // What a pointer parameter points to is a hint; its alignment is not that of the parameter.
      (void)accept_space(lexer);
      if (lexer.accept(".align")) (void)parse_constant_expression(lexer);
    } else if (lexer.accept(".attribute")) {
      lexer.fail("attributes of variables are not supported");
    } else if (!has_type) {
      variable.type = expect_type(lexer);
      has_type = true;
    } else {
      lexer.fail("unknown directive '" + std::string(lexer.peek().text) + "' in a declaration");
    }
  }
  if (!has_type) lexer.fail("a declaration without type");
  const std::uint32_t element_bytes = size_bytes(variable.type);
  if (element_bytes == 0) lexer.fail("a variable of this type has no place in memory");
  if (!has_alignment) variable.alignment = element_bytes * vector;
  if (variable.alignment == 0 || (variable.alignment & (variable.alignment - 1)) != 0) {
    lexer.fail("an alignment must be a power of two");
  }
  variable.name = lexer.expect(Token::Kind::word, "a name").text;

  std::uint64_t count = vector;
  bool is_open = false;
  while (lexer.accept("[")) {
    if (lexer.accept("]")) {
      is_open = true;
    } else {
      count *= parse_constant_expression(lexer).bits;
      lexer.expect("]");
    }
  }
  if (lexer.accept("=")) {
    InitialValue(lexer, variable, element_bytes).parse();
    if (is_open) count *= variable.initial_value.size() / (element_bytes * vector);
    is_open = false;
    if (variable.initial_value.size() > count * element_bytes) lexer.fail("more initial values than elements");
  }
  variable.size_bytes = is_open ? 0 : count * element_bytes;
  if (!variable.initial_value.empty()) variable.initial_value.resize(variable.size_bytes);
  return variable;
}

}  // namespace vgpu::ptx
