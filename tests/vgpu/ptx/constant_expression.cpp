// Evaluates literals and constant expressions by precedence climbing. Integers are 64 bits wide, as PTX has them.
#include "ptx/constant_expression.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstdlib>
#include <string>

namespace vgpu::ptx {
namespace {

using Kind = Constant::Kind;

std::uint64_t parse_digits(Lexer& lexer, std::string_view digits, int base) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) {
    lexer.fail("no number that PTX knows: '" + std::string(digits) + "'");
  }
  return value;
}

Constant parse_literal(Lexer& lexer) {
  std::string_view text = lexer.peek().text;
  Constant constant;
  const char mark = text.size() > 1 && text[0] == '0' ? static_cast<char>(text[1] | 0x20) : '\0';
  const bool is_hexadecimal = mark == 'x';
  if ((mark == 'f' && text.size() == 10) || (mark == 'd' && text.size() == 18)) {
    constant.kind = mark == 'f' ? Kind::float32 : Kind::float64;
    constant.bits = parse_digits(lexer, text.substr(2), 16);
  } else if (!is_hexadecimal && mark != 'b' && text.find_first_of(".eE") != std::string_view::npos) {
    const std::string copy(text);
    char* end = nullptr;
    constant.kind = Kind::float64;
    constant.bits = std::bit_cast<std::uint64_t>(std::strtod(copy.c_str(), &end));
    if (end != copy.c_str() + copy.size()) lexer.fail("no number that PTX knows: '" + copy + "'");
  } else {
    if (text.back() == 'U') {
      constant.kind = Kind::unsigned_integer;
      text.remove_suffix(1);
    }
    if (is_hexadecimal) {
      constant.bits = parse_digits(lexer, text.substr(2), 16);
    } else if (mark == 'b') {
      constant.bits = parse_digits(lexer, text.substr(2), 2);
    } else if (text.size() > 1 && text[0] == '0') {
      constant.bits = parse_digits(lexer, text.substr(1), 8);
    } else {
      constant.bits = parse_digits(lexer, text, 10);
    }
    if (constant.bits >> 63 != 0) constant.kind = Kind::unsigned_integer;
  }
  lexer.next();
  return constant;
}

Constant parse_conditional(Lexer& lexer);

Constant parse_unary(Lexer& lexer) {
  if (lexer.accept("+")) return parse_unary(lexer);
  if (lexer.accept("-")) {
    Constant value = parse_unary(lexer);
    if (value.kind == Kind::float32) value.bits ^= 0x8000'0000u;
    if (value.kind == Kind::float64) value.bits ^= std::uint64_t{1} << 63;
    if (value.is_integer()) value = {Kind::signed_integer, 0 - value.bits};
    return value;
  }
  if (lexer.accept("~")) {
    Constant value = parse_unary(lexer);
    value.bits = ~value.bits;
    return value;
  }
  if (lexer.accept("!")) return {Kind::signed_integer, parse_unary(lexer).bits == 0 ? 1u : 0u};
  if (lexer.accept("(")) {
    if (lexer.accept(".s64")) {
      lexer.expect(")");
      return {Kind::signed_integer, parse_unary(lexer).bits};
    }
    if (lexer.accept(".u64")) {
      lexer.expect(")");
      return {Kind::unsigned_integer, parse_unary(lexer).bits};
    }
    const Constant value = parse_conditional(lexer);
    lexer.expect(")");
    return value;
  }
  if (lexer.peek().kind != Token::Kind::number) lexer.fail("a constant expected");
  return parse_literal(lexer);
}

struct Operator {
  std::string_view mark;
  int precedence;
};
constexpr std::array kOperators = {
    Operator{"||", 1}, Operator{"&&", 2}, Operator{"|", 3}, Operator{"^", 4},  Operator{"&", 5},  Operator{"==", 6},
    Operator{"!=", 6}, Operator{"<", 7},  Operator{">", 7}, Operator{"<=", 7}, Operator{">=", 7}, Operator{"<<", 8},
    Operator{">>", 8}, Operator{"+", 9},  Operator{"-", 9}, Operator{"*", 10}, Operator{"/", 10},
};

double as_double(const Constant& value) { return std::bit_cast<double>(constant_as_float64(value)); }

