// Pairs of windows as complex points in global memory, on their way through float32 transforms: one or two sets of pairs at a
// time, each with a second buffer to go back and forth to.
#pragma once

#include <cstdint>

#include "kernels_interop.h"
#include "long_convolution/cuda/rows_params.h"
#include "long_convolution/cuda/transform.h"

namespace ki::long_convolution::cuda {

// Which points of a window are loaded; the others count as 0.
enum class PointsOf { inputs, outputs };

// Pairs of all channels, counted through.
struct PairRange {
  std::int64_t first, count;
};

class GlobalRows {
 public:
  // For up to `pairs` pairs together. workspace: null while only the size is asked for.
  GlobalRows(std::int64_t points, std::int64_t pairs, int sets, void* workspace);

  std::int64_t together() const { return together_; }  // pairs that there is room for
  std::uint64_t bytes() const;
  const float* data(int set) const { return buffers_[set].data; }

  // scaled: so that windows of a pair do not lose digits to each other; only for what is stored again.
  enum class Scale { as_it_is, scaled };
  void load(Stream& stream, int set, ki_dtype dtype, const FusedParams& params, PairRange pairs, PointsOf points,
            Scale scale) const;
  void transform(Stream& stream, int set, std::int64_t count);
  void multiply(Stream& stream, int set, const FusedParams& params, PairRange pairs) const;
  void store(Stream& stream, int set, ki_dtype dtype, const FusedParams& params, PairRange pairs) const;

 private:
  RowsParams params_of(int set, const FusedParams& params, PairRange pairs) const;

  std::int64_t points_, together_;
  int sets_;
  PassBuffers buffers_[2];
  std::uint32_t* largest_;  // [pairs, 2]
};

}  // namespace ki::long_convolution::cuda
