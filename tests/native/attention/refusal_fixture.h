#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "attention/attention_problem.h"
#include "support/handles.h"

namespace ki::test {

/// A valid problem whose seven lengths all differ, so that a message can be seen to name the right one:
/// batch 2, seq_q 5, heads_q 6, head_dim 8, seq_k 7, heads_kv 3, head_dim_v 4.
class RefusalFixture {
 public:
  RefusalFixture() : memory_(kTensors * kFloatsEach, kUntouched) {
    parts.query = dense_view(KI_DTYPE_FLOAT32, at(0), {2, 5, 6, 8});
    parts.key = dense_view(KI_DTYPE_FLOAT32, at(1), {2, 7, 3, 8});
    parts.value = dense_view(KI_DTYPE_FLOAT32, at(2), {2, 7, 3, 4});
    parts.output = dense_view(KI_DTYPE_FLOAT32, at(3), {2, 5, 6, 4});
    parts.logsumexp = dense_view(KI_DTYPE_FLOAT32, at(4), {2, 6, 5});
    problem = parts.view();
  }
  RefusalFixture(const RefusalFixture&) = delete;
  RefusalFixture& operator=(const RefusalFixture&) = delete;

  /// Memory for one more tensor or for a workspace.
  float* spare() { return at(5); }

  ki_status forward(void* workspace = nullptr, std::uint64_t workspace_bytes = 0) const {
    return ki_attention_forward(stream.get(), &problem, workspace, workspace_bytes);
  }

  std::uint64_t workspace_bytes() const {
    std::uint64_t size = 0;
    check(ki_attention_forward_workspace(device.get(), &problem, &size));
    return size;
  }

  /// Whether no byte of any tensor has changed.
  bool untouched() const { return std::ranges::count(memory_, kUntouched) == std::ssize(memory_); }

  Device device = open_device("cpu", nullptr, 2);
  Stream stream = create_stream(device);
  AttentionProblem parts;
  ki_attention_problem problem{};  ///< points to `parts`

 private:
  static constexpr int kTensors = 6;
  static constexpr std::ptrdiff_t kFloatsEach = 4096;
  static constexpr float kUntouched = 42;

  float* at(int tensor) { return memory_.data() + tensor * kFloatsEach; }

  std::vector<float> memory_;
};

}  // namespace ki::test
