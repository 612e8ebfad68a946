// The backward kernels of one chunk and block, compiled for every instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention/cpu/backward_kernel.cpp"
#include "cpu/simd/targets.h"
// Highway's headers come first: they set the target.
#include <algorithm>

#include "attention/cpu/at.h"
#include "attention/cpu/backward.h"
#include "attention/cpu/backward_products-inl.h"
#include "attention/cpu/backward_scores-inl.h"
#include "attention/cpu/rows-inl.h"
#include "cpu/simd/pack-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::gradients::HWY_NAMESPACE {

using scores::load_row;
using scores::store_row;
using scores::with_float_type;

// Sum of a[i] * b[i].
template <class T>
float dot(const T* HWY_RESTRICT a, const T* HWY_RESTRICT b, int count) {
  const FloatTag d;
  auto sum = hn::Zero(d);
  int i = 0;
  for (; i + kLanes <= count; i += kLanes) sum = hn::MulAdd(simd::load(d, a + i), simd::load(d, b + i), sum);
  if (i < count) {
    sum = hn::MulAdd(simd::load_first(d, a + i, count - i), simd::load_first(d, b + i, count - i), sum);
  }
  return hn::ReduceSum(d, sum);
}

// Number of the row of a query head at a position of the query tensor.
std::int64_t shared_row(const Problem& p, std::int64_t entry, std::int64_t position, std::int64_t head) {
  const std::int64_t head_kv = head / p.group;
  return ((entry * p.heads_kv + head_kv) * p.total_q + position) * p.group + head % p.group;
}

void prepare_position(const Shared& shared, std::int64_t entry, std::int64_t position) {
  const BackwardProblem& b = *shared.problem;
  const Problem& p = b.forward;
  for (std::int64_t head = 0; head < p.heads_q; ++head) {
    const std::int64_t row = shared_row(p, entry, position, head);
    shared.logsumexp[row] = *at<const float>(p.logsumexp, entry, head, position);
    with_float_type(p.output.dtype, [&](auto element) HWY_ATTR {
      using T = decltype(element);
      shared.delta[row] = dot(at<const T>(b.grad_output, entry, position, head),
                              at<const T>(p.output, entry, position, head), static_cast<int>(p.head_dim_v));
    });
    std::fill_n(shared.grad_query + row * query_pitch(p), query_pitch(p), 0.0f);
  }
}

void finish_position(const Shared& shared, std::int64_t entry, std::int64_t position) {
  const BackwardProblem& b = *shared.problem;
  const Problem& p = b.forward;
  for (std::int64_t head = 0; head < p.heads_q; ++head) {
    const float* sums = shared.grad_query + shared_row(p, entry, position, head) * query_pitch(p);
    store_row(b.grad_query, entry, position, head, sums, p.scale);
  }
}

void begin_chunk(const Shared& shared, Chunk& c, const Scratch& s) {
  const Problem& p = shared.problem->forward;
  const int head_dim = static_cast<int>(p.head_dim), head_dim_v = static_cast<int>(p.head_dim_v);
  const std::int64_t first_key = c.sequence.first_key + c.first_key;
  with_float_type(p.key.dtype, [&](auto element) HWY_ATTR {
    using T = decltype(element);
    const T* keys = at<const T>(p.key, c.sequence.key_batch, first_key, c.head_kv);
    const T* values = at<const T>(p.value, c.sequence.key_batch, first_key, c.head_kv);
    simd::pack_transposed(keys, p.key.strides[1], head_dim, c.keys, s.keys_transposed);
    simd::pack_transposed(values, p.value.strides[1], head_dim_v, c.keys, s.values_transposed);
    simd::pack(keys, p.key.strides[1], c.keys, head_dim, s.keys);
  });
  c.keys_finite = all_finite({s.keys, c.keys, head_dim});
  std::fill_n(s.grad_keys, c.keys * query_pitch(p), 0.0f);
  std::fill_n(s.grad_values, c.keys * accumulator_pitch(p), 0.0f);
  const BiasSums& bias = shared.bias;
  if (bias.is_summed_over_queries()) std::fill_n(s.bias_sums, bias.heads_of_group(p) * kPitch, 0.0f);
}

void end_chunk(const Shared& shared, const Chunk& c, const Scratch& s) {
  const BackwardProblem& b = *shared.problem;
  const Problem& p = b.forward;
  for (int key = 0; key < c.keys; ++key) {
    const std::int64_t row = c.sequence.first_key + c.first_key + key;
    store_row(b.grad_key, c.sequence.key_batch, row, c.head_kv, s.grad_keys + key * query_pitch(p), p.scale);
    store_row(b.grad_value, c.sequence.key_batch, row, c.head_kv, s.grad_values + key * accumulator_pitch(p), 1.0f);
  }
}

