#include "memory/byte_flags.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace vgpu {
namespace {

TEST(ByteFlags, DoesWhatAnArrayOfBoolsDoes) {
  constexpr std::uint64_t kBytes = 300000;
  ByteFlags flags(kBytes);
  std::vector<bool> expected(kBytes);
  std::mt19937 random(2);
  for (int step = 0; step < 3000; ++step) {
    // Mostly a small corner, so that what was written is met again; now and then a range of many pages.
    const std::uint64_t limit = step % 100 == 0 ? kBytes : 400;
    const std::uint64_t begin = random() % limit, size = random() % (limit - begin);
    const std::uint32_t width = 1U << random() % 5;
    const std::uint64_t aligned = random() % (limit / width) * width;
    switch (random() % 5) {
      case 0:
        flags.set_range(begin, size);
        std::fill_n(expected.begin() + begin, size, true);
        break;
      case 1:
        flags.clear_range(begin, size);
        std::fill_n(expected.begin() + begin, size, false);
        break;
      case 2:
        flags.set(aligned, width);
        std::fill_n(expected.begin() + aligned, width, true);
        break;
      case 3: {
        const std::uint64_t half = limit / 2, from = random() % half, to = half + random() % half;
        const std::uint64_t count = random() % (half - std::max(from, to - half));
        flags.copy_range(to, from, count);
        std::copy_n(expected.begin() + from, count, expected.begin() + to);
        break;
      }
      default: break;
    }
    bool all = true;
    for (std::uint32_t i = 0; i < width; ++i) all = all && expected[aligned + i];
    ASSERT_EQ(flags.all(aligned, width), all) << "step " << step;
    if (step % 50 == 0) {
      for (std::uint64_t i = 0; i < limit; ++i) ASSERT_EQ(flags.all(i, 1), expected[i]) << i << " step " << step;
    }
  }
}

}  // namespace
}  // namespace vgpu
