// The same mnemonic means integers, floats or halves: which one, the last type of the opcode says.
#pragma once

#include "machine/decoder.h"

namespace vgpu::machine {

bool is_integer(ptx::Type type);
bool is_float(ptx::Type type);  // f32, f64
bool is_half(ptx::Type type);   // f16, bf16 and their pairs

// Each decodes any instruction of its kind that `arithmetic.cpp` lists.
void decode_integer_arithmetic(Decoder& decoder);
void decode_float_arithmetic(Decoder& decoder);
void decode_half_arithmetic(Decoder& decoder);

}  // namespace vgpu::machine
