// Halving and doubling the rate of rows, compiled for every instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "long_convolution/cpu/decimation_kernel.cpp"
#include "cpu/simd/targets.h"
// Highway's headers come first: they set the target.
#include <algorithm>
#include <utility>

#include "cpu/simd/convert-inl.h"
#include "long_convolution/cpu/decimation.h"

HWY_BEFORE_NAMESPACE();
namespace ki::long_convolution::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;
using simd::FloatTag;
using simd::FloatVector;
using simd::kLanes;
using Stage = Decimation::Stage;

// Place t of a level stands for time t - kLead at its rate. Where a level is filtered to the next one it lies as two
// streams, its places with even and with odd numbers; `even` and `odd` are where those of place 0 are, or would be.
struct Streams {
  HWY_INLINE void store(FloatVector first, FloatVector second, std::int64_t place) const {
    const FloatTag d;
    hn::StoreU(hn::ConcatEven(d, second, first), d, even + place / 2);
    hn::StoreU(hn::ConcatOdd(d, second, first), d, odd + place / 2);
  }

  float *even, *odd;
};

// Streams of a whole level, between zeros: `kLead` in front, and behind as many as fill the streams to the places of the
// next level, which is how far the filter's loops read.
Streams make_streams(float* memory, std::int64_t places) {
  const std::int64_t length = next_level(places);
  float* even = std::fill_n(memory, kLead, 0.0f);
  float* odd = std::fill_n(even + length, kLead, 0.0f);
  std::fill(even + places / 2, even + length, 0.0f);
  std::fill(odd + places / 2, odd + length, 0.0f);
  return {even, odd};
}

// Places from `begin` to `end` of the first level, even numbers, of a row that is zero before its first value and behind
// its last.
void split(const float* row, std::int64_t count, std::int64_t begin, std::int64_t end, const Streams& to) {
  const FloatTag d;
  const auto load = [&](std::int64_t time) {
    float values[kLanes];
    for (int i = 0; i < kLanes; ++i) values[i] = time + i >= 0 && time + i < count ? row[time + i] : 0.0f;
    return hn::LoadU(d, values);
  };
  for (std::int64_t t = begin; t < end; t += 2 * kLanes) {
    const std::int64_t time = t - kLead;
    if (time >= 0 && time + 2 * kLanes <= count) {
      to.store(hn::LoadU(d, row + time), hn::LoadU(d, row + time + kLanes), t);
    } else {
      to.store(load(time), load(time + kLanes), t);
    }
  }
}

// sums[v] += the sum of taps[i + reach] * x[i + v * kLanes], i from -reach to end - 1.
template <int kVectors>
HWY_INLINE void add_taps(const float* taps, int reach, int end, const float* x, FloatVector (&sums)[kVectors]) {
  const FloatTag d;
  for (int i = -reach; i < end; ++i) {
    const auto tap = hn::Set(d, taps[i + reach]);
    for (int v = 0; v < kVectors; ++v) sums[v] = hn::MulAdd(tap, hn::LoadU(d, x + i + v * kLanes), sums[v]);
  }
}

// Calls put(place, first, second) for each two vectors of the next level's places from `begin` to `end`.
template <class Put>
HWY_INLINE void halve(const Stage& stage, const Streams& from, std::int64_t begin, std::int64_t end, const Put& put) {
  const FloatTag d;
  constexpr int kVectors = 4;
  for (std::int64_t t = begin; t < end; t += kVectors * kLanes) {
    FloatVector sums[kVectors];
    for (int v = 0; v < kVectors; ++v) sums[v] = hn::Zero(d);
    // Time t - kLead is twice that at the old rate, which is place 2 t - kLead there.
    add_taps(stage.even, stage.even_reach, stage.even_reach + 1, from.even + (t - kLead / 2), sums);
    add_taps(stage.odd, stage.odd_reach, stage.odd_reach, from.odd + (t - kLead / 2), sums);
    for (int v = 0; v < kVectors; v += 2) put(t + v * kLanes, sums[v], sums[v + 1]);
  }
}

// From a level of lower rate, all its places in a row, to those from `begin` to `end` of the next higher one. Place 0
// would be at `to`.
HWY_INLINE void double_rate(const Stage& stage, const float* from, float* to, std::int64_t begin, std::int64_t end) {
  const FloatTag d;
  constexpr int kVectors = 2;
  for (std::int64_t t = begin; t < end; t += 2 * kVectors * kLanes) {
    FloatVector even[kVectors], odd[kVectors];
    for (int v = 0; v < kVectors; ++v) even[v] = odd[v] = hn::Zero(d);
    const float* x = from + t / 2 + kLead / 2;
    add_taps(stage.even, stage.even_reach, stage.even_reach + 1, x, even);
    add_taps(stage.odd, stage.odd_reach, stage.odd_reach, x + 1, odd);
    for (int v = 0; v < kVectors; ++v) {
      hn::StoreInterleaved2(even[v], odd[v], d, to + t + 2 * v * kLanes);
    }
  }
}

