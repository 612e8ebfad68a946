// What happens to a score between the two products: a variant. Which keys a query sees by position (causality, windows, lengths)
// is no variant's business: that is VisibleKeys, data. docs/cuda-attention.md shows how to write a variant of one's own.
//
// A variant is a struct that derives from Variant and hides the hooks that it needs:
//
//   Params                                        plain data, part of the kernel's parameter
//   Name(const Params&, const Place&)             both outlive it: it may keep references
//   tile_state(first_query, last_query, first_key, last_key)
//                                                 before a tile's scores are computed, for the whole block alike
//   score(score, query, key)                      the new score, called in tiles that are `changed` or `partial`;
//                                                 -infinity hides the key, if it does so for a score of 0 too
//   score_gradient(score, query, key)             derivative of score() by its argument, called in the same tiles
//   drops(), keeps(query, key), weight_scale()    dropout: whether there is any; whether a weight is kept; what kept weights
//                                                 are multiplied with
//
// A score is what it was before the softmax's factor (ForwardParams::scale_log2). Queries and keys count from their sequence's
// begin. Beyond the ends of a sequence the hooks are called as well and may answer anything, but must not read there.
#pragma once

#include "attention/cuda/forward_params.h"
#include "attention/cuda/visible_keys.h"
#include "cuda/device/online_softmax.cuh"

namespace ki::attention::cuda {

// The sequence and head that a block computes.
struct Place {
  int batch, head;
  int seq_q, seq_k;

  // The last query stands beside the last key.
  __device__ int position(int query) const { return query + seq_k - seq_q; }
};

enum class TileState {
  skip,     // no query sees any key
  full,     // scores stay as they are
  changed,  // score() has to see each, and hides none
  partial,  // score() has to see each
};

struct Variant {
  using Params = NoParams;
  // Whether the kernel is PlainVariant's: its tiles leave no registers for a variant.
  static constexpr bool kIsPlain = false;
  // Whether it has apply(view) and drop(view) for a lane's part of a tile, to be called in place of score() and keeps().
  static constexpr bool kActsOnTiles = false;

  __device__ TileState tile_state(int, int, int, int) const { return TileState::full; }
  __device__ float score(float score, int, int) const { return score; }
  __device__ float score_gradient(float, int, int) const { return 1; }
  __device__ bool drops() const { return false; }
  __device__ bool keeps(int, int) const { return true; }
  __device__ float weight_scale() const { return 1; }
};

// The scale and nothing else.
struct PlainVariant : Variant {
  static constexpr bool kIsPlain = true;
  __device__ PlainVariant(const Params&, const Place&) {}
};

// What kernels do with a variant. Scores (or weights) are given as a view: for_each(f) calls f(score, query, key) for each that a
// lane holds; a view with kPairs has for_each_pair(f), which calls f(score, next_score, query, key) for two neighbouring
// keys, the first even; end_key() is the first key behind those that a lane holds, or later.

template <class Variant, class Scores>
__device__ void apply_variant(const Variant& variant, Scores scores) {
  if constexpr (Variant::kActsOnTiles) {
    variant.apply(scores);
  } else {
    scores.for_each([&](float& score, int query, int key) { score = variant.score(score, query, key); });
  }
}

template <class Scores>
__device__ void hide_before_begin(const VisibleKeys& visible, Scores scores) {
  scores.for_each([&](float& score, int query, int key) {
    if (key < query + visible.begin_offset && key >= visible.sinks) score = -ki::cuda::kInfinity;
  });
}

template <class Scores>
__device__ void hide_from_end(const VisibleKeys& visible, Scores scores) {
  scores.for_each([&](float& score, int query, int key) {
    if (key >= visible.end(query)) score = -ki::cuda::kInfinity;
  });
}

// Hides what the queries of a tile do not see of a tile of keys.
template <class Scores>
__device__ void hide_invisible(const VisibleKeys& visible, const KeyTiles& tiles, int tile, Scores scores) {
  if (tiles.crosses_begin(tile)) hide_before_begin(visible, scores);
  if (tiles.crosses_end(tile)) hide_from_end(visible, scores);
}

template <class Variant, class Weights>
__device__ void apply_dropout(const Variant& variant, Weights weights) {
  if constexpr (Variant::kActsOnTiles) {
    variant.drop(weights);
  } else {
    weights.for_each([&](float& weight, int query, int key) {
      if (!variant.keeps(query, key)) weight = 0;
    });
  }
}

// Whether a key counts for a query, whatever its score is.
template <class Variant>
__device__ bool sees(const VisibleKeys& visible, const Variant& variant, int query, int key) {
  return visible.contains(query, key) && variant.score(0, query, key) != -ki::cuda::kInfinity;
}

}  // namespace ki::attention::cuda
