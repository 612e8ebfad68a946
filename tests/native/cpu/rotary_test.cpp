// Rotary embedding of a row, against the formula in double precision.
#include <array>
#include <cmath>
#include <vector>

#include "cpu/simd_functions.h"
#include "support/random.h"

namespace ki::cpu {
namespace {

constexpr int kPositions = 5;

// Tables whose rows lie further apart than they are long.
struct Angles {
  explicit Angles(int half) : half(half), cos(kPositions * pitch()), sin(kPositions * pitch()) {
    for (int position = 0; position < kPositions; ++position) {
      for (int c = 0; c < half; ++c) {
        const double angle = position * std::pow(10000.0, -double(c) / half);
        cos[at(position, c)] = static_cast<float>(std::cos(angle));
        sin[at(position, c)] = static_cast<float>(std::sin(angle));
      }
    }
  }

  std::size_t pitch() const { return static_cast<std::size_t>(half + 3); }
  std::size_t at(int position, int c) const { return static_cast<std::size_t>(position) * pitch() + c; }

  attention::Cache cache(bool interleaved) {
    const auto view = [&](std::vector<float>& table) {
      Tensor tensor{};
      tensor.dtype = KI_DTYPE_FLOAT32;
      tensor.rank = 2;
      tensor.data = reinterpret_cast<std::byte*>(table.data());
      tensor.shape = {kPositions, half};
      tensor.strides = {static_cast<std::int64_t>(pitch()), 1};
      return tensor;
    };
    attention::Cache cache{};
    cache.rotary_cos = view(cos);
    cache.rotary_sin = view(sin);
    cache.rotary_dim = 2 * half;
    cache.rotary_interleaved = interleaved;
    return cache;
  }

  int half;
  std::vector<float> cos, sin;
};

class Rotary : public EveryTarget {};
INSTANTIATE_TEST_SUITE_P(, Rotary, usable_targets(), target_name);

TEST_P(Rotary, TurnsPairsByTheAnglesOfAPosition) {
  test::Random random(11);
  for (const int half : {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 64, 100, 128}) {
    Angles angles(half);
    for (const bool interleaved : {false, true}) {
      const attention::Cache cache = angles.cache(interleaved);
      for (int position = 0; position < kPositions; ++position) {
        std::array<float, 260> row, turned;
        for (float& x : row) x = static_cast<float>(random.normal());
        turned = row;
        functions().rotate(cache, position, turned.data());
        for (int c = 0; c < half; ++c) {
          const int first = interleaved ? 2 * c : c, second = interleaved ? 2 * c + 1 : c + half;
          const double x = row[first], y = row[second];
          const double cos = angles.cos[angles.at(position, c)], sin = angles.sin[angles.at(position, c)];
          EXPECT_NEAR(turned[first], x * cos - y * sin, 0x1p-23 * (std::fabs(x) + std::fabs(y)));
          EXPECT_NEAR(turned[second], x * sin + y * cos, 0x1p-23 * (std::fabs(x) + std::fabs(y)));
        }
        for (std::size_t i = 2 * half; i < row.size(); ++i) EXPECT_EQ(turned[i], row[i]) << "behind rotary_dim";
      }
    }
  }
}

TEST_P(Rotary, PositionZeroChangesNothing) {
  Angles angles(20);
  for (const bool interleaved : {false, true}) {
    std::array<float, 40> row;
    for (int i = 0; i < 40; ++i) row[i] = static_cast<float>(i - 17) / 3;
    std::array<float, 40> turned = row;
    functions().rotate(angles.cache(interleaved), 0, turned.data());
    EXPECT_EQ(turned, row);
  }
}

}  // namespace
}  // namespace ki::cpu
