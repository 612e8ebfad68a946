// Kernel arguments from text: see arguments.h.
#include "run/arguments.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <random>
#include <utility>

namespace vgpu::run {

namespace {

constexpr std::pair<std::string_view, Element> kElements[] = {
    {"i8", Element::i8},   {"u8", Element::u8},   {"i16", Element::i16},   {"u16", Element::u16},
    {"i32", Element::i32}, {"u32", Element::u32}, {"i64", Element::i64},   {"u64", Element::u64},
    {"f16", Element::f16}, {"f32", Element::f32}, {"bf16", Element::bf16}, {"f64", Element::f64}};

bool is_float(Element element) { return element >= Element::f16; }

// A float rounded to the nearest value with `mantissa` bits and the exponents of a 16-bit format, ties to even.
std::uint16_t to_half(double value, int mantissa, int smallest_exponent, int largest_exponent) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const double magnitude = std::fabs(value);
  const auto infinity = static_cast<std::uint16_t>((largest_exponent - smallest_exponent + 2) << mantissa);
  if (std::isnan(value)) return static_cast<std::uint16_t>(infinity | 1 << (mantissa - 1));
  if (magnitude == 0) return sign;
  const int exponent = std::max(smallest_exponent, std::isinf(value) ? largest_exponent + 1 : std::ilogb(magnitude));
  // In units of the last place; a carry goes into the exponent's bits by itself.
  const double units = exponent > largest_exponent ? 0 : std::nearbyint(std::ldexp(magnitude, mantissa - exponent));
  const double bits = units + std::ldexp(exponent - smallest_exponent, mantissa);
  if (exponent > largest_exponent || bits >= infinity) return static_cast<std::uint16_t>(sign | infinity);
  return static_cast<std::uint16_t>(sign | static_cast<std::uint16_t>(bits));
}

double from_half(std::uint16_t bits, int mantissa, int smallest_exponent) {
  const int all_ones = (1 << (15 - mantissa)) - 1;
  const int exponent = bits >> mantissa & all_ones;
  const int fraction = bits & ((1 << mantissa) - 1);
  double magnitude = 0;
  if (exponent == all_ones)
    magnitude = fraction == 0 ? INFINITY : NAN;
  else if (exponent == 0)
    magnitude = std::ldexp(fraction, smallest_exponent - mantissa);
  else
    magnitude = std::ldexp(fraction + (1 << mantissa), exponent - 1 + smallest_exponent - mantissa);
  return bits & 0x8000 ? -magnitude : magnitude;
}

template <typename T>
void append(std::vector<std::byte>& bytes, T value) {
  const auto* begin = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), begin, begin + sizeof value);
}

void append_float(std::vector<std::byte>& bytes, Element element, double value) {
  switch (element) {
    case Element::f16: append(bytes, to_half(value, 10, -14, 15)); break;
    case Element::bf16: append(bytes, to_half(value, 7, -126, 127)); break;
    case Element::f32: append(bytes, static_cast<float>(value)); break;
    default: append(bytes, value); break;
  }
}

void append_integer(std::vector<std::byte>& bytes, Element element, std::uint64_t value) {
  std::byte all[8];
  std::memcpy(all, &value, 8);
  bytes.insert(bytes.end(), all, all + size_of(element));  // little-endian: the low bytes come first
}

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw ArgumentError("argument '" + std::string(text) + "': " + why);
}

template <typename T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void append_number(std::vector<std::byte>& bytes, Element element, std::string_view text, std::string_view whole) {
  if (is_float(element)) {
    const auto value = number<double>(text);
    if (!value) refuse(whole, "'" + std::string(text) + "' is no number");
    append_float(bytes, element, *value);
    return;
  }
  const auto bits = static_cast<int>(size_of(element) * 8);
  const bool is_signed =
      element == Element::i8 || element == Element::i16 || element == Element::i32 || element == Element::i64;
  if (is_signed) {
    const auto value = number<std::int64_t>(text);
    if (!value || (*value >> (bits - 1) != 0 && *value >> (bits - 1) != -1))
      refuse(whole, "'" + std::string(text) + "' is no number of this type");
    append_integer(bytes, element, static_cast<std::uint64_t>(*value));
  } else {
    const auto value = number<std::uint64_t>(text);
    if (!value || (bits < 64 && *value >> bits != 0))
      refuse(whole, "'" + std::string(text) + "' is no number of this type");
    append_integer(bytes, element, *value);
  }
}

std::vector<std::byte> read_file(const std::string& path, std::string_view whole) {
  std::ifstream file(path, std::ios::binary);
  if (!file) refuse(whole, "the file " + path + " cannot be read");
  const std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto* begin = reinterpret_cast<const std::byte*>(content.data());
  return {begin, begin + content.size()};
}

