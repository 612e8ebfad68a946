#pragma once

#include <cstddef>
#include <cstdint>

#include "attention/problem.h"

// Valid problems, as the front would make them, without memory worth the name.
namespace ki::test {

struct Shape {
  ki_dtype dtype = KI_DTYPE_FLOAT16;
  std::int64_t batch = 2, seq_q = 100, seq_k = 70, heads_q = 6, heads_kv = 3, head_dim = 64, head_dim_v = 64;
  bool causal = false;
  float scale = 0.125f;
};

alignas(64) inline std::byte memory[64];

inline Tensor dense(ki_dtype dtype, std::int64_t batch, std::int64_t positions, std::int64_t heads,
                    std::int64_t columns) {
  Tensor tensor{};
  tensor.dtype = dtype;
  tensor.rank = 4;
  tensor.data = memory;
  tensor.shape = {batch, positions, heads, columns};
  tensor.strides = {positions * heads * columns, heads * columns, columns, 1};
  return tensor;
}

inline attention::Problem problem_of(const Shape& s) {
  attention::Problem p{};
  p.query = dense(s.dtype, s.batch, s.seq_q, s.heads_q, s.head_dim);
  p.key = dense(s.dtype, s.batch, s.seq_k, s.heads_kv, s.head_dim);
  p.value = dense(s.dtype, s.batch, s.seq_k, s.heads_kv, s.head_dim_v);
  p.output = dense(s.dtype, s.batch, s.seq_q, s.heads_q, s.head_dim_v);
  p.batch = s.batch;
  p.total_q = p.seq_q = s.seq_q;
  p.seq_k = s.seq_k;
  p.heads_q = s.heads_q;
  p.heads_kv = s.heads_kv;
  p.head_dim = s.head_dim;
  p.head_dim_v = s.head_dim_v;
  p.group = s.heads_q / s.heads_kv;
  p.scale = s.scale;
  if (s.causal) p.rule.right = 0;
  return p;
}

}  // namespace ki::test
