// The variant that does everything an attention problem can ask for. What is absent costs a branch for each tile, which the
// whole block takes alike; loops over the scores stand inside of the branches.
#pragma once

#include <cstdint>
#include <type_traits>

#include "attention/cuda/general_params.h"
#include "attention/cuda/variant.cuh"
#include "attention/dropout.h"
#include "cuda/device/tanh.cuh"
#include "cuda/ptx/convert.cuh"

namespace ki::attention::cuda {

// T is the query's type, and that of a bias that is not float32.
template <class T>
struct GeneralVariant : Variant {
  using Params = GeneralParams;
  static constexpr bool kActsOnTiles = true;
  static constexpr bool kIsFloat = std::is_same_v<T, float>;

  const Params& p;
  const Place& place;

  __device__ GeneralVariant(const Params& params, const Place& place) : p(params), place(place) {}

  __device__ TileState tile_state(int first_query, int last_query, int first_key, int last_key) const {
    if (p.mask.data != nullptr) {
      const bool outside = first_query >= p.mask.queries || first_key >= p.mask.keys;
      return outside ? TileState::skip : TileState::partial;
    }
    if (p.bias.data != nullptr) return TileState::partial;
    if (p.tree_mask != nullptr && draft_token(last_query, place.seq_q) >= 0 &&
        draft_token(last_key, place.seq_k) >= 0) {
      return TileState::partial;
    }
    return p.softcap != 0 || p.alibi_slopes != nullptr ? TileState::changed : TileState::full;
  }

  template <class Scores>
  __device__ void apply(Scores& scores) const {
    scores.for_each([&](float& score, int, int) { score *= p.input_scale; });
    if (p.softcap != 0) scores.for_each([&](float& score, int, int) { score = p.softcap * tanh_of(score); });
    if (p.bias.data != nullptr) add_bias(scores);
    if (p.alibi_slopes != nullptr) {
      const float slope = p.alibi_slopes[place.batch * p.slopes_of_batch + place.head];
      scores.for_each([&](float& score, int query, int key) {
        score = fmaf(-slope, static_cast<float>(abs(place.position(query) - key)), score);
      });
    }
    if (p.mask.data != nullptr) apply_mask(scores);
    if (p.tree_mask != nullptr && draft_token(scores.end_key(), place.seq_k) > 0) apply_tree_mask(scores);
  }

  // One score is a tile too.
  __device__ float score(float score, int query, int key) const {
    OneScore one{score, query, key};
    apply(one);
    return one.score;
  }

  __device__ float score_gradient(float score, int, int) const {
    if (p.softcap == 0) return 1;
    const float bent = tanh_of(p.input_scale * score);
    return fmaf(-bent, bent, 1.0f);
  }

  __device__ bool drops() const { return p.dropout_threshold != 0; }
  __device__ float weight_scale() const { return p.dropout_scale; }
  __device__ bool keeps(int query, int key) const {
    return dropout_bits(p.dropout_seed, p.dropout_offset, batch_head(), query, key) >= p.dropout_threshold;
  }

  // Sets the weights that are dropped to 0. Of a view with kGroups, for_each_group(f) calls f(weight, query, key) where
  // weight(w, half) is that of key + 8 w + half: all that one counter decides.
  template <class Weights>
  __device__ void drop(Weights& weights) const {
    if constexpr (Weights::kGroups) {
      weights.for_each_group([&](auto weight, int query, int key) {
        const std::uint32_t counter = DropoutPlace::of_key(key).counter;
        const Philox random = philox4x32_10(
            {{counter, static_cast<std::uint32_t>(query), batch_head(), p.dropout_offset}}, p.dropout_seed);
#pragma unroll
        for (int w = 0; w < 4; ++w) {
          if ((random.word[w] & 0xFFFF) < p.dropout_threshold) weight(w, 0) = 0;
          if (random.word[w] >> 16 < p.dropout_threshold) weight(w, 1) = 0;
        }
      });
    } else {
      weights.for_each([&](float& weight, int query, int key) {
        if (!keeps(query, key)) weight = 0;
      });
    }
  }

 private:
  static constexpr float kHidden = -ki::cuda::kInfinity;

