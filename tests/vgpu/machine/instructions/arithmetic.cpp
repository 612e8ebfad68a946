// Mnemonics that several kinds of numbers share.
#include "machine/instructions/arithmetic.h"

namespace vgpu::machine {

bool is_integer(ptx::Type type) {
  return is_signed_integer(type) || type == ptx::Type::u8 || type == ptx::Type::u16 || type == ptx::Type::u32 ||
         type == ptx::Type::u64;
}

bool is_float(ptx::Type type) { return type == ptx::Type::f32 || type == ptx::Type::f64; }

bool is_half(ptx::Type type) {
  return type == ptx::Type::f16 || type == ptx::Type::f16x2 || type == ptx::Type::bf16 || type == ptx::Type::bf16x2;
}

namespace {

void decode_by_type(Decoder& decoder) {
  const ptx::Type type = decoder.last_type();
  if (is_float(type)) return decode_float_arithmetic(decoder);
  if (is_half(type)) return decode_half_arithmetic(decoder);
  decode_integer_arithmetic(decoder);
}

}  // namespace

void add_arithmetic_instructions(DecodeTable& table) {
  for (const char* mnemonic :
       {"add",   "sub",  "mul",  "mad",   "fma",  "div", "rem",   "abs",  "neg",  "min",      "max",  "sad",  "mul24",
        "mad24", "addc", "subc", "madc",  "popc", "clz", "bfind", "brev", "bfe",  "bfi",      "dp4a", "dp2a", "bmsk",
        "szext", "rcp",  "sqrt", "rsqrt", "ex2",  "lg2", "sin",   "cos",  "tanh", "copysign", "testp"}) {
    table[mnemonic] = decode_by_type;
  }
}

}  // namespace vgpu::machine