Constant apply_to_floats(Lexer& lexer, std::string_view mark, double a, double b) {
  double result = 0;
  if (mark == "+") {
    result = a + b;
  } else if (mark == "-") {
    result = a - b;
  } else if (mark == "*") {
    result = a * b;
  } else if (mark == "/") {
    result = a / b;
  } else {
    lexer.fail("'" + std::string(mark) + "' of floating point constants");
  }
  return {Kind::float64, std::bit_cast<std::uint64_t>(result)};
}

Constant apply(Lexer& lexer, std::string_view mark, const Constant& a, const Constant& b) {
  if (!a.is_integer() || !b.is_integer()) return apply_to_floats(lexer, mark, as_double(a), as_double(b));
  const bool is_unsigned = a.kind == Kind::unsigned_integer || b.kind == Kind::unsigned_integer;
  const Kind kind = is_unsigned ? Kind::unsigned_integer : Kind::signed_integer;
  const std::uint64_t x = a.bits, y = b.bits;
  const std::int64_t sx = static_cast<std::int64_t>(x), sy = static_cast<std::int64_t>(y);
  const auto truth = [](bool value) { return Constant{Kind::signed_integer, value ? 1u : 0u}; };
  if (mark == "||") return truth(x != 0 || y != 0);
  if (mark == "&&") return truth(x != 0 && y != 0);
  if (mark == "|") return {kind, x | y};
  if (mark == "^") return {kind, x ^ y};
  if (mark == "&") return {kind, x & y};
  if (mark == "==") return truth(x == y);
  if (mark == "!=") return truth(x != y);
  if (mark == "<") return truth(is_unsigned ? x < y : sx < sy);
  if (mark == ">") return truth(is_unsigned ? x > y : sx > sy);
  if (mark == "<=") return truth(is_unsigned ? x <= y : sx <= sy);
  if (mark == ">=") return truth(is_unsigned ? x >= y : sx >= sy);
  if (mark == "<<") return {a.kind, x << (y & 63)};
  if (mark == ">>") {
    return {a.kind, a.kind == Kind::unsigned_integer ? x >> (y & 63) : static_cast<std::uint64_t>(sx >> (y & 63))};
  }
  if (mark == "+") return {kind, x + y};
  if (mark == "-") return {kind, x - y};
  if (mark == "*") return {kind, x * y};
  if (y == 0 || (sy == -1 && !is_unsigned)) {
    if (y == 0) lexer.fail("division by zero in a constant expression");
    return {kind, 0 - x};
  }
  return {kind, is_unsigned ? x / y : static_cast<std::uint64_t>(sx / sy)};
}

Constant parse_binary(Lexer& lexer, int lowest) {
  Constant left = parse_unary(lexer);
  while (true) {
    const Operator* found = nullptr;
    for (const Operator& candidate : kOperators) {
      if (lexer.peek().is(candidate.mark)) found = &candidate;
    }
    if (found == nullptr || found->precedence < lowest) return left;
    lexer.next();
    left = apply(lexer, found->mark, left, parse_binary(lexer, found->precedence + 1));
  }
}

Constant parse_conditional(Lexer& lexer) {
  const Constant condition = parse_binary(lexer, 1);
  if (!lexer.accept("?")) return condition;
  const Constant yes = parse_conditional(lexer);
  lexer.expect(":");
  const Constant no = parse_conditional(lexer);
  return condition.bits != 0 ? yes : no;
}

}  // namespace

Constant parse_constant_expression(Lexer& lexer) { return parse_conditional(lexer); }

std::uint64_t constant_as_float64(const Constant& constant) {
  switch (constant.kind) {
    case Kind::signed_integer:
      return std::bit_cast<std::uint64_t>(static_cast<double>(static_cast<std::int64_t>(constant.bits)));
    case Kind::unsigned_integer: return std::bit_cast<std::uint64_t>(static_cast<double>(constant.bits));
    case Kind::float32:
      return std::bit_cast<std::uint64_t>(
          static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(constant.bits))));
    case Kind::float64: return constant.bits;
  }
  return 0;
}

std::uint64_t constant_as_float32(const Constant& constant) {
  if (constant.kind == Kind::float32) return constant.bits;
  return std::bit_cast<std::uint32_t>(static_cast<float>(as_double(constant)));
}

}  // namespace vgpu::ptx