// Reads what is known of a block's rows, and which keys each tile sees.
void make_rows(const Shared& shared, const Chunk& c, const Block& block, std::int64_t shared_row, Row* rows,
               RowTiles& tiles) {
  for (Tile& tile : tiles) {
    for (int r = tile.first; r < tile.first + tile.rows; ++r) {
      rows[r] = make_row(shared, c, block.query_row(shared.problem->forward, r), shared_row + r);
      const RowKeys keys = rows[r].keys;
      const int begin = keys.sinks > 0 ? 0 : keys.begin, end = keys.begin < keys.end ? keys.end : keys.sinks;
      if (begin >= end) continue;
      tile.begin = tile.end == 0 ? begin : std::min(tile.begin, begin);
      tile.end = std::max(tile.end, end);
    }
  }
}

void load_rows(const BackwardProblem& b, const Block& block, const Scratch& s) {
  const Problem& p = b.forward;
  for (int r = 0; r < block.rows; ++r) {
    const QueryRow row = block.query_row(p, r);
    const std::int64_t position = block.sequence.first_query + row.query;
    load_row(p.query, block.batch, position, row.head, s.queries + r * kPitch);
    load_row(b.grad_output, block.batch, position, row.head, s.grad_outputs + r * kPitch);
  }
  simd::pack(s.queries, kPitch, block.rows, static_cast<int>(p.head_dim), s.packed_queries);
  simd::pack(s.grad_outputs, kPitch, block.rows, static_cast<int>(p.head_dim_v), s.packed_grad_outputs);
}

void add_block(const Shared& shared, const Chunk& c, const Block& block, const Scratch& s) {
  const Problem& p = shared.problem->forward;
  const int head_dim = static_cast<int>(p.head_dim), head_dim_v = static_cast<int>(p.head_dim_v);
  const std::int64_t pitch = query_pitch(p), pitch_v = accumulator_pitch(p);
  const std::int64_t shared_row =
      first_shared_row(p, c.batch, c.head_kv) + c.sequence.first_query * p.group + block.first_row;
  RowTiles row_tiles(block.rows);
  Row rows[kBlockRows];
  make_rows(shared, c, block, shared_row, rows, row_tiles);
  const KeyTiles key_tiles = make_key_tiles(c.keys, row_tiles);
  load_rows(*shared.problem, block, s);

  multiply(row_tiles, s.queries, {s.keys_transposed, head_dim, c.keys}, product_factor(p), s.weights);
  multiply(row_tiles, s.grad_outputs, {s.values_transposed, head_dim_v, c.keys}, 1.0f, s.grad_scores);
  differentiate(shared, c, rows, block.rows, s);

  const auto row_sees = [&](int r, int key) { return sees(p, c, rows[r], key); };
  const auto key_is_seen = [&](int key, int r) { return sees(p, c, rows[r], key); };
  const Right grad_outputs{s.packed_grad_outputs, block.rows, head_dim_v};
  const Right queries{s.packed_queries, block.rows, head_dim}, keys{s.keys, c.keys, head_dim};
  const auto add = [&]<class A>(A, const auto& tiles, const float* a, const Right& b, bool finite, const auto& seen,
                                float* to, std::int64_t pitch) {
    if (finite) {
      accumulate<A>(tiles, a, b, to, pitch);
    } else {
      accumulate_seen<A>(tiles, a, b, to, pitch, seen);
    }
  };
  add(Transposed(), key_tiles, s.weights, grad_outputs, all_finite(grad_outputs), key_is_seen, s.grad_values, pitch_v);
  add(Transposed(), key_tiles, s.grad_scores, queries, all_finite(queries), key_is_seen, s.grad_keys, pitch);
  add(AsStored(), row_tiles, s.grad_scores, keys, c.keys_finite, row_sees, shared.grad_query + shared_row * pitch,
      pitch);
}

void finish_bias_row(const Shared& shared, std::int64_t row) {
  const BiasSums& bias = shared.bias;
  const BiasRow at = bias.row_at(row);
  store_row(shared.problem->grad_bias, at.batch, at.head, at.query, bias.row(at), 1.0f);
}

constexpr Kernels kKernels{prepare_position, begin_chunk, add_block, end_chunk, finish_position, finish_bias_row};

}  // namespace ki::attention::cpu::gradients::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ki::attention::cpu::gradients {

const Kernels& kernels(ki::cpu::SimdTarget target) { return KI_FOR_TARGET(target, kKernels); }

}  // namespace ki::attention::cpu::gradients
#endif
