// An attention kernel with a mask of one's own: documents that lie packed in one sequence, whose tokens see tokens of their own
// document only.
#include "attention/cuda/forward.cuh"
#include "document_mask.h"

namespace ki::attention::cuda {

struct DocumentMask : Variant {
  using Params = DocumentMaskParams;

  const std::int32_t* document;  // of this sequence
  const Place& place;

  __device__ DocumentMask(const Params& params, const Place& place)
      : document(params.document + place.batch * params.tokens), place(place) {}

  __device__ int document_of(int token) const { return document[min(max(token, 0), place.seq_k - 1)]; }

  // Documents ascend, so two tokens tell what lies between them.
  __device__ TileState tile_state(int first_query, int last_query, int first_key, int last_key) const {
    const int first = document_of(place.position(first_query)), last = document_of(place.position(last_query));
    const int first_seen = document_of(first_key), last_seen = document_of(last_key);
    if (last_seen < first || first_seen > last) return TileState::skip;
    return first == last && first_seen == first && last_seen == first ? TileState::full : TileState::partial;
  }

  __device__ float score(float score, int query, int key) const {
    return document_of(key) == document_of(place.position(query)) ? score : -kInfinity;
  }
};

using Config = ForwardConfig<ptx::f16, WholeRows, DocumentMask, 64>;

extern "C" __global__ void __launch_bounds__(Config::kTile.threads(), Config::kTile.blocks)
    document_attention(const __grid_constant__ Config::Params params) {
  extern __shared__ __align__(128) char shared_memory[];
  attention_forward<Config>(params, *reinterpret_cast<ForwardSharedMemory<Config>*>(shared_memory));
}

}  // namespace ki::attention::cuda
