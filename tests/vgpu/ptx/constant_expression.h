// Literals and constant expressions. PTX ISA, sections 4.5 (literals) and 4.6 (types and rules of expressions).
#pragma once

#include <cstdint>

#include "ptx/lexer.h"

namespace vgpu::ptx {

struct Constant {
  enum class Kind : std::uint8_t { signed_integer, unsigned_integer, float32, float64 };
  Kind kind = Kind::signed_integer;
  std::uint64_t bits = 0;

  bool is_integer() const { return kind == Kind::signed_integer || kind == Kind::unsigned_integer; }
};

Constant parse_constant_expression(Lexer& lexer);

// The bytes of a constant in a variable or register of this size. An integer becomes a float where the type is one.
std::uint64_t constant_as_float32(const Constant& constant);
std::uint64_t constant_as_float64(const Constant& constant);

}  // namespace vgpu::ptx
