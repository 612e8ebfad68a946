// Rows of the problem into panels, and back.

#if defined(KI_LONG_CONVOLUTION_CPU_BUTTERFLY_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_LONG_CONVOLUTION_CPU_BUTTERFLY_ROWS_INL_H_
#undef KI_LONG_CONVOLUTION_CPU_BUTTERFLY_ROWS_INL_H_
#else
#define KI_LONG_CONVOLUTION_CPU_BUTTERFLY_ROWS_INL_H_
#endif

#include <algorithm>

#include "cpu/simd/pack-inl.h"
#include "long_convolution/cpu/butterfly_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace ki::long_convolution::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;
using simd::FloatTag;
using simd::kLanes;
using simd::kStagePitch;

// A row of [batch, channels, length] or of [channels, length].
template <class T>
T* row_of(const Tensor& tensor, std::int64_t batch, std::int64_t channel) {
  const std::int64_t offset = tensor.rank == 3 ? batch * tensor.strides[0] + channel * tensor.strides[1]  //
                                               : channel * tensor.strides[0];
  return reinterpret_cast<T*>(tensor.data) + offset;
}

// Calls body(vector, first lane of it that is wanted, number of lanes that are).
template <class Body>
HWY_INLINE void for_vectors(int count, const Body& body) {
  int i = 0;
  for (; i + kLanes <= count; i += kLanes) body(i, kLanes);
  if (i < count) body(i, count - i);
}

template <class T>
HWY_INLINE simd::FloatVector load_some(const T* from, int count) {
  const FloatTag d;
  return count == kLanes ? simd::load(d, from) : simd::load_first(d, from, count);
}

template <class T>
HWY_INLINE void store_some(simd::FloatVector x, T* to, int count) {
  const FloatTag d;
  count == kLanes ? simd::store(d, x, to) : simd::store_first(d, x, to, count);
}

// to = row * gate, and zeros behind, for one t1.
template <class T>
void stage_row(const T* row, const T* gate, int count, int points, float* to) {
  const FloatTag d;
  std::fill_n(to + count, points - count, 0.0f);
  for_vectors(count, [&](int i, int some) HWY_ATTR {
    auto x = load_some(row + i, some);
    if (gate != nullptr) x = hn::Mul(x, load_some(gate + i, some));
    hn::StoreN(x, d, to + i, some);
  });
}

template <class T>
void load_rows(const ButterflyPanels& panels, const ButterflyLoad& load, std::int64_t panel, int t1) {
  const auto [n1, n2] = load.size;
  const std::int64_t length = load.rows.shape[load.rows.rank - 1], first = std::int64_t{t1} * n2;
  const int count = static_cast<int>(std::clamp<std::int64_t>(length - first, 0, n2));
  const int columns = panels.columns_of(panel);
  const std::int64_t batch = panels.batch_of(panel);
  const std::int64_t channel = panels.group.first_channel + panels.channel_of(panel);
  HWY_ALIGN float stage[kLanes * kStagePitch];
  for (int c = 0; c < panels.width; c += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      float* to = stage + lane * kStagePitch;
      if (c + lane >= columns || count == 0) {
        std::fill_n(to, n2, 0.0f);
        continue;
      }
      const T* row = row_of<const T>(load.rows, batch, channel + c + lane) + first;
      const T* gate = load.gate.rank > 0 ? row_of<const T>(load.gate, batch, channel + c + lane) + first : nullptr;
      stage_row(row, gate, count, n2, to);
    }
    simd::transpose_stage(stage, n2, panels.at(load.to, panel, t1) + c, n1 * panels.width);
  }
}

// `tensor` at a channel, float32 or T.
template <class T>
float channel_value(const Tensor& tensor, std::int64_t channel) {
  const FloatTag d;
  const std::int64_t at = channel * tensor.strides[0];
  if (tensor.dtype == KI_DTYPE_FLOAT32) return reinterpret_cast<const float*>(tensor.data)[at];
  return hn::GetLane(simd::load_first(d, reinterpret_cast<const T*>(tensor.data) + at, 1));
}

// A row's points of one t1, which begin at `first`: to = from * factor + skip * other.
template <class T>
void finish_row(const ButterflyStore& store, std::int64_t batch, std::int64_t channel, std::int64_t first, int count,
                const float* from) {
  const FloatTag d;
  T* to = row_of<T>(store.to, batch, channel) + first;
  const bool has_factor = store.factor.rank > 0, has_skip = store.skip.rank > 0;
  const T* factor = has_factor ? row_of<const T>(store.factor, batch, channel) + first : nullptr;
  const T* other = has_skip ? row_of<const T>(store.other, batch, channel) + first : nullptr;
  const auto skip = hn::Set(d, has_skip ? channel_value<T>(store.skip, channel) : 0.0f);
  for_vectors(count, [&](int i, int some) HWY_ATTR {
    auto x = hn::Load(d, from + i);
    if (has_factor) x = hn::Mul(x, load_some(factor + i, some));
    if (has_skip) x = hn::MulAdd(skip, load_some(other + i, some), x);
    store_some(x, to + i, some);
  });
}

template <class T>
void store_rows(const ButterflyPanels& panels, const ButterflyStore& store, std::int64_t panel, int t1) {
  const int n2 = store.size.n2;
  const std::int64_t length = store.to.shape[store.to.rank - 1], first = std::int64_t{t1} * n2;
  if (first >= length) return;
  const int count = static_cast<int>(std::min<std::int64_t>(length - first, n2));
  const int columns = panels.columns_of(panel);
  const std::int64_t channel = panels.group.first_channel + panels.channel_of(panel);
  const FloatTag d;
  HWY_ALIGN float stage[kLanes * kStagePitch];
  HWY_ALIGN float rows[kLanes * kStagePitch];
  for (int c = 0; c < columns; c += kLanes) {
    for (int t2 = 0; t2 < count; t2 += kLanes) {
      const float* from = panels.at(store.from, panel, first + t2) + c;
      for (int t = 0; t < kLanes; ++t) hn::Store(hn::Load(d, from + t * panels.width), d, stage + t * kStagePitch);
      simd::transpose_stage(stage, kLanes, rows + t2, kStagePitch);
    }
    for (int lane = 0; lane < kLanes && c + lane < columns; ++lane) {
      finish_row<T>(store, panels.batch_of(panel), channel + c + lane, first, count, rows + lane * kStagePitch);
    }
  }
}

template <class T>
float sum_of_products(const Tensor& a, const Tensor& b, std::int64_t channel) {
  const FloatTag d;
  const auto length = static_cast<int>(a.shape[2]);
  double sum = 0;  // of rows, each of which is summed in lanes first
  for (std::int64_t batch = 0; batch < a.shape[0]; ++batch) {
    const T *x = row_of<const T>(a, batch, channel), *y = row_of<const T>(b, batch, channel);
    auto sums = hn::Zero(d);
    for_vectors(length, [&](int i, int some)
                            HWY_ATTR { sums = hn::MulAdd(load_some(x + i, some), load_some(y + i, some), sums); });
    sum += hn::ReduceSum(d, sums);
  }
  return static_cast<float>(sum);
}

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_LONG_CONVOLUTION_CPU_BUTTERFLY_ROWS_INL_H_
