#include "short_convolution/short_case.h"

#include "support/dtype.h"

namespace ki::test {
namespace {

Layout layout_of(const ShortCase& c, bool may_repeat) {
  switch (c.placement) {
    case ShortPlacement::aligned: return {.row_gap = -c.shape().back() & 7, .misalign = 0};
    case ShortPlacement::strided: return {.order = {1, 0, 2}, .row_gap = 3};
    case ShortPlacement::broadcast: return may_repeat ? Layout{.broadcast = {0, 1}} : Layout{};
    default: return {};
  }
}

/// Of filters and biases, whose rows may have a gap too.
Layout channel_layout(const ShortCase& c) {
  return {.row_gap = c.placement == ShortPlacement::strided ? 5 : 0, .misalign = 1};
}

ki_dtype filter_dtype(const ShortCase& c) { return c.float32_filter ? KI_DTYPE_FLOAT32 : c.dtype; }

TensorData with_own_memory(const TensorData& tensor) {
  TensorData copy = tensor;
  copy.move_to(std::make_shared<Memory>(*tensor.memory()));
  return copy;
}

std::optional<TensorData> with_own_memory(const std::optional<TensorData>& tensor) {
  return tensor ? std::optional(with_own_memory(*tensor)) : std::nullopt;
}

}  // namespace

std::string ShortCase::name() const {
  constexpr const char* kPlacements[] = {"", "_aligned", "_strided", "_broadcast"};
  return std::string(dtype_name(dtype)) + (channels_last ? "_last" : "_first") + "_b" + std::to_string(batch) + "_c" +
         std::to_string(channels) + "_t" + std::to_string(length) + "_w" + std::to_string(width) +
         (bias ? "" : "_nobias") + (state ? "_state" : "") + (float32_filter ? "_f32filter" : "") +
         kPlacements[static_cast<int>(placement)];
}

Array random_array(const Shape& shape, Random& random) {
  Array array(shape);
  for (double& x : array.values) x = random.normal();
  return array;
}

ShortData::ShortData(const ShortCase& short_case)
    : c(short_case),
      input(c.dtype, c.shape(), layout_of(c, true)),
      filter(filter_dtype(c), {c.channels, c.width}, channel_layout(c)),
      output(c.dtype, c.shape(), layout_of(c, false)),
      grad_output(c.dtype, c.shape(), layout_of(c, true)),
      grad_input(c.dtype, c.shape(), layout_of(c, false)),
      grad_filter(KI_DTYPE_FLOAT32, {c.channels, c.width}, channel_layout(c)) {
  Random random(seed_of(c.name()));
  input.write(random_array(input.shape(), random));
  filter.write(random_array(filter.shape(), random));
  grad_output.write(random_array(grad_output.shape(), random));
  if (c.bias) {
    bias.emplace(filter_dtype(c), Shape{c.channels});
    bias->write(random_array(bias->shape(), random));
    grad_bias.emplace(KI_DTYPE_FLOAT32, Shape{c.channels});
    grad_bias->write_sentinel();
  }
  if (c.state) {
    state.emplace(c.dtype, c.state_shape(), layout_of(c, false));
    state->write(random_array(state->shape(), random));
  }
  output.write_sentinel();
  grad_input.write_sentinel();
  grad_filter.write_sentinel();
}

ShortData ShortData::copy() const {
  ShortData result = *this;
  for (TensorData ShortData::*tensor : {&ShortData::input, &ShortData::filter, &ShortData::output,
                                        &ShortData::grad_output, &ShortData::grad_input, &ShortData::grad_filter}) {
    result.*tensor = with_own_memory(this->*tensor);
  }
  result.bias = with_own_memory(bias);
  result.state = with_own_memory(state);
  result.grad_bias = with_own_memory(grad_bias);
  return result;
}

std::vector<ShortCase> short_cases() {
  const auto f32 = KI_DTYPE_FLOAT32, f16 = KI_DTYPE_FLOAT16, bf16 = KI_DTYPE_BFLOAT16;
  std::vector<ShortCase> cases;
  for (const bool last : {false, true}) {
    // Widths, with lengths around them and around the vectors and tiles of every backend.
    for (const std::int64_t width : {1, 2, 3, 4, 5, 7, 8, 31, 63, 127, 128}) {
      const ki_dtype dtype = width % 3 == 0 ? f16 : width % 3 == 1 ? f32 : bf16;
      for (const std::int64_t length : {std::int64_t{1}, width - 1, width, std::int64_t{150}}) {
        if (length == 1 && width <= 2) continue;
        cases.push_back({.dtype = dtype,
                         .batch = 2,
                         .channels = 3,
                         .length = length,
                         .width = width,
                         .channels_last = last,
                         .state = length != width});
      }
    }
    for (const ki_dtype dtype : {f32, f16, bf16}) {
      for (const std::int64_t width : {2, 4, 17, 40}) {
        cases.push_back({.dtype = dtype,
                         .batch = 3,
                         .channels = 33,
                         .length = 67,
                         .width = width,
                         .channels_last = last,
                         .bias = width != 4});
        cases.push_back({.dtype = dtype,
                         .batch = 1,
                         .channels = 70,
                         .length = 133,
                         .width = width,
                         .channels_last = last,
                         .state = width == 4,
                         .placement = ShortPlacement::aligned});
      }
      cases.push_back({.dtype = dtype,
                       .channels = 8,
                       .length = 1100,
                       .width = 5,
                       .channels_last = last,
                       .placement = ShortPlacement::aligned});
      cases.push_back({.dtype = dtype, .channels = 1, .length = 4100, .width = 20, .channels_last = last});
      cases.push_back({.dtype = dtype,
                       .batch = 3,
                       .channels = 8,
                       .length = 31,
                       .width = 7,
                       .channels_last = last,
                       .state = true,
                       .placement = ShortPlacement::strided});
      cases.push_back({.dtype = dtype,
                       .batch = 2,
                       .channels = 24,
                       .length = 33,
                       .width = 4,
                       .channels_last = last,
                       .placement = ShortPlacement::broadcast});
      if (dtype != f32) {
        cases.push_back({.dtype = dtype,
                         .channels = 24,
                         .length = 40,
                         .width = 6,
                         .channels_last = last,
                         .float32_filter = true,
                         .placement = ShortPlacement::aligned});
      }
    }
    // Nothing to compute.
    cases.push_back({.length = 0, .channels_last = last, .state = true});
    cases.push_back({.batch = 0, .channels_last = last});
    cases.push_back({.channels = 0, .channels_last = last});
  }
  return cases;
}

}  // namespace ki::test
