#pragma once

#include <cstdint>
#include <sstream>
#include <string>

#include "kernels_interop.h"
#include "long_convolution/long_convolution_run.h"
#include "setting.h"
#include "support/handles.h"

namespace ki::bench {

// Which blocks of the filter's spectrum are kept: all, the lowest, or some everywhere.
enum class Mask { none, low_pass, scattered };

// A causal convolution over float32.
struct ConvolutionCase {
  int batch = 0;
  int channels = 0;
  std::int64_t length = 0;
  std::int64_t filter_length = 0;
  Mask mask = Mask::none;
  int one_in = 1;  // so many of the blocks of the filter's spectrum are kept

  // `B:16x64/L:1024/K:1024/masked:0`: how many percent, `.../masked:50/scattered` if they are not the highest.
  std::string name() const {
    return "B:" + std::to_string(batch) + "x" + std::to_string(channels) + "/L:" + std::to_string(length) +
           "/K:" + std::to_string(filter_length) + "/masked:" + masked_name();
  }

  std::string masked_name() const {
    std::ostringstream percent;
    percent << 100.0 - 100.0 / one_in << (mask == Mask::scattered ? "/scattered" : "");
    return percent.str();
  }

  std::int64_t rows() const { return static_cast<std::int64_t>(batch) * channels; }
};

// A case with its tensors and its plan, ready to run again and again.
class ConvolutionRun {
 public:
  ConvolutionRun(const ConvolutionCase& convolution_case, const Setting& setting);
  ConvolutionRun(const ConvolutionRun&) = delete;
  ConvolutionRun& operator=(const ConvolutionRun&) = delete;

  void forward();

  // Rows of the input and of the output, and taps of each channel.
  const float* input() const;
  const float* output() const;
  const float* filter() const;

 private:
  test::Device device_;
  test::Stream stream_;
  test::Buffer input_, output_, filter_, workspace_;
  std::uint64_t workspace_bytes_ = 0;
  ki_tensor views_[2] = {};
  test::LongConvolutionPlan plan_;
  ki_long_convolution_problem problem_{};
};

}  // namespace ki::bench
