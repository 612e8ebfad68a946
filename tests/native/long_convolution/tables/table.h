#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "long_convolution/long_convolution_cases.h"

// The parts of the table of cases of long convolution, and what they are written with.
namespace ki::test {

using LongConvolutionTable = std::vector<LongConvolutionCase>;

/// Lengths of inputs and filters, batches and channels, dtypes, transforms of a given size.
void add_length_cases(LongConvolutionTable& table);

/// Gates, skip, squash, circular plans, streams, and what tensors hold and where.
void add_feature_cases(LongConvolutionTable& table);

/// Masks of every kind.
void add_mask_cases(LongConvolutionTable& table);

/// Masks that keep the blocks of a band: low-pass of every fraction, high-pass, single blocks. Causal and circular.
LongConvolutionTable band_cases();

/// A case of the given {batch, channels} and {length, filter_length}.
inline LongConvolutionCase shaped(ki_dtype dtype, std::array<std::int64_t, 2> rows,
                                  std::array<std::int64_t, 2> lengths) {
  LongConvolutionCase c;
  c.dtype = dtype;
  c.batch = rows[0];
  c.channels = rows[1];
  c.length = lengths[0];
  c.filter_length = lengths[1];
  return c;
}

/// The same where transforms come round by themselves, circular and masked, so that any two rows may ride in one.
inline std::array<LongConvolutionCase, 2> in_pairs(LongConvolutionCase c) {
  LongConvolutionCase circular = c;
  circular.length = circular.fft_size = 512;
  circular.circular = true;
  c.fft_size = 1024;
  c.mask = {40, MaskedBlocks::scattered};
  return {circular, c};
}

}  // namespace ki::test
