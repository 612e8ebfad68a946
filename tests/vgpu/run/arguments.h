// Kernel arguments as the command line gives them.
//
//   i32=5  u64=7  f32=1.5  f16=0.5  bf16=2     a number
//   f32[1024]=random                           a buffer, passed as its address
//   i32[64]=iota   u8[10]=zero   f32[8]=none   0, 1, 2, ...; zeros; nothing written, so that reading it is a finding
//   f16[256]=0.25  i32[100]=@data.bin          one number throughout; the bytes of a file
//   struct(f32[64]=random,i32=4)               several in one parameter, each at its natural alignment
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace vgpu::run {

enum class Element { i8, u8, i16, u16, i32, u32, i64, u64, f16, bf16, f32, f64 };

std::size_t size_of(Element element);

// What cannot be understood; the message names the argument.
class ArgumentError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Value {
  Element element = Element::i32;
  bool is_buffer = false;
  bool is_written = true;        // false: a buffer that nothing is written to
  std::vector<std::byte> bytes;  // of the number, or of the buffer's content
};

// One kernel parameter.
struct Argument {
  std::vector<Value> parts;  // more than one: a struct
};

// `seed` makes random content, which is uniform in [-1, 1) or over all integers of 8 bits.
Argument parse_argument(std::string_view text, std::uint64_t seed);

// An element as text.
std::string to_string(Element element, const std::byte* bytes);

}  // namespace vgpu::run
