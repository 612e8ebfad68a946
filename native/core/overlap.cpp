#include "core/overlap.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace ki {
namespace {

struct Dimension {
  std::int64_t stride_bytes;
  std::int64_t length;
};

// The dimensions that matter, innermost (smallest stride) first.
class NestedDimensions {
 public:
  explicit NestedDimensions(const Tensor& tensor) {
    for (int i = 0; i < tensor.rank; ++i) {
      if (tensor.shape[i] > 1) *end_++ = {tensor.strides[i] * size_of(tensor.dtype), tensor.shape[i]};
    }
    std::sort(dimensions_.data(), end_, [](auto& a, auto& b) { return a.stride_bytes < b.stride_bytes; });
  }
  const Dimension* begin() const { return dimensions_.data(); }
  const Dimension* end() const { return end_; }

 private:
  std::array<Dimension, KI_MAX_RANK> dimensions_;
  Dimension* end_ = dimensions_.data();
};

// Bytes from the first to past the last element along the dimensions of stride below `period`, or -1 if a dimension of
// a larger stride does not keep the position modulo `period`.
std::int64_t window_bytes(const Tensor& tensor, std::int64_t period) {
  std::int64_t window = size_of(tensor.dtype);
  for (const Dimension& dimension : NestedDimensions(tensor)) {
    if (dimension.stride_bytes < period) {
      window += dimension.stride_bytes * (dimension.length - 1);
    } else if (dimension.stride_bytes % period != 0) {
      return -1;
    }
  }
  return window;
}

// Modulo `period` each tensor covers one window of the circle; they are disjoint if the windows are.
bool interleave(const Tensor& a, const Tensor& b, std::int64_t period) {
  const std::int64_t window_a = window_bytes(a, period), window_b = window_bytes(b, period);
  if (window_a < 0 || window_b < 0) return false;
  const auto from = reinterpret_cast<std::uintptr_t>(a.data), to = reinterpret_cast<std::uintptr_t>(b.data);
  const std::int64_t apart = static_cast<std::int64_t>((from < to ? to - from : from - to) % period);
  const std::int64_t distance = from < to ? apart : (period - apart) % period;  // from a's window forward to b's
  return distance >= window_a && period - distance >= window_b;
}

}  // namespace

bool is_self_disjoint(const Tensor& tensor) {
  std::int64_t inner = size_of(tensor.dtype);
  for (const Dimension& dimension : NestedDimensions(tensor)) {
    if (dimension.stride_bytes < inner) return false;
    inner += dimension.stride_bytes * (dimension.length - 1);
  }
  return true;
}

bool are_disjoint(const Tensor& a, const Tensor& b) {
  if (a.elements == 0 || b.elements == 0) return true;
  if (a.data == nullptr || b.data == nullptr) return true;  // one is not anywhere yet
  if (a.data + a.span_bytes <= b.data || b.data + b.span_bytes <= a.data) return true;
  for (const Tensor* tensor : {&a, &b}) {
    for (const Dimension& dimension : NestedDimensions(*tensor)) {
      if (dimension.stride_bytes > 0 && interleave(a, b, dimension.stride_bytes)) return true;
    }
  }
  return false;
}

void require_self_disjoint(const Tensor& output, const char* name) {
  if (output.elements == 0 || is_self_disjoint(output)) return;
  refuse(name, "overlaps itself: shape ", shape_text(output), " with these strides writes some elements twice");
}

void require_disjoint(const Tensor& output, const char* output_name, const Tensor& other, const char* other_name) {
  if (are_disjoint(output, other)) return;
  refuse(output_name, "overlaps ", other_name, ": shapes ", shape_text(output), " and ", shape_text(other));
}

}  // namespace ki
