// What happens to a score between the two products. A variant is a struct with two hooks; the kernel is compiled for each.
//
//   TileState tile_state(first_query, last_query, first_key, last_key)   before a tile's scores are computed, for the
//                                                                        whole block alike
//   float score(score, query, key)                                       for each score of a tile that is partial
//
// A score is what it was before the scale; -infinity hides the key.
#pragma once

#include "attention/cuda/visible_keys.h"
#include "cuda/device/online_softmax.cuh"

namespace ki::attention::cuda {

enum class TileState {
  skip,     // no query sees any key
  full,     // scores stay as they are
  partial,  // score() has to see each
};

// The scale and nothing else.
struct PlainVariant {
  VisibleKeys visible;

  __device__ TileState tile_state(int first_query, int /*last_query*/, int /*first_key*/, int last_key) const {
    return last_key < visible.end(first_query) ? TileState::full : TileState::partial;
  }

  __device__ float score(float score, int query, int key) const {
    return key < visible.end(query) ? score : -ki::cuda::kInfinity;
  }
};

}  // namespace ki::attention::cuda
