// What a problem becomes for the decode kernels: whether they take it, how its rows are cut into tiles and its keys into
// splits. Nothing here needs a device.
#pragma once

#include "attention/cuda/decode_instantiations.h"
#include "attention/cuda/decode_params.h"
#include "attention/problem.h"

namespace ki::attention::cuda {

// Whether the decode kernels compute a problem, rather than the forward kernels: where keys lie in a cache or have another
// type, where splits are asked for, and where a key and value head has so few rows of queries that they fill one tile
// only, of which the forward kernels' larger tiles would waste the most.
bool takes_decode(const Problem& problem);

// Below this many keys there is nothing to split.
inline constexpr std::int64_t kMinDecodeKeys = 512;

// Blocks of work that a problem has without splits, and what each walks over.
struct DecodeWork {
  std::int64_t blocks;
  std::int64_t key_tiles;  // of the longest possible sequence
};

DecodeWork decode_work(const Problem& problem);

// How many splits take the least time, in units of one round: the time in which each warp of a block computes one tile of
// keys. Blocks run in waves, as many at a time as the multiprocessors hold; a block takes its rounds and kBlockRounds for
// its start and its end, and splits take kCombineRounds more for the kernel that combines them. The smallest number within an
// eighth of the least time is taken: it moves the fewest parts through memory.
std::int64_t choose_splits(const DecodeWork& work, const DecodeSize& size, int multiprocessors);

struct DecodePlan {
  const DecodeInstantiation* instantiation;
  DecodeParams params;  // with one split, output and logsumexp are the problem's; with more, they are null
  std::int64_t blocks;  // of a one-dimensional grid
};

DecodePlan plan_decode(const Problem& problem, int multiprocessors);

// With more than one split: the parts, in the workspace.
std::uint64_t decode_workspace_bytes(const Problem& problem, std::int64_t splits);

// Has the kernel write its parts to a workspace. Returns how they are combined.
CombineProblem use_workspace(DecodePlan& plan, const Problem& problem, void* workspace);

}  // namespace ki::attention::cuda
