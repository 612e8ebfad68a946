// Where the gradient of the bias is summed up.
#pragma once

#include <cstdint>

#include "attention/problem.h"

namespace ki::attention::cpu::gradients {

struct BiasRow {
  std::int64_t batch, head, query;
};

// Float32 sums shaped as the bias: the gradient itself if it is float32, else in the workspace. Broadcast dimensions have
// stride 0, the last one is contiguous.
struct BiasSums {
  float* data = nullptr;  // NULL if no gradient is wanted
  std::int64_t shape[4] = {}, strides[3] = {};
  bool converted = false;  // they lie in the workspace

  BiasSums() = default;
  explicit BiasSums(const BackwardProblem& b) {
    const Tensor& t = b.grad_bias;
    if (t.rank == 0) return;
    converted = t.dtype != KI_DTYPE_FLOAT32;
    std::int64_t dense = t.shape[3];
    for (int i = 3; i >= 0; --i) shape[i] = t.shape[i];
    for (int i = 2; i >= 0; dense *= shape[i--]) strides[i] = !converted ? t.strides[i] : shape[i] == 1 ? 0 : dense;
    if (!converted) data = reinterpret_cast<float*>(t.data);
  }

  // Rows are numbered over batch, heads and queries.
  std::int64_t rows() const { return shape[0] * shape[1] * shape[2]; }
  std::int64_t elements() const { return rows() * shape[3]; }
  BiasRow row_at(std::int64_t row) const {
    return {row / shape[2] / shape[1], row / shape[2] % shape[1], row % shape[2]};
  }
  float* row(const BiasRow& at) const {
    return data + at.batch * strides[0] + at.head * strides[1] + at.query * strides[2];
  }

  // One element for all queries: a task sums up its own before it adds to what it shares.
  bool is_summed_over_queries() const { return shape[2] == 1; }
  // Rows of such sums that one key and value head needs.
  std::int64_t heads_of_group(const Problem& p) const { return shape[1] == 1 ? 1 : p.group; }

  // Whether several sequences or key and value heads add to the same sums.
  bool is_shared(const Problem& p) const { return (shape[0] == 1 && p.batch > 1) || (shape[1] == 1 && p.heads_kv > 1); }
};

}  // namespace ki::attention::cpu::gradients
