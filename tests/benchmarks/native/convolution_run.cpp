#include "convolution_run.h"

#include <bit>
#include <cmath>
#include <vector>

#include "random_fill.h"
#include "support/dense_view.h"

namespace ki::bench {
namespace {

constexpr int kBlocks = 128;  // of a masked spectrum

test::Buffer random_buffer(const test::Device& device, std::int64_t floats, std::uint64_t seed) {
  const auto bytes = static_cast<std::uint64_t>(floats) * sizeof(float);
  test::Buffer buffer = test::create_buffer(device, bytes);
  fill_random(test::data_of(buffer), bytes, KI_DTYPE_FLOAT32, seed);
  return buffer;
}

test::LongConvolutionPlan make_plan(const test::Device& device, const ConvolutionCase& c) {
  ki_long_convolution_options options{};
  options.struct_size = sizeof(options);
  options.channels = c.channels;
  options.length = c.length;
  options.filter_length = c.filter_length;
  std::vector<std::uint8_t> kept;
  ki_tensor mask{};
  if (c.mask != Mask::none) {
    const auto points = std::bit_ceil(static_cast<std::uint64_t>(c.length + c.filter_length - 1));
    options.fft_size = static_cast<std::int64_t>(points);
    options.frequency_block = options.fft_size / 2 / kBlocks;
    for (int i = 0; i < kBlocks; ++i) {
      const int turn = c.mask == Mask::low_pass ? i : (37 * i + 11) % kBlocks;  // an odd factor: each once
      kept.push_back(turn < kBlocks / c.one_in ? 1 : 0);
    }
    mask = test::dense_view(KI_DTYPE_BOOL, kept.data(), {kBlocks});
    options.frequency_mask = &mask;
  }
  ki_long_convolution_plan* plan = nullptr;
  test::check(ki_long_convolution_plan_create(device.get(), &options, &plan));
  return test::LongConvolutionPlan(plan);
}

}  // namespace

ConvolutionRun::ConvolutionRun(const ConvolutionCase& c, const Setting& setting)
    : device_(test::open_device("cpu", setting.target.c_str(), setting.threads)),
      stream_(test::create_stream(device_)),
      input_(random_buffer(device_, c.rows() * c.length, 1)),
      output_(random_buffer(device_, c.rows() * c.length, 2)),
      filter_(random_buffer(device_, c.channels * c.filter_length, 3)),
      plan_(make_plan(device_, c)) {
  views_[0] = test::dense_view(KI_DTYPE_FLOAT32, test::data_of(input_), {c.batch, c.channels, c.length});
  views_[1] = test::dense_view(KI_DTYPE_FLOAT32, test::data_of(output_), {c.batch, c.channels, c.length});
  const ki_tensor taps = test::dense_view(KI_DTYPE_FLOAT32, test::data_of(filter_), {c.channels, c.filter_length});
  test::check(ki_long_convolution_set_filter(stream_.get(), plan_.get(), &taps));
  problem_.struct_size = sizeof(problem_);
  problem_.input = &views_[0];
  problem_.output = &views_[1];
  test::check(ki_long_convolution_forward_workspace(plan_.get(), &problem_, &workspace_bytes_));
  workspace_ = test::create_buffer(device_, workspace_bytes_);
  test::check(ki_fill(stream_.get(), test::data_of(workspace_), 0, workspace_bytes_));
  forward();
}

void ConvolutionRun::forward() {
  test::check(
      ki_long_convolution_forward(stream_.get(), plan_.get(), &problem_, test::data_of(workspace_), workspace_bytes_));
}

const float* ConvolutionRun::input() const { return reinterpret_cast<const float*>(test::data_of(input_)); }
const float* ConvolutionRun::output() const { return reinterpret_cast<const float*>(test::data_of(output_)); }
const float* ConvolutionRun::filter() const { return reinterpret_cast<const float*>(test::data_of(filter_)); }

}  // namespace ki::bench
