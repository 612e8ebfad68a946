#include "long_convolution/cpu/transform.h"

#include <cmath>
#include <numbers>

namespace ki::long_convolution::cpu {
namespace {

// How often each prime divides the size in cores; false if anything else does.
struct Factors {
  int twos = 0, threes = 0, fives = 0;

  bool take(std::int64_t number) {
    for (; number % 2 == 0; number /= 2) ++twos;
    for (; number % 3 == 0; number /= 3) ++threes;
    for (; number % 5 == 0; number /= 5) ++fives;
    return number == 1;
  }
};

// The radices from the first stage to the core. The rarer radices come first, where a stage runs once. Radix 8 touches
// memory once for three factors of two; 4 and 4 do better than 8 and 2.
std::vector<int> choose_radices(std::int64_t cores) {
  Factors factors;
  factors.take(cores);
  const int rest = factors.twos % 3, fours = rest == 2 ? 1 : rest == 1 && factors.twos > 1 ? 2 : 0;
  std::vector<int> radices;
  if (factors.twos == 1) radices.push_back(2);
  for (int i = 0; i < factors.fives; ++i) radices.push_back(5);
  for (int i = 0; i < factors.threes; ++i) radices.push_back(3);
  for (int i = 0; i < (factors.twos - 2 * fours) / 3; ++i) radices.push_back(8);
  for (int i = 0; i < fours; ++i) radices.push_back(4);
  if (radices.empty()) radices.push_back(1);
  return radices;
}

// exp(-2 pi i numerator / denominator), exact to a double's rounding: the angle is brought under a whole turn first.
struct Root {
  Root(std::int64_t numerator, std::int64_t denominator) {
    const double turns = static_cast<double>(numerator % denominator) / static_cast<double>(denominator);
    re = static_cast<float>(std::cos(2 * std::numbers::pi * turns));
    im = static_cast<float>(-std::sin(2 * std::numbers::pi * turns));
  }
  float re, im;
};

// Writes tables one after another, each from a cache line's start.
class TableWriter {
 public:
  TableWriter(float* memory, int lanes) : next_(memory), lanes_(lanes) {}

  const float* table() const { return next_; }

  void scalar(const Root& root) {
    *next_++ = root.re;
    *next_++ = root.im;
  }

  // The roots for lanes 0, 1, ..., as a vector of real parts and one of imaginary parts.
  template <class RootOfLane>
  void vector(const RootOfLane& root_of_lane) {
    for (int lane = 0; lane < lanes_; ++lane) {
      const Root root = root_of_lane(lane);
      next_[lane] = root.re;
      next_[lanes_ + lane] = root.im;
    }
    next_ += 2 * lanes_;
  }

  // Point j's factor for q is exp(-2 pi i j (q + shift / 4) / points).
  void stage(std::int64_t points, int radix, int first_q, int shift) {
    for (std::int64_t j = 0; j < points / radix; j += lanes_) {
      for (int q = first_q; q < radix; ++q) {
        vector([&](int lane) { return Root((j + lane) * (4 * q + shift), 4 * points); });
      }
    }
  }

  // Factors for the two stages of an outer pass.
  void inner(int radix1, int radix2, int shift) {
    for (int g = 0; g < radix2; ++g) {
      for (int q = 0; q < radix1; ++q) scalar(Root(g * (4 * q + shift), 4 * radix1 * radix2));
    }
    align();
  }
  void fine(std::int64_t points, int radix1, int radix2, int shift) {
    for (int q = 0; q < radix1; ++q) {
      for (int j = 0; j < OuterPass::kFinePoints; j += lanes_) {
        for (int p = 0; p < radix2; ++p) {
          vector([&](int lane) { return Root((j + lane) * (4 * (q + radix1 * p) + shift), 4 * points); });
        }
      }
    }
  }
  void coarse(std::int64_t points, int radix1, int radix2, int shift) {
    for (std::int64_t j = 0; j < points / radix1 / radix2; j += OuterPass::kFinePoints) {
      for (int q = 0; q < radix1; ++q) {
        for (int p = 0; p < radix2; ++p) scalar(Root(j * (4 * (q + radix1 * p) + shift), 4 * points));
      }
    }
    align();
  }

  void align() {
    while (reinterpret_cast<std::uintptr_t>(next_) % ki::cpu::kCacheLine != 0) *next_++ = 0;
  }

