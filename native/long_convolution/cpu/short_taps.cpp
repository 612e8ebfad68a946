#include "long_convolution/cpu/short_taps.h"

#include <bit>
#include <cmath>
#include <cstring>

namespace ki::long_convolution::cpu {
namespace {

float float_of_float16(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits & 0x8000U} << 16, exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7F800000U | fraction << 13);
  if (exponent == 0) return std::copysign(static_cast<float>(fraction) * 0x1p-24F, std::bit_cast<float>(sign | 1));
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

float read(const Tensor& tensor, std::int64_t offset) {
  if (tensor.dtype == KI_DTYPE_FLOAT32) return reinterpret_cast<const float*>(tensor.data)[offset];
  const std::uint16_t bits = reinterpret_cast<const std::uint16_t*>(tensor.data)[offset];
  return tensor.dtype == KI_DTYPE_FLOAT16 ? float_of_float16(bits) : std::bit_cast<float>(std::uint32_t{bits} << 16);
}

}  // namespace

Shape shape_of(const ShortProblem& p) { return {p.channels_last, p.batch, p.channels, p.length, p.width}; }

void pack_taps(const ShortProblem& p, TapOrder order, float* to) {
  const Shape shape = shape_of(p);
  for (std::int64_t channel = 0; channel < p.channels; ++channel) {
    const std::int64_t row = channel * p.filter.strides[0];
    const std::int64_t first = place_of(shape, p.width, channel, 0), step = p.channels_last ? kBlock : 1;
    for (std::int64_t j = 0; j < p.width; ++j) {
      const std::int64_t tap = order == TapOrder::forward ? j : p.width - 1 - j;
      to[first + j * step] = read(p.filter, row + tap);
    }
  }
  // What no channel has is read beside those of its block, and its results are not written.
  if (!p.channels_last) return;
  for (std::int64_t channel = p.channels; channel < floats_of(shape, 1); ++channel) {
    for (std::int64_t j = 0; j < p.width; ++j) to[place_of(shape, p.width, channel, j)] = 0;
  }
}

void pack_bias(const ShortProblem& p, float* to) {
  for (std::int64_t c = 0; c < floats_of(shape_of(p), 1); ++c) {
    to[c] = p.bias.rank > 0 && c < p.channels ? read(p.bias, c * p.bias.strides[0]) : 0;
  }
}

}  // namespace ki::long_convolution::cpu
