#include "attention/attention_layout.h"

#include <memory>
#include <utility>

#include "support/dtype.h"
#include "support/random.h"

namespace ki::test {
namespace {

constexpr std::int64_t kRowsBehindTheLast = 3;  // of packed tensors
constexpr std::int64_t kUnusedPages = 2;

/// Order of dimensions that are [batch, sequence, heads, ...], or without the batch.
std::vector<int> order_of(Placement placement, std::size_t rank) {
  if (placement == Placement::heads_first) return rank == 4 ? std::vector{0, 2, 1, 3} : std::vector{1, 0, 2};
  if (placement == Placement::sequence_first && rank == 4) return {1, 0, 2, 3};
  return {};
}

std::vector<int> broadcast_of(Placement placement, Role role, std::size_t rank) {
  const int heads = static_cast<int>(rank) - 2;
  switch (placement) {
    case Placement::broadcast_batch:
      if (role == Role::key || role == Role::scores) return {0};
      break;
    case Placement::broadcast_heads:
      if (role == Role::key) return {heads};
      if (role == Role::scores) return {1};
      break;
    case Placement::broadcast_query:
      if (role == Role::query) return {1};
      if (role == Role::scores) return {2};
      break;
    default: break;
  }
  return {};
}

Layout layout_of(const AttentionCase& c, Role role, std::size_t rank) {
  Layout layout;
  layout.misalign =
      static_cast<std::int64_t>(seed_of(c.name()) % 3);  // neither aligned nor misaligned memory is the rule
  if (c.placement == Placement::aligned) layout.misalign = 0;
  if (c.placement == Placement::padded_rows) layout.row_gap = role == Role::logsumexp || role == Role::scales ? 2 : 3;
  layout.broadcast = broadcast_of(c.placement, role, rank);
  if (role == Role::logsumexp) {
    if (c.placement == Placement::sequence_first && rank == 3) layout.order = {1, 0, 2};
  } else if (role == Role::scales) {
    if (c.placement == Placement::heads_first) layout.order = {0, 2, 1};
  } else if (role == Role::scores) {
    if (c.placement == Placement::heads_first) layout.order = {1, 0, 2, 3};
    if (c.placement == Placement::sequence_first) layout.order = {2, 1, 0, 3};
  } else {
    layout.order = order_of(c.placement, rank);
  }
  return layout;
}

/// Rows of [query heads | key heads | value heads | output heads | a gap], one per batch and position.
std::vector<TensorData> side_by_side(const AttentionCase& c, const std::vector<Shape>& shapes) {
  constexpr std::int64_t kGap = 5;
  std::int64_t row = kGap;
  for (const Shape& shape : shapes) row += shape[2] * shape[3];
  const auto memory = std::make_shared<Memory>((c.batch * c.seq_q * row + kGap) * element_size(c.dtype));
  std::vector<TensorData> tensors;
  std::int64_t offset = kGap;
  for (const Shape& shape : shapes) {
    tensors.emplace_back(c.dtype, shape, Shape{c.seq_q * row, row, shape[3], 1}, memory, offset);
    offset += shape[2] * shape[3];
  }
  return tensors;
}

}  // namespace

TensorData placed_tensor(const AttentionCase& c, Role role, ki_dtype dtype, const Shape& shape) {
  return TensorData(dtype, shape, layout_of(c, role, shape.size()));
}

std::vector<TensorData> placed_tensors(const AttentionCase& c) {
  const Shape queries = query_rows(c), keys = key_rows(c);
  const Shape query = with_heads(queries, c.heads_q, c.head_dim), output = with_heads(queries, c.heads_q, c.head_dim_v);
  const Shape key = with_heads(keys, c.heads_kv, c.head_dim), value = with_heads(keys, c.heads_kv, c.head_dim_v);
  if (c.placement == Placement::packed) return side_by_side(c, {query, key, value, output});
  return {placed_tensor(c, Role::query, c.dtype, query), placed_tensor(c, Role::key, c.key_dtype(), key),
          placed_tensor(c, Role::key, c.key_dtype(), value), placed_tensor(c, Role::output, c.dtype, output)};
}

std::vector<std::int64_t> offsets_of(const std::vector<std::int64_t>& lengths) {
  std::vector<std::int64_t> offsets{0};
  for (const std::int64_t length : lengths) offsets.push_back(offsets.back() + length);
  return offsets;
}

std::int64_t page_count(const AttentionCase& c, std::int64_t b) {
  return (c.seq_k_of(b) + c.cache->page_size - 1) / c.cache->page_size;
}

Shape query_rows(const AttentionCase& c) {
  if (c.packed_q.empty()) return {c.sequence_count(), c.seq_q};
  return {offsets_of(c.packed_q).back() + kRowsBehindTheLast};
}

Shape key_rows(const AttentionCase& c) {
  if (!c.packed_k.empty()) return {offsets_of(c.packed_k).back() + kRowsBehindTheLast};
  if (!c.cache) return {c.sequence_count(), c.seq_k};
  if (c.cache->page_size == 0) return {c.sequence_count() + (c.cache->slots ? 2 : 1), c.seq_k};
  std::int64_t pages = kUnusedPages;
  for (std::int64_t b = 0; b < c.sequence_count(); ++b) pages += page_count(c, b);
  return {pages, c.cache->page_size};
}

Shape logsumexp_shape(const AttentionCase& c) {
  const Shape rows = query_rows(c);
  return c.packed_q.empty() ? Shape{rows[0], c.heads_q, rows[1]} : Shape{c.heads_q, rows[0]};
}

Shape scores_shape(const AttentionCase& c, Shared shared, std::int64_t shorter) {
  const bool everything = shared == Shared::everything;
  const bool one_batch = everything || shared == Shared::batch;
  const bool one_head = everything || shared == Shared::heads || shared == Shared::heads_and_queries;
  const bool one_query = everything || shared == Shared::queries || shared == Shared::heads_and_queries;
  return {one_batch ? 1 : c.sequence_count(), one_head ? 1 : c.heads_q, one_query ? 1 : c.longest_q() - shorter,
          c.longest_k() - shorter};
}

Shape with_heads(Shape rows, std::int64_t heads, std::int64_t dim) {
  rows.push_back(heads);
  rows.push_back(dim);
  return rows;
}

}  // namespace ki::test
