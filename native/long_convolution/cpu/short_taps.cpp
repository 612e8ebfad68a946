#include "long_convolution/cpu/short_taps.h"

#include "long_convolution/cpu/scalars.h"

namespace ki::long_convolution::cpu {

Shape shape_of(const ShortProblem& p) { return {p.channels_last, p.batch, p.channels, p.length, p.width}; }

void pack_taps(const ShortProblem& p, TapOrder order, float* to) {
  const Shape shape = shape_of(p);
  for (std::int64_t channel = 0; channel < p.channels; ++channel) {
    const std::int64_t row = channel * p.filter.strides[0];
    const std::int64_t first = place_of(shape, p.width, channel, 0), step = p.channels_last ? kBlock : 1;
    for (std::int64_t j = 0; j < p.width; ++j) {
      const std::int64_t tap = order == TapOrder::forward ? j : p.width - 1 - j;
      to[first + j * step] = element(p.filter, row + tap);
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
    to[c] = p.bias.rank > 0 && c < p.channels ? element(p.bias, c * p.bias.strides[0]) : 0;
  }
}

}  // namespace ki::long_convolution::cpu
