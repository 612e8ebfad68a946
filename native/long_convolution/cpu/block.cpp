#include "long_convolution/cpu/block.h"

#include <algorithm>

namespace ki::long_convolution::cpu {
namespace {

// Halves of so many points are read and written in place even if the row begins or ends in them. Shorter ones are
// faster through the buffer, which the first-level cache holds.
constexpr std::int64_t kLongHalf = 1 << 12;

const std::byte* at_or_null(const Tensor& tensor, std::int64_t batch, std::int64_t channel, std::int64_t time) {
  return tensor.rank > 0 ? at(tensor, batch, channel, time) : nullptr;
}

}  // namespace

Block::Block(const Layout& layout, const Tensor& call, std::int64_t channel, std::int64_t rows, std::int64_t first)
    : points_(layout.half_values(call.shape[2])), channel_(channel), pairs_(layout.pairs_rows()) {
  if (layout.pairs_rows()) {
    halves_[0] = {true, 2 * rows, first};
    halves_[1] = {2 * rows + 1 < call.shape[0], 2 * rows + 1, first};
  } else {
    halves_[0] = {true, rows, first};
    halves_[1] = {true, rows, first + points_};
  }
}

Block Block::alone(int row) const {
  Block block = *this;
  block.halves_[0] = halves_[row];
  block.halves_[1].exists = false;
  return block;
}

RowIn Block::read(const RowKernels& kernels, const RowSource& source, Range range, float* buffer) const {
  const Values re = read_half(kernels, source, halves_[0], range, buffer);
  const Values im = read_half(kernels, source, halves_[1], range, buffer + points_);
  if (re.at != nullptr) return {re.at, im.at, re.count, im.count};
  std::fill_n(buffer, points_, 0.0f);
  return {buffer, im.at, points_, im.count};
}

// Null if all of it is zero.
Block::Values Block::read_half(const RowKernels& kernels, const RowSource& source, const Half& half, Range range,
                               float* buffer) const {
  const std::int64_t length = source.values->shape[2], end = half.first + points_;
  std::int64_t first = std::max(half.first, range.begin), last = std::min(end, range.end);
  if (!source.circular) {
    const std::int64_t known = source.state->rank > 0 ? -source.state->shape[2] : 0;
    first = std::max(first, known);
    last = std::min(last, length);
  }
  if (!half.exists || first >= last) return {nullptr, 0};
  const bool in_place = first == half.first && first >= 0 && last <= length && (last == end || points_ >= kLongHalf);
  if (in_place && source.gate->rank == 0 && source.values->dtype == KI_DTYPE_FLOAT32) {
    return {reinterpret_cast<const float*>(at(*source.values, half.batch, channel_, first)), last - first};
  }
  float* to = std::fill_n(buffer, first - half.first, 0.0f);
  if (first < 0 && !source.circular) {
    const std::int64_t count = std::min(last, std::int64_t{0}) - first;
    const auto* state =
        reinterpret_cast<const float*>(at(*source.state, half.batch, channel_, source.state->shape[2] + first));
    to = std::copy_n(state, count, to);
    first += count;
  }
  while (first < last) {
    const std::int64_t time = (first % length + length) % length;
    const std::int64_t count = std::min(last - first, length - time);
    kernels.widen(at(*source.values, half.batch, channel_, time), at_or_null(*source.gate, half.batch, channel_, time),
                  to, count);
    to += count;
    first += count;
  }
  std::fill(to, buffer + points_, 0.0f);
  return {buffer, points_};
}

bool Block::writes_directly(const RowTarget& target, const Half& half, Range range) const {
  const bool whole = half.first >= range.begin && half.first + points_ <= range.end;
  return target.gate->rank == 0 && target.skipped->rank == 0 && target.values->dtype == KI_DTYPE_FLOAT32 &&
         half.first >= 0 && (whole || points_ >= kLongHalf);
}

RowOut Block::begin_write(const RowTarget& target, Range range, float* buffer) const {
  float* to[2];
  Span spans[2];
  for (int i = 0; i < 2; ++i) {
    const Half& half = halves_[i];
    const bool needed = half.exists && half.first < range.end && half.first + points_ > range.begin;
    spans[i] = {0, points_};
    if (needed && writes_directly(target, half, range)) {
      to[i] = reinterpret_cast<float*>(at(*target.values, half.batch, channel_, half.first));
      spans[i] = {std::max(range.begin - half.first, std::int64_t{0}), range.end - half.first};
    } else {
      to[i] = needed || i == 0 ? buffer + i * points_ : nullptr;
    }
  }
  return {to[0], to[1], spans[0], spans[1]};
}

void Block::end_write(const RowKernels& kernels, const RowTarget& target, Range range, RowOut out) const {
  const float* from[2] = {out.re, out.im};
  for (int i = 0; i < 2; ++i) {
    const Half& half = halves_[i];
    if (!half.exists || from[i] == nullptr || writes_directly(target, half, range)) continue;
    const std::int64_t first = std::max(half.first, range.begin), last = std::min(half.first + points_, range.end);
    if (first >= last) continue;
    kernels.narrow(from[i] + (first - half.first), at_or_null(*target.gate, half.batch, channel_, first), target.skip,
                   at_or_null(*target.skipped, half.batch, channel_, first),
                   at(*target.values, half.batch, channel_, first), last - first);
  }
}

}  // namespace ki::long_convolution::cpu
