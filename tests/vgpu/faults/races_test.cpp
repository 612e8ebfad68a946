// Missing barriers, waits and fences, under every schedule: what is found does not depend on the order of execution.
#include <algorithm>
#include <numeric>

#include "faults/planted_fault.h"

namespace vgpu::test {
namespace {

class Races : public PlantedFault {
 protected:
  Outcome pipeline(const std::string& fault, int tiles) {
    std::vector<float> in(512ULL * static_cast<std::size_t>(tiles));
    std::iota(in.begin(), in.end(), 1.0F);
    out_ = allocate<float>(in.size());
    const Outcome outcome = run("pipeline", "pipeline_" + fault, {}, {128}, device_.upload(in), out_, tiles);
    expected_.clear();
    for (std::size_t i = 0; i < in.size(); ++i)
      expected_.push_back(in[i / 512 * 512 + (127 - i % 512 / 4) * 4 + i % 4]);
    return outcome;
  }
  std::uint64_t out_ = 0;
  std::vector<float> expected_;
};

TEST_F(Races, ThePipelineIsRightAndClean) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    for (const int tiles : {1, 2, 3, 8}) {
      EXPECT_EQ(pipeline("none", tiles), Outcome::done);
      expect_clean();
      EXPECT_EQ(device_.download<float>(out_, expected_.size()), expected_);
    }
  }
}

TEST_F(Races, NoBarrierAfterTheWaitForACopy) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    pipeline("no_barrier_after_wait", 1);
    expect_found(FindingKind::shared_race, {"pipeline.cu:use", "ptx.cuh:copy"}, {" of block (0,0,0)", "offset"});
  }
}

TEST_F(Races, NoBarrierBeforeAStageIsUsedAgain) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    pipeline("no_trailing_barrier", 5);
    expect_found(FindingKind::shared_race, {"pipeline.cu:use", "pipeline.cu:refill", "ptx.cuh:copy"});
  }
}

TEST_F(Races, AWaitThatLeavesOneGroupTooManyInFlight) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    pipeline("wait_too_lax", 4);
    expect_found(FindingKind::in_flight_copy, {"pipeline.cu:use", "ptx.cuh:copy"});
  }
}

TEST_F(Races, AMissingSyncwarp) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    std::vector<float> data(64);
    std::iota(data.begin(), data.end(), 0.0F);
    const std::uint64_t right = device_.upload(data);
    EXPECT_EQ(run("meetings", "syncwarp_none", {}, {64}, right), Outcome::done);
    expect_clean();
    for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(device_.download<float>(right, 64)[i], data[i] + data[i ^ 1]);

    run("meetings", "syncwarp_planted", {}, {64}, device_.upload(data));
    expect_found(FindingKind::shared_race, {"meetings.cu:neighbour read", "meetings.cu:neighbour write"},
                 {", lane 0) of block (0,0,0)", ", lane 1) of block (0,0,0)"});
  }
}

TEST_F(Races, TwoBlocksWriteOneTile) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    const std::uint64_t out = allocate<int>(256);
    EXPECT_EQ(run("blocks", "fill_tiles_none", {4}, {64}, out), Outcome::done);
    expect_clean();
    for (int i = 0; i < 256; ++i) EXPECT_EQ(device_.download<int>(out, 256)[static_cast<std::size_t>(i)], i / 64);

    run("blocks", "fill_tiles_planted", {2}, {64}, allocate<int>(256));
    expect_found(FindingKind::global_race, {"blocks.cu:tile"},
                 {"of block (0,0,0)", "of block (1,0,0)", "of an allocation of 1024 bytes"});
  }
}

TEST_F(Races, ALostUpdate) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    const std::uint64_t counter = device_.upload(std::vector<int>{0});
    EXPECT_EQ(run("blocks", "count_blocks_none", {9}, {32}, counter), Outcome::done);
    expect_clean();
    EXPECT_EQ(device_.download<int>(counter, 1)[0], 9);

    run("blocks", "count_blocks_planted", {2}, {32}, counter);
    expect_found(FindingKind::global_race, {"blocks.cu:update"}, {"of block (0,0,0)", "of block (1,0,0)"});
  }
}

TEST_F(Races, TheLastBlockNeedsFences) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    const int blocks = 5;
    std::vector<int> in(blocks * 256);
    std::iota(in.begin(), in.end(), 7);
    const std::uint64_t data = device_.upload(in), parts = allocate<int>(blocks * 32), out = allocate<int>(32);
    EXPECT_EQ(run("blocks", "sum_of_sums_none", {blocks}, {32}, data, parts, device_.upload(std::vector<int>{0}), out),
              Outcome::done);
    expect_clean();
    for (std::size_t i = 0; i < 32; ++i) {
      int sum = 0;
      for (std::size_t j = i; j < in.size(); j += 32) sum += in[j];
      EXPECT_EQ(device_.download<int>(out, 32)[i], sum);
    }

    run("blocks", "sum_of_sums_planted", {blocks}, {32}, data, parts, device_.upload(std::vector<int>{0}), out);
    expect_found(FindingKind::global_race, {"blocks.cu:part", "blocks.cu:parts"});
  }
}

}  // namespace
}  // namespace vgpu::test
