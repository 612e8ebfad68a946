#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attention/attention_problem.h"
#include "kernels_interop.h"
#include "setting.h"
#include "support/dtype.h"
#include "support/handles.h"

namespace ki::bench {

// Self-attention of one sequence, [1, length, heads, head_dim], or of a few that are packed behind one another; or of a
// sequence's last queries over all of its keys.
struct AttentionCase {
  ki_dtype dtype = KI_DTYPE_FLOAT32;
  int heads = 0;
  int head_dim = 0;
  std::int64_t length = 0;  // of all sequences together
  bool causal = false;
  int group = 1;                        // query heads that share a key and value head
  std::int64_t window = 0;              // keys that a query of a causal case sees; 0: all
  int sequences = 1;                    // each but the last is half as long as the one before
  std::int64_t queries = 0;             // of one full sequence; 0: as many as keys
  std::optional<ki_dtype> key_dtype{};  // of keys and values; none: that of queries

  // `f32/D:128/L:2048/full`, and whatever else is not the default
  std::string name() const {
    return std::string(test::dtype_name(dtype)) + "/D:" + std::to_string(head_dim) + "/L:" + std::to_string(length) +
           (causal ? "/causal" : "/full") + (group > 1 ? "/group:" + std::to_string(group) : "") +
           (window > 0 ? "/window:" + std::to_string(window) : "") +
           (sequences > 1 ? "/sequences:" + std::to_string(sequences) : "") +
           (queries > 0 ? "/queries:" + std::to_string(queries) : "") +
           (key_dtype ? std::string("/keys:") + test::dtype_name(*key_dtype) : "");
  }

  // Of both matrix products; causal counts half of them, a window what it sees.
  double flops() const {
    if (queries > 0) return 4.0 * heads * static_cast<double>(queries * length) * head_dim;
    double pairs = 0;
    const std::vector<std::int32_t> begins = offsets();
    for (std::size_t i = 0; i + 1 < begins.size(); ++i) {
      const double rows = begins[i + 1] - begins[i], hidden = std::max(0.0, rows - static_cast<double>(window));
      pairs += rows * rows * (causal ? 0.5 : 1.0) - (window > 0 ? hidden * hidden / 2 : 0);
    }
    return 4.0 * heads * pairs * head_dim;
  }

  // Where each sequence begins, and the end.
  std::vector<std::int32_t> offsets() const {
    std::vector<std::int32_t> begins{0};
    for (int i = 1; i < sequences; ++i) {
      begins.push_back(begins.back() + static_cast<std::int32_t>(length - begins.back()) / 2);
    }
    begins.push_back(static_cast<std::int32_t>(length));
    return begins;
  }

  // Of the five products of the backward pass.
  double backward_flops() const { return 2.5 * flops(); }

  std::int64_t query_length() const { return queries > 0 ? queries : length; }
  std::int64_t query_elements() const { return query_length() * heads * head_dim; }
  std::int64_t key_elements() const { return length * (heads / group) * head_dim; }
  ki_dtype dtype_of_keys() const { return key_dtype.value_or(dtype); }
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

  std::span<const std::byte> query() const { return {test::data_of(query_), query_bytes_}; }
  std::span<const std::byte> key() const { return {test::data_of(key_), key_bytes_}; }
  std::span<const std::byte> value() const { return {test::data_of(value_), key_bytes_}; }
  std::span<const std::byte> output() const { return {test::data_of(output_), query_bytes_}; }

 private:
  struct Gradients;

  ki_tensor view(const test::Buffer& buffer, std::int64_t length, int heads) const {
    return view(case_.dtype, buffer, length, heads);
  }
  ki_tensor view(ki_dtype dtype, const test::Buffer& buffer, std::int64_t length, int heads) const;
  test::AttentionProblem problem_over(std::int64_t queries, std::int64_t keys) const;
  ki_attention_problem with_options(const test::AttentionProblem& problem) const;
  void forward(const test::AttentionProblem& problem);

  AttentionCase case_;
  std::size_t query_bytes_, key_bytes_;
  test::Device device_;
  test::Stream stream_;
  test::Buffer query_, key_, value_, output_, workspace_;
  std::uint64_t workspace_bytes_ = 0;
  test::AttentionProblem problem_;
  std::vector<std::int32_t> offsets_;
  ki_tensor offsets_view_{};

  test::Buffer logsumexp_, grad_output_, grad_query_, grad_key_, grad_value_, backward_workspace_;
  std::uint64_t backward_workspace_bytes_ = 0;
};

}  // namespace ki::bench