 private:
  float* next_;
  int lanes_;
};

}  // namespace

int lanes_of(ki::cpu::SimdTarget target) {
  switch (target) {
    case ki::cpu::SimdTarget::avx2: return 8;
    case ki::cpu::SimdTarget::avx3: return 16;
    case ki::cpu::SimdTarget::neon: return 4;
  }
  return 0;
}

bool is_supported(std::int64_t points, ki::cpu::SimdTarget target) {
  const std::int64_t core = core_points(target);
  return points >= core && points % core == 0 && Factors().take(points / core);
}

Transform::Transform(std::int64_t points, Kind kind, ki::cpu::SimdTarget target, std::int64_t whole_tables)
    : points_(points), kind_(kind), lanes_(lanes_of(target)) {
  const int shift = kind == Kind::negacyclic ? -1 : 0;
  const int blocks = lanes_ / 4;
  const std::vector<int> radices = choose_radices(points / core_points(target));

  const bool has_outer = points > whole_tables && radices.size() >= 2;

  // A stage has a factor for each of its points, less one in `radix`; the scalars and the core's tables are few.
  std::uint64_t floats = 0;
  std::int64_t block = points;
  for (std::size_t i = 0; i < radices.size(); block /= radices[i++]) {
    if (i >= (has_outer ? 2 : 0)) floats += 2 * static_cast<std::uint64_t>(block);
  }
  if (has_outer) {
    const auto parts = static_cast<std::uint64_t>(radices[0] * radices[1]);
    const std::uint64_t coarse = static_cast<std::uint64_t>(points) / parts / OuterPass::kFinePoints + 1;
    floats += 2 * parts * (OuterPass::kFinePoints + coarse + 1) + 2 * ki::cpu::kCacheLine / sizeof(float);
  }
  floats += static_cast<std::uint64_t>(2 * lanes_ * lanes_ + 8 * lanes_ + 8 * blocks + 2 * 8 + 4 * 16);
  memory_bytes_ = floats * sizeof(float);
  memory_ = ki::cpu::allocate(memory_bytes_);
  TableWriter writer(reinterpret_cast<float*>(memory_.get()), lanes_);

  block = points;
  for (std::size_t i = 0; i < radices.size(); ++i) {
    stages_.push_back({radices[i], block, has_outer && i < 2 ? nullptr : writer.table()});
    if (stages_.back().twiddles != nullptr) writer.stage(block, radices[i], i == 0 ? 0 : 1, i == 0 ? shift : 0);
    block /= radices[i];
  }
  if (has_outer) {
    outer_ = {radices[0], radices[1], points / radices[0] / radices[1] / lanes_, writer.table(), nullptr, nullptr};
    writer.inner(radices[0], radices[1], shift);
    outer_.fine = writer.table();
    writer.fine(points, radices[0], radices[1], shift);
    outer_.coarse = writer.table();
    writer.coarse(points, radices[0], radices[1], shift);
  }
  core_first_ = writer.table();
  writer.stage(lanes_ * lanes_, blocks, 1, 0);
  core_second_ = writer.table();
  writer.stage(4 * lanes_, 4, 1, 0);
  core_third_ = writer.table();
  for (int column = 0; column < 4; ++column) {
    for (int q = 0; q < blocks; ++q) writer.scalar(Root(column * q, lanes_));
  }
  writer.align();
  rotations_ = writer.table();
  for (int i = 0; i < radices.front(); ++i) writer.scalar(Root(i * shift, 4 * radices.front()));
}

std::int64_t Transform::frequency(std::int64_t place) const {
  // Digit by digit: part q of a stage holds the frequencies that leave q when they are divided by the radix.
  std::int64_t frequency = 0, weight = 1;
  for (const Stage& stage : stages_) {
    const std::int64_t part = stage.points / stage.radix;
    frequency += place / part * weight;
    weight *= stage.radix;
    place %= part;
  }
  const std::int64_t vector = place / lanes_, lane = place % lanes_, blocks = lanes_ / 4;
  const std::int64_t in_core = lane / 4 + blocks * (lane % 4) + lanes_ * (vector / 4 + blocks * (vector % 4));
  return frequency + weight * in_core;
}

}  // namespace ki::long_convolution::cpu
