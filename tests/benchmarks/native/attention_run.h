#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "attention/attention_problem.h"
#include "kernels_interop.h"
#include "setting.h"
#include "support/dtype.h"
#include "support/handles.h"

namespace ki::bench {

// Self-attention of one sequence: batch 1, as many keys as queries, contiguous [1, length, heads, head_dim].
struct AttentionCase {
  ki_dtype dtype = KI_DTYPE_FLOAT32;
  int heads = 0;
  int head_dim = 0;
  std::int64_t length = 0;
  bool causal = false;

  // `f32/D:128/L:2048/full`
  std::string name() const {
    return std::string(test::dtype_name(dtype)) + "/D:" + std::to_string(head_dim) + "/L:" + std::to_string(length) +
           (causal ? "/causal" : "/full");
  }

  // Of both matrix products; causal counts half of them.
  double flops() const {
    const auto rows = static_cast<double>(length);
    return 4.0 * heads * rows * rows * head_dim * (causal ? 0.5 : 1.0);
  }

  // Of the five products of the backward pass.
  double backward_flops() const { return 2.5 * flops(); }

  std::int64_t elements() const { return length * heads * head_dim; }
};

// A case with its tensors, ready to run again and again.
class AttentionRun {
 public:
  // Allocates and touches all memory and starts the device's threads, so that the first run is like any other.
  AttentionRun(const AttentionCase& attention_case, const Setting& setting);
  AttentionRun(const AttentionRun&) = delete;
  AttentionRun& operator=(const AttentionRun&) = delete;

  void forward() { forward(problem_); }

  // Allocates what the backward pass needs besides, and runs forward for its output and logsumexp.
  void prepare_backward();
  void backward();

  std::string target() const { return test::info_of(device_).target; }

  std::span<const std::byte> query() const { return bytes(query_); }
  std::span<const std::byte> key() const { return bytes(key_); }
  std::span<const std::byte> value() const { return bytes(value_); }
  std::span<const std::byte> output() const { return bytes(output_); }

 private:
  struct Gradients;

  ki_tensor view(const test::Buffer& buffer, std::int64_t length) const;
  test::AttentionProblem problem_over(std::int64_t length) const;
  void forward(const test::AttentionProblem& problem);
  std::span<const std::byte> bytes(const test::Buffer& buffer) const { return {test::data_of(buffer), tensor_bytes_}; }

  AttentionCase case_;
  std::size_t tensor_bytes_;
  test::Device device_;
  test::Stream stream_;
  test::Buffer query_, key_, value_, output_, workspace_;
  std::uint64_t workspace_bytes_ = 0;
  test::AttentionProblem problem_;

  test::Buffer logsumexp_, grad_output_, grad_query_, grad_key_, grad_value_, backward_workspace_;
  std::uint64_t backward_workspace_bytes_ = 0;
};

}  // namespace ki::bench