// The last time, to the row itself: what does not fill a step's places goes through a buffer.
void double_rate(const Stage& stage, const float* from, float* row, std::int64_t count) {
  alignas(64) float buffer[kLevelStep];
  for (std::int64_t begin = 0; begin < count + kLead;) {
    const std::int64_t whole = begin > 0 ? (count + kLead - begin) / kLevelStep * kLevelStep : 0;
    if (whole > 0) {
      double_rate(stage, from, row - kLead, begin, begin + whole);
      begin += whole;
      continue;
    }
    double_rate(stage, from, buffer - begin, begin, begin + kLevelStep);
    const std::int64_t first = std::max(begin, kLead), last = std::min(begin + kLevelStep, count + kLead);
    std::copy(buffer + (first - begin), buffer + (last - begin), row + (first - kLead));
    begin += kLevelStep;
  }
}

// Times before the row's first, or behind the transform's last, come round.
void come_round(const float* level, std::int64_t places, float* low, std::int64_t points) {
  const std::int64_t whole = std::min(places - kLead, points);
  std::fill(std::copy_n(level + kLead, whole, low), low + points, 0.0f);
  for (std::int64_t t = 0; t < kLead; ++t) low[points - kLead + t] += level[t];
  for (std::int64_t t = kLead + whole; t < places; ++t) low[(t - kLead) % points] += level[t];
}

// The first stage, from a row. Its streams are made piece by piece, as much as the first-level cache has room for.
template <class Put>
HWY_INLINE void halve_row(const Stage& stage, const float* row, std::int64_t count, std::int64_t places,
                          const Put& put) {
  constexpr std::int64_t kPiece = 1024;
  alignas(64) float even[kPiece + 2 * kLead], odd[kPiece + 2 * kLead];
  for (std::int64_t begin = 0; begin < places; begin += kPiece) {
    const std::int64_t end = std::min(begin + kPiece, places), first = begin - kLead;
    const Streams streams{even - first, odd - first};
    split(row, count, 2 * first, 2 * (end + kLead), streams);
    halve(stage, streams, begin, end, put);
  }
}

void decimate(const Decimation& decimation, const float* row, std::int64_t count, float* scratch, float* low,
              std::int64_t points) {
  const FloatTag d;
  const std::vector<Stage>& stages = decimation.stages();
  std::int64_t places = next_level(first_level(count));
  float *here = scratch, *there = scratch + 2 * (next_level(places) + kLead);
  Streams from{};
  for (std::size_t s = 0; s < stages.size(); ++s) {
    const bool last = s + 1 == stages.size();
    const Streams to = last ? Streams{here, nullptr} : make_streams(here, places);
    const auto put = [&](std::int64_t t, FloatVector first, FloatVector second) {
      if (!last) return to.store(first, second, t);
      hn::StoreU(first, d, here + t);
      hn::StoreU(second, d, here + t + kLanes);
    };
    if (s == 0) {
      halve_row(stages[s], row, count, places, put);
    } else {
      halve(stages[s], from, 0, places, put);
    }
    if (last) return come_round(here, places, low, points);
    from = to;
    std::swap(here, there);
    places = next_level(places);
  }
}

void interpolate(const Decimation& decimation, const float* low, std::int64_t points, float* scratch, float* row,
                 std::int64_t count) {
  const std::vector<Stage>& stages = decimation.stages();
  std::int64_t places[64];  // of the levels, the row's own first
  places[0] = first_level(count);
  for (std::size_t s = 0; s < stages.size(); ++s) places[s + 1] = next_level(places[s]);
  // The levels take turns at both ends of the scratch memory; that of half the row's rate is at its start.
  float* const ends[2] = {scratch + places[1], scratch};
  float* from = ends[stages.size() % 2];
  const std::int64_t lowest = places[stages.size()];
  for (std::int64_t t = 0; t < lowest;) {
    const std::int64_t time = (t - kLead + points) % points, part = std::min(points - time, lowest - t);
    std::copy_n(low + time, part, from + t);
    t += part;
  }
  for (std::size_t s = stages.size(); s-- > 1;) {
    float* to = ends[s % 2];
    double_rate(stages[s], from, to, 0, places[s]);
    from = to;
  }
  double_rate(stages[0], from, row, count);
}

constexpr DecimationKernels kDecimationKernels{decimate, interpolate};

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ki::long_convolution::cpu {

const DecimationKernels& decimation_kernels(ki::cpu::SimdTarget target) {
  return KI_FOR_TARGET(target, kDecimationKernels);
}

}  // namespace ki::long_convolution::cpu
#endif
