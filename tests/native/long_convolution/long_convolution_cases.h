#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "kernels_interop.h"

namespace ki::test {

/// What the tensors of a convolution hold.
enum class ConvolutionContents {
  normal,         ///< normally distributed
  decaying,       ///< normally distributed, the filter fading along its taps as those of models do
  ones,           ///< input and filter all 1: sums as large as they can be
  nan_row,        ///< NaN in one row of the input
  infinite_row,   ///< an infinity in one row of the input
  nan_in_filter,  ///< NaN in one channel's filter
};

/// Where the tensors [batch, channels, length] of a convolution lie in memory.
enum class ConvolutionPlacement {
  dense,               ///< one behind the other, none aligned
  aligned,             ///< one behind the other, each tensor at a multiple of 64 bytes
  channels_first,      ///< [channels, batch, length]
  padded_rows,         ///< NaN between the rows of every tensor
  broadcast_batch,     ///< inputs alike for all batches, through a stride of 0
  broadcast_channels,  ///< inputs alike for all channels, through a stride of 0
};

enum class MaskedBlocks { none, all, first, last, odd, scattered, outside };

struct FrequencyMaskCase {
  std::int64_t block = 1;
  MaskedBlocks masked = MaskedBlocks::scattered;
  std::array<std::int64_t, 2>
      band{};  ///< blocks that are kept where those outside are masked, from the first to before the second
};

enum class Skip { none, float32, same };

/// One long convolution that every backend must compute.
struct LongConvolutionCase {
  ki_dtype dtype = KI_DTYPE_FLOAT32;
  std::int64_t batch = 1;
  std::int64_t channels = 1;
  std::int64_t length = 1;
  std::int64_t filter_length = 1;
  bool circular = false;
  std::int64_t fft_size = 0;
  bool input_gate = false;
  bool output_gate = false;
  Skip skip = Skip::none;
  float squash = 0;
  std::optional<FrequencyMaskCase> mask{};
  std::optional<ki_dtype> filter_dtype{};  ///< float32, unless given
  std::vector<std::int64_t> pieces{};      ///< of a streaming plan: lengths of its calls, in place of length
  std::int64_t plan_length = 0;            ///< length that the plan is made for; 0: the longest call's
  ConvolutionContents contents = ConvolutionContents::normal;
  ConvolutionPlacement placement = ConvolutionPlacement::dense;

  /// Unique, and made of letters, digits and underscores, as GoogleTest demands.
  std::string name() const;

  /// Of all pieces.
  std::int64_t whole_length() const;
  std::int64_t longest_call() const;

  bool streams() const { return !pieces.empty(); }
};

void PrintTo(const LongConvolutionCase& convolution_case, std::ostream* stream);

/// The table that drives every backend.
const std::vector<LongConvolutionCase>& long_convolution_cases();

}  // namespace ki::test
