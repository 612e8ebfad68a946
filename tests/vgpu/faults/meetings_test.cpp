// Barriers and shuffles that not all come to.
#include <numeric>

#include "faults/planted_fault.h"

namespace vgpu::test {
namespace {

class Meetings : public PlantedFault {};

TEST_F(Meetings, ABarrierUnderIf) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    std::vector<float> data(64);
    std::iota(data.begin(), data.end(), 0.0F);
    EXPECT_EQ(run("meetings", "barrier_under_if_none", {}, {64}, device_.upload(data)), Outcome::done);
    expect_clean();

    run("meetings", "barrier_under_if_planted", {}, {64}, device_.upload(data));
    expect_found(FindingKind::divergence, {"meetings.cu:barrier under if"}, {"warp 1"});
  }
}

TEST_F(Meetings, AShuffleOfAllLanesInHalfAWarp) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    std::vector<int> data(32);
    std::iota(data.begin(), data.end(), 0);
    const std::uint64_t right = device_.upload(data);
    EXPECT_EQ(run("meetings", "shuffle_none", {}, {32}, right), Outcome::done);
    expect_clean();
    for (std::size_t i = 0; i < 32; ++i) {
      EXPECT_EQ(device_.download<int>(right, 32)[i], i < 16 ? data[i] + data[i ^ 1] : data[i]);
    }

    run("meetings", "shuffle_planted", {}, {32}, device_.upload(data));
    expect_found(FindingKind::divergence, {"meetings.cu:shuffle"}, {"warp 0"});
  }
}

TEST_F(Meetings, AReturnBeforeABarrier) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    std::vector<float> data(64);
    std::iota(data.begin(), data.end(), 0.0F);
    const std::uint64_t right = device_.upload(data);
    EXPECT_EQ(run("meetings", "return_none", {}, {64}, right, 40), Outcome::done);
    expect_clean();
    for (std::size_t i = 0; i < 64; ++i)
      EXPECT_EQ(device_.download<float>(right, 64)[i], i < 40 ? data[39 - i] : data[i]);

    // Whole warps have gone, or some lanes of one.
    for (const int count : {32, 40}) {
      run("meetings", "return_planted", {}, {64}, device_.upload(data), count);
      expect_found(FindingKind::divergence, {"meetings.cu:barrier after return"}, {"exited"});
    }
  }
}

}  // namespace
}  // namespace vgpu::test
