#include "short_convolution_run.h"

#include <immintrin.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <thread>
#include <vector>

#include "pinned.h"
#include "random_fill.h"
#include "support/dense_view.h"

namespace ki::bench {
namespace {

__attribute__((target("avx512f"))) void copy_avx3(std::byte* to, const std::byte* from, std::size_t size) {
  for (std::size_t i = 0; i + 64 <= size; i += 64) _mm512_storeu_si512(to + i, _mm512_loadu_si512(from + i));
}

__attribute__((target("avx2"))) void copy_avx2(std::byte* to, const std::byte* from, std::size_t size) {
  for (std::size_t i = 0; i + 32 <= size; i += 32) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i),
                        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i)));
  }
}

}  // namespace

ki_tensor ShortConvolutionRun::tensor(test::Buffer& memory, ki_dtype dtype, std::initializer_list<std::int64_t> shape,
                                      std::uint64_t seed) {
  std::int64_t elements = 1;
  for (const std::int64_t length : shape) elements *= length;
  const auto size = static_cast<std::size_t>(elements * test::element_size(dtype));
  memory = test::create_buffer(device_, size);
  fill_random(test::data_of(memory), size, dtype, seed);
  return test::dense_view(dtype, test::data_of(memory), shape);
}

ki_tensor ShortConvolutionRun::like_input(test::Buffer& memory, std::uint64_t seed) {
  return case_.channels_last ? tensor(memory, case_.dtype, {case_.batch, case_.length, case_.channels}, seed)
                             : tensor(memory, case_.dtype, {case_.batch, case_.channels, case_.length}, seed);
}

ShortConvolutionRun::ShortConvolutionRun(const ShortConvolutionCase& short_case, const Setting& setting)
    : case_(short_case),
      setting_(setting),
      device_(test::open_device("cpu", setting.target.c_str(), setting.threads)),
      stream_(test::create_stream(device_)),
      input_(like_input(memory_[0], 1)),
      filter_(tensor(memory_[1], case_.dtype, {case_.channels, case_.width}, 2)),
      bias_(tensor(memory_[2], case_.dtype, {case_.channels}, 3)),
      output_(like_input(memory_[3], 4)),
      grad_input_(like_input(memory_[4], 5)),
      grad_filter_(tensor(memory_[5], KI_DTYPE_FLOAT32, {case_.channels, case_.width}, 6)),
      grad_bias_(tensor(memory_[6], KI_DTYPE_FLOAT32, {case_.channels}, 7)) {
  problem_.struct_size = sizeof(problem_);
  problem_.flags = case_.channels_last ? KI_SHORT_CONVOLUTION_CHANNELS_LAST : KI_SHORT_CONVOLUTION_NONE;
  problem_.input = &input_;
  problem_.filter = &filter_;
  problem_.bias = &bias_;
  gradients_.struct_size = sizeof(gradients_);
  gradients_.grad_output = &output_;
  gradients_.grad_input = &grad_input_;
  gradients_.grad_filter = &grad_filter_;
  gradients_.grad_bias = &grad_bias_;
  test::check(ki_short_convolution_backward_workspace(device_.get(), &problem_, &gradients_, &workspace_bytes_));
  workspace_ = test::create_buffer(device_, workspace_bytes_);
  forward();
}

void ShortConvolutionRun::forward() {
  problem_.output = &output_;
  test::check(ki_short_convolution_forward(stream_.get(), &problem_));
}

void ShortConvolutionRun::backward() {
  problem_.output = nullptr;
  test::check(ki_short_convolution_backward(stream_.get(), &problem_, &gradients_, test::data_of(workspace_),
                                            workspace_bytes_));
}

double ShortConvolutionRun::copy() const {
  const auto threads = static_cast<std::size_t>(setting_.threads);
  const std::size_t size = static_cast<std::size_t>(case_.tensor_bytes()) / threads / 64 * 64;
  const auto run = setting_.target == "avx3" ? copy_avx3 : copy_avx2;
  std::vector<double> seconds(threads);
  {
    std::barrier start(setting_.threads);
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < threads; ++i) {
      workers.emplace_back([&, i] {
        const Pinned pinned(1, static_cast<int>(i));
        start.arrive_and_wait();
        const auto begin = std::chrono::steady_clock::now();
        run(test::data_of(memory_[3]) + i * size, test::data_of(memory_[0]) + i * size, size);
        seconds[i] = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      });
    }
  }
  return *std::max_element(seconds.begin(), seconds.end());
}

}  // namespace ki::bench