void fill_buffer(Value& value, std::size_t count, std::string_view content, std::uint64_t seed,
                 std::string_view whole) {
  const std::size_t size = count * size_of(value.element);
  if (content == "none" || content == "zero" || content.empty()) {
    value.is_written = content != "none";
    value.bytes.resize(size);
  } else if (content.front() == '@') {
    value.bytes = read_file(std::string(content.substr(1)), whole);
    if (value.bytes.size() != size)
      refuse(whole, "the file has " + std::to_string(value.bytes.size()) + " bytes, not " + std::to_string(size));
  } else if (content == "random") {
    std::mt19937_64 generator(seed);
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t bits = generator();
      if (is_float(value.element))
        append_float(value.bytes, value.element, std::ldexp(static_cast<double>(bits >> 11), -52) - 1);
      else
        append_integer(value.bytes, value.element, bits & 0xFF);
    }
  } else if (content == "iota") {
    for (std::size_t i = 0; i < count; ++i) {
      if (is_float(value.element))
        append_float(value.bytes, value.element, static_cast<double>(i));
      else
        append_integer(value.bytes, value.element, i);
    }
  } else {
    append_number(value.bytes, value.element, content, whole);
    const std::vector<std::byte> one = value.bytes;
    value.bytes.reserve(size);
    for (std::size_t i = 1; i < count; ++i) value.bytes.insert(value.bytes.end(), one.begin(), one.end());
  }
}

Value parse_value(std::string_view text, std::uint64_t seed) {
  const std::size_t equals = text.find('=');
  std::string_view type = text.substr(0, equals);
  const std::string_view content = equals == std::string_view::npos ? std::string_view() : text.substr(equals + 1);
  const std::size_t bracket = type.find('[');
  Value value;
  value.is_buffer = bracket != std::string_view::npos;
  const std::string_view name = type.substr(0, bracket);
  const auto* known =
      std::find_if(std::begin(kElements), std::end(kElements), [&](const auto& e) { return e.first == name; });
  if (known == std::end(kElements)) refuse(text, "'" + std::string(name) + "' is no type");
  value.element = known->second;
  if (!value.is_buffer) {
    append_number(value.bytes, value.element, content, text);
    return value;
  }
  if (type.back() != ']') refuse(text, "the bracket is not closed");
  const auto count = number<std::size_t>(type.substr(bracket + 1, type.size() - bracket - 2));
  if (!count || *count == 0 || *count > (std::size_t{1} << 40)) refuse(text, "the number of elements is none");
  fill_buffer(value, *count, content, seed, text);
  return value;
}

}  // namespace

std::size_t size_of(Element element) {
  switch (element) {
    case Element::i8:
    case Element::u8: return 1;
    case Element::i16:
    case Element::u16:
    case Element::f16:
    case Element::bf16: return 2;
    case Element::i32:
    case Element::u32:
    case Element::f32: return 4;
    default: return 8;
  }
}

Argument parse_argument(std::string_view text, std::uint64_t seed) {
  Argument argument;
  if (!text.starts_with("struct(")) {
    argument.parts.push_back(parse_value(text, seed));
    return argument;
  }
  if (!text.ends_with(")")) refuse(text, "the parenthesis is not closed");
  std::string_view rest = text.substr(7, text.size() - 8);
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    argument.parts.push_back(parse_value(rest.substr(0, comma), seed + argument.parts.size()));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  if (argument.parts.empty()) refuse(text, "it has no members");
  return argument;
}

std::string to_string(Element element, const std::byte* bytes) {
  const auto read = [&]<typename T>(T value) {
    std::memcpy(&value, bytes, sizeof value);
    return value;
  };
  const auto decimal = [](double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.9g", value);
    return std::string(text);
  };
  switch (element) {
    case Element::i8: return std::to_string(read(std::int8_t{}));
    case Element::u8: return std::to_string(read(std::uint8_t{}));
    case Element::i16: return std::to_string(read(std::int16_t{}));
    case Element::u16: return std::to_string(read(std::uint16_t{}));
    case Element::i32: return std::to_string(read(std::int32_t{}));
    case Element::u32: return std::to_string(read(std::uint32_t{}));
    case Element::i64: return std::to_string(read(std::int64_t{}));
    case Element::u64: return std::to_string(read(std::uint64_t{}));
    case Element::f16: return decimal(from_half(read(std::uint16_t{}), 10, -14));
    case Element::bf16: return decimal(from_half(read(std::uint16_t{}), 7, -126));
    case Element::f32: return decimal(read(float{}));
    case Element::f64: return decimal(read(double{}));
  }
  return "?";
}

}  // namespace vgpu::run
