// Reads and checks what a plan is made for.
#include <algorithm>
#include <bit>
#include <cmath>

#include "core/abi.h"
#include "core/checks.h"
#include "long_convolution/problem.h"

namespace ki::long_convolution {
namespace {

void check_count(std::int64_t value, const char* name) {
  if (value < 1) refuse(name, "is ", value, "; it must be at least 1");
  if (value > kMaxLength) refuse(name, "is ", value, "; it must be at most ", kMaxLength);
}

// A product of counts is what a plan allocates by, and must not overflow, whatever the file says that a plan is loaded from.
void check_memory(const PlanOptions& o) {
  const std::int64_t points = std::max(o.taps(), std::max(o.fft_size, kMinFftSize));
  if (o.channels > kMaxPlanPoints / points) {
    refuse("options.channels", "is ", o.channels, "; with ", points, " points each it must be at most ",
           kMaxPlanPoints / points);
  }
}

// The mask's bytes, brought to 0 and 1.
std::vector<std::uint8_t> read_mask(const ki_tensor* given) {
  constexpr const char* kDimensions[] = {"blocks"};
  const Tensor mask = read_tensor(given, "options.frequency_mask", kDimensions);
  require_dtype(mask, "options.frequency_mask", KI_DTYPE_BOOL);
  if (mask.device_kind != KI_DEVICE_KIND_CPU) refuse("options.frequency_mask", "must be in host memory");
  std::vector<std::uint8_t> blocks(static_cast<std::size_t>(mask.elements));
  for (std::size_t i = 0; i < blocks.size(); ++i) blocks[i] = mask.data[i] != std::byte{0};
  return blocks;
}

void check_mask(const PlanOptions& o) {
  if (o.frequency_block < 1) {
    refuse("options.frequency_block", "is ", o.frequency_block, "; with a frequency mask it must be at least 1");
  }
  if (o.streaming) refuse("options.frequency_mask", "cannot be used by a streaming plan: calls would not fit together");
  if (o.fft_size == 0) refuse("options.fft_size", "is 0; a frequency mask needs it to be given");
  if (o.circular && o.fft_size != o.length) {
    refuse("options.fft_size", "is ", o.fft_size, "; with a frequency mask and a circular plan it must be the length, ",
           o.length);
  }
  if (!o.circular && o.fft_size < o.length + o.taps() - 1) {
    refuse("options.fft_size", "is ", o.fft_size,
           "; with a frequency mask it must be at least length + taps - 1, which is ", o.length + o.taps() - 1);
  }
  const std::int64_t half = o.fft_size / 2;
  const std::int64_t blocks = half / o.frequency_block + (half % o.frequency_block != 0);
  if (static_cast<std::int64_t>(o.frequency_mask.size()) != blocks) {
    refuse("options.frequency_mask", "has ", o.frequency_mask.size(), " blocks, and ", half,
           " frequencies in blocks of ", o.frequency_block, " are ", blocks);
  }
}

}  // namespace

void check_options(const PlanOptions& o) {
  if (o.circular && o.streaming) refuse("options.flags", "a plan cannot be both circular and streaming");
  check_count(o.channels, "options.channels");
  check_count(o.length, "options.length");
  check_count(o.filter_length, "options.filter_length");
  if (!(o.squash >= 0) || std::isinf(o.squash)) {
    refuse("options.squash", "is ", o.squash, "; it must be a finite number that is not negative");
  }
  if (o.fft_size != 0) {
    if (o.fft_size < kMinFftSize || o.fft_size > kMaxFftSize || o.fft_size % 2 != 0) {
      refuse("options.fft_size", "is ", o.fft_size, "; it must be even and between ", kMinFftSize, " and ",
             kMaxFftSize);
    }
    if (o.fft_size < o.taps()) {
      refuse("options.fft_size", "is ", o.fft_size, ", less than the ", o.taps(), " taps of a filter");
    }
  }
  check_memory(o);
  if (!o.frequency_mask.empty()) {
    check_mask(o);
  } else if (o.frequency_block != 0) {
    refuse("options.frequency_block", "is ", o.frequency_block, ", and there is no frequency mask");
  }
}

PlanOptions read_options(const ki_long_convolution_options* options) {
  const ki_long_convolution_options given = read_struct(options, "options");
  if (given.reserved != 0) refuse("options.reserved", given.reserved, " must be 0");
  constexpr int kKnownFlags = KI_LONG_CONVOLUTION_CIRCULAR | KI_LONG_CONVOLUTION_STREAMING;
  if (given.flags & ~kKnownFlags) refuse("options.flags", given.flags, " has flags this version does not know");
  if (given.fft_size != 0 && (given.fft_size < 0 || !std::has_single_bit(static_cast<std::uint64_t>(given.fft_size)))) {
    refuse("options.fft_size", "is ", given.fft_size, "; it must be a power of two between ", kMinFftSize, " and ",
           kMaxFftSize);
  }
  PlanOptions o{};
  o.circular = (given.flags & KI_LONG_CONVOLUTION_CIRCULAR) != 0;
  o.streaming = (given.flags & KI_LONG_CONVOLUTION_STREAMING) != 0;
  o.channels = given.channels;
  o.length = given.length;
  o.filter_length = given.filter_length;
  o.fft_size = given.fft_size;
  o.frequency_block = given.frequency_block;
  o.squash = given.squash;
  if (given.frequency_mask != nullptr) {
    o.frequency_mask = read_mask(given.frequency_mask);
    if (o.frequency_mask.empty()) refuse("options.frequency_mask", "has no blocks");
  }
  check_options(o);
  return o;
}

}  // namespace ki::long_convolution