  struct OneScore {
    static constexpr bool kPairs = false;
    float score;
    int query, key;
    template <class F>
    __device__ void for_each(F f) {
      f(score, query, key);
    }
    __device__ int end_key() const { return key + 1; }
  };

  // 16-bit scores are good to 2^-11, float32 is held to its last bits.
  __device__ static float tanh_of(float x) {
    if constexpr (kIsFloat) {
      return tanhf(x);
    } else {
      return ki::cuda::tanh_approx(x);
    }
  }

  __device__ std::uint32_t batch_head() const {
    return static_cast<std::uint32_t>(place.batch) * p.heads_q + place.head;
  }

  // Which of the draft tokens, which are the last of a sequence, this one is; negative before them.
  __device__ int draft_token(int token, int length) const { return token - length + p.draft_length; }

  __device__ const char* rows_of(const ScoreTensor& tensor) const {
    return static_cast<const char*>(tensor.data) + place.batch * tensor.batch + place.head * tensor.head;
  }
  __device__ static bool holds(const ScoreTensor& tensor, int query, int key) {
    return query < tensor.queries && key < tensor.keys;
  }
  // The element itself, for the type that it has.
  template <class Element>
  __device__ static const Element* at(const char* rows, const ScoreTensor& tensor, int query, int key) {
    return reinterpret_cast<const Element*>(rows + query * tensor.query + key * std::int64_t{sizeof(Element)});
  }

  __device__ static float wide(float x) { return x; }
  template <class U>
  __device__ static float wide(U x) {
    return ki::ptx::cvt_f32(x);
  }

  // A sum would not hide the key if the score is NaN.
  __device__ static void add(float& score, float bias) { score = bias == kHidden ? kHidden : score + bias; }

  template <class Scores>
  __device__ void add_bias(Scores& scores) const {
    if (kIsFloat || p.bias_is_float32) {
      add_bias_of<float>(scores);
    } else if constexpr (!kIsFloat) {
      add_bias_of<T>(scores);
    }
  }

  template <class U, class Scores>
  __device__ void add_bias_of(Scores& scores) const {
    struct alignas(2 * sizeof(U)) Pair {
      U first, second;
    };
    const char* rows = rows_of(p.bias);
    if constexpr (Scores::kPairs) {
      if (p.bias.has_pairs) {
        scores.for_each_pair([&](float& first, float& second, int query, int key) {
          if (!holds(p.bias, query, key)) return;
          const Pair pair = *at<Pair>(rows, p.bias, query, key / 2);
          add(first, wide(pair.first));
          add(second, wide(pair.second));
        });
        return;
      }
    }
    scores.for_each([&](float& score, int query, int key) {
      if (holds(p.bias, query, key)) add(score, wide(*at<U>(rows, p.bias, query, key)));
    });
  }

  template <class Scores>
  __device__ void apply_mask(Scores& scores) const {
    const char* rows = rows_of(p.mask);
    if constexpr (Scores::kPairs) {
      if (p.mask.has_pairs) {
        scores.for_each_pair([&](float& first, float& second, int query, int key) {
          const unsigned pair = holds(p.mask, query, key) ? *at<std::uint16_t>(rows, p.mask, query, key / 2) : 0;
          if ((pair & 0xFF) == 0) first = kHidden;
          if (pair >> 8 == 0) second = kHidden;
        });
        return;
      }
    }
    scores.for_each([&](float& score, int query, int key) {
      if (!holds(p.mask, query, key) || *at<std::uint8_t>(rows, p.mask, query, key) == 0) score = kHidden;
    });
  }

  // Queries and keys among the draft tokens see each other as the tree says; all others are not concerned.
  template <class Scores>
  __device__ void apply_tree_mask(Scores& scores) const {
    const std::uint8_t* tree = p.tree_mask + place.batch * p.tree_of_batch;
    const auto length = static_cast<unsigned>(p.draft_length);
    scores.for_each([&](float& score, int query, int key) {
      const int of = draft_token(query, place.seq_q), seen = draft_token(key, place.seq_k);
      if (static_cast<unsigned>(of) >= length || static_cast<unsigned>(seen) >= length) return;
      if (tree[of * p.tree_row + seen] == 0) score = kHidden;
    });
  }
};

}  // namespace ki::attention::cuda
