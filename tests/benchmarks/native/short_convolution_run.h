#pragma once

#include <cstdint>
#include <string>

#include "kernels_interop.h"
#include "setting.h"
#include "support/dtype.h"
#include "support/handles.h"

namespace ki::bench {

// A depthwise short convolution with a bias.
struct ShortConvolutionCase {
  ki_dtype dtype = KI_DTYPE_FLOAT32;
  bool channels_last = false;
  std::int64_t batch = 1, channels = 1, length = 1, width = 4;

  // `f32/first/B:4/C:1024/L:4096/W:4`
  std::string name() const {
    return std::string(test::dtype_name(dtype)) + (channels_last ? "/last" : "/first") + "/B:" + std::to_string(batch) +
           "/C:" + std::to_string(channels) + "/L:" + std::to_string(length) + "/W:" + std::to_string(width);
  }

  std::int64_t elements() const { return batch * channels * length; }
  std::int64_t tensor_bytes() const { return elements() * test::element_size(dtype); }
  double flops() const { return 2.0 * static_cast<double>(elements() * width); }
};

// A case with its tensors, ready to run again and again.
class ShortConvolutionRun {
 public:
  ShortConvolutionRun(const ShortConvolutionCase& short_case, const Setting& setting);
  ShortConvolutionRun(const ShortConvolutionRun&) = delete;
  ShortConvolutionRun& operator=(const ShortConvolutionRun&) = delete;

  void forward();
  void backward();

  // Seconds that it takes to copy the input over the output with as many threads and the target's vectors; of the
  // slowest.
  double copy() const;

 private:
  ki_tensor tensor(test::Buffer& memory, ki_dtype dtype, std::initializer_list<std::int64_t> shape, std::uint64_t seed);
  ki_tensor like_input(test::Buffer& memory, std::uint64_t seed);

  ShortConvolutionCase case_;
  Setting setting_;
  test::Device device_;
  test::Stream stream_;
  test::Buffer memory_[7], workspace_;
  std::uint64_t workspace_bytes_ = 0;
  ki_tensor input_, filter_, bias_, output_, grad_input_, grad_filter_, grad_bias_;
  ki_short_convolution_problem problem_{};
  ki_short_convolution_gradients gradients_{};
};

}  // namespace ki::bench
