// Windows: the inputs that a tile's results need, as float32, those before the first and behind the last included.
// Float32 tensors are read where they are, except at their ends.

#if defined(KI_LONG_CONVOLUTION_CPU_SHORT_WINDOWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_LONG_CONVOLUTION_CPU_SHORT_WINDOWS_INL_H_
#undef KI_LONG_CONVOLUTION_CPU_SHORT_WINDOWS_INL_H_
#else
#define KI_LONG_CONVOLUTION_CPU_SHORT_WINDOWS_INL_H_
#endif

#include <algorithm>
#include <type_traits>

#include "hwy/cache_control.h"
#include "long_convolution/cpu/short_products-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::long_convolution::cpu::HWY_NAMESPACE {

template <class T>
const T* element(const Tensor& tensor, const Places& places, std::int64_t batch, std::int64_t channel,
                 std::int64_t time) {
  return reinterpret_cast<const T*>(tensor.data) + batch * places.batch + channel * places.channel + time * places.time;
}

template <class T>
T* element_of_output(const Tensor& tensor, const Places& places, std::int64_t batch, std::int64_t channel,
                     std::int64_t time) {
  return const_cast<T*>(element<T>(tensor, places, batch, channel, time));
}

// Inputs [first, end) of one channel, time being contiguous.
template <class T>
HWY_INLINE void stage_times(const Source& s, std::int64_t width, std::int64_t batch, std::int64_t channel,
                            std::int64_t first, std::int64_t end, float* HWY_RESTRICT to) {
  const std::int64_t before = std::min<std::int64_t>(end, 0), inside = std::clamp<std::int64_t>(end, 0, s.length);
  const auto copy = [&](const T* from, std::int64_t count) HWY_ATTR {
    simd::widen_row(from, to, static_cast<int>(count));
    to += count;
  };
  if (first < before && s.state.rank > 0) {
    copy(element<T>(s.state, s.state_places, batch, channel, first + width - 1), before - first);
    first = before;
  }
  for (; first < before; ++first) *to++ = 0;
  if (first < inside) {
    copy(element<T>(s.tensor, s.places, batch, channel, first), inside - first);
    first = inside;
  }
  for (; first < end; ++first) *to++ = 0;
}

// Inputs [first, end) of the first `count` channels of a vector, channels being contiguous; a vector apart.
template <class T>
HWY_INLINE void stage_channels(const Source& s, std::int64_t width, std::int64_t batch, std::int64_t channel,
                               std::size_t count, std::int64_t first, std::int64_t end, float* HWY_RESTRICT to) {
  const FloatTag d;
  const bool whole = count == static_cast<std::size_t>(kLanes);
  for (std::int64_t t = first; t < end; ++t, to += kLanes) {
    const bool is_state = t < 0 && s.state.rank > 0;
    if (t >= s.length || (t < 0 && !is_state)) {
      hn::StoreU(hn::Zero(d), d, to);
      continue;
    }
    const T* from = is_state ? element<T>(s.state, s.state_places, batch, channel, t + width - 1)
                             : element<T>(s.tensor, s.places, batch, channel, t);
    if (whole) {
      hwy::Prefetch(from + kLanes);  // the next vector's, which the hardware does not foresee
      hn::StoreU(simd::load(d, from), d, to);
    } else {
      hn::StoreU(simd::load_first(d, from, count), d, to);
    }
  }
}

// Where the piece of [t, end) ends that begins at t and shares a window. Float32 is read where it is, but for a few
// results at either end of a row, whose `before` inputs before or `ahead` behind do not all exist.
template <class T>
HWY_INLINE std::int64_t end_of_piece(const Source& s, std::int64_t before, std::int64_t ahead, std::int64_t t,
                                     std::int64_t end) {
  constexpr std::int64_t kFirst = kMaxWidth;  // whole vectors, so that all pieces but the last are
  end = std::min(end, t + kTile);
  if constexpr (!std::is_same_v<T, float>) return end;
  if (t < before) return std::min(end, t + kFirst);
  const std::int64_t inside = t + std::max<std::int64_t>(s.length - ahead - t, 0) / kLanes * kLanes;
  return inside > t ? std::min(end, inside) : end;
}

// The address of input t + ahead of one channel, around which [t + ahead - (width - 1), end + ahead) are, and zeros up
// to a whole vector.
template <class T>
HWY_INLINE const float* window_of_times(const Source& s, std::int64_t width, std::int64_t ahead, std::int64_t batch,
                                        std::int64_t channel, std::int64_t t, std::int64_t end,
                                        float* HWY_RESTRICT memory) {
  const std::int64_t first = t + ahead - (width - 1);
  const std::int64_t whole_end = t + ahead + (end - t + kLanes - 1) / kLanes * kLanes;
  if constexpr (std::is_same_v<T, float>) {
    if (first >= 0 && whole_end <= s.length) return element<float>(s.tensor, s.places, batch, channel, t + ahead);
  }
  stage_times<T>(s, width, batch, channel, first, whole_end, memory);
  return memory + width - 1;
}

// Taps beyond which a tile is copied first: rows a power of two apart fall into few sets of the first-level cache, and
// the 16-bit types are widened once rather than with every few taps.
inline constexpr std::int64_t kWidthToCopy = 16;

// Calls body(x, step): x is the address of input t + ahead of a vector of channels, and inputs are `step` elements
// apart.
template <class T, class Body>
HWY_INLINE void with_window_of_channels(const Source& s, std::int64_t width, std::int64_t ahead, std::int64_t batch,
                                        std::int64_t channel, std::size_t count, std::int64_t t, std::int64_t end,
                                        float* HWY_RESTRICT memory, const Body& body) {
  const std::int64_t first = t + ahead - (width - 1);
  const bool inside = first >= 0 && end + ahead <= s.length && count == static_cast<std::size_t>(kLanes);
  if (inside && width <= kWidthToCopy) {
    return body(element<T>(s.tensor, s.places, batch, channel, t + ahead), s.places.time);
  }
  stage_channels<T>(s, width, batch, channel, count, first, end + ahead, memory);
  body(static_cast<const float*>(memory) + (width - 1) * kLanes, std::ptrdiff_t{kLanes});
}

// Rows of all channels of a task before the next rows begin. Few taps: as many rows as there are sums, so that memory
// is read and written along its rows. Many: more, so that the taps stay in the first-level cache, and few rows are
// copied twice.
HWY_INLINE std::int64_t rows_together(std::int64_t width) {
  return std::max<std::int64_t>(width / kSums * kSums, kSums);
}

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_LONG_CONVOLUTION_CPU_SHORT_WINDOWS_INL_H_
