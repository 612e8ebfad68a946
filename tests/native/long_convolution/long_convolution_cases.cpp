#include "long_convolution/long_convolution_cases.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <sstream>

#include "support/dtype.h"

namespace ki::test {
namespace {

const char* name_of(ConvolutionContents contents) {
  constexpr std::array names{"normal", "decaying", "ones", "nan_row", "infinite_row", "nan_in_filter"};
  return names.at(static_cast<std::size_t>(contents));
}

const char* name_of(ConvolutionPlacement placement) {
  constexpr std::array names{"dense",       "aligned",         "channels_first",
                             "padded_rows", "broadcast_batch", "broadcast_channels"};
  return names.at(static_cast<std::size_t>(placement));
}

const char* name_of(MaskedBlocks masked) {
  constexpr std::array names{"none", "all", "first", "last", "odd", "scattered", "outside"};
  return names.at(static_cast<std::size_t>(masked));
}

}  // namespace

std::string LongConvolutionCase::name() const {
  std::ostringstream text;
  text << dtype_name(dtype);
  if (filter_dtype) text << "_filter_" << dtype_name(*filter_dtype);
  text << "_b" << batch << "_c" << channels;
  if (pieces.empty()) text << "_l" << length;
  for (std::size_t i = 0; i < pieces.size(); ++i) text << (i == 0 ? "_pieces" : "_") << pieces[i];
  text << "_k" << filter_length;
  if (plan_length != 0) text << "_plan" << plan_length;
  if (circular) text << "_circular";
  if (fft_size != 0) text << "_fft" << fft_size;
  if (mask) text << "_masked_" << name_of(mask->masked);
  if (mask && mask->masked == MaskedBlocks::outside) text << mask->band[0] << "to" << mask->band[1];
  if (mask) text << "_of" << mask->block;
  if (squash != 0) text << "_squash" << static_cast<int>(squash * 1000);
  if (input_gate) text << "_input_gate";
  if (output_gate) text << "_output_gate";
  if (skip != Skip::none) text << (skip == Skip::float32 ? "_skip_f32" : "_skip");
  if (contents != ConvolutionContents::normal) text << "_" << name_of(contents);
  if (placement != ConvolutionPlacement::dense) text << "_" << name_of(placement);
  return text.str();
}

std::int64_t LongConvolutionCase::whole_length() const {
  return pieces.empty() ? length : std::accumulate(pieces.begin(), pieces.end(), std::int64_t{0});
}

std::int64_t LongConvolutionCase::longest_call() const {
  return pieces.empty() ? length : *std::ranges::max_element(pieces);
}

void PrintTo(const LongConvolutionCase& convolution_case, std::ostream* stream) { *stream << convolution_case.name(); }

}  // namespace ki::test
