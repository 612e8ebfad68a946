// Order by locks, flags and named barriers, right and wrong, under every schedule; and waits without end.
#include <numeric>

#include "faults/planted_fault.h"

namespace vgpu::test {
namespace {

class Order : public PlantedFault {};

TEST_F(Order, ALockNeedsFences) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    const std::uint64_t lock = device_.upload(std::vector<int>{0}), value = device_.upload(std::vector<int>{0});
    EXPECT_EQ(run("order", "lock_none", {6}, {32}, lock, value), Outcome::done);
    expect_clean();
    EXPECT_EQ(device_.download<int>(value, 1)[0], 6);

    run("order", "lock_no_fences", {2}, {32}, lock, value);
    expect_found(FindingKind::global_race, {"order.cu:guarded"},
                 {"of block (0,0,0)", "of block (1,0,0)", "byte 0 of an allocation of 4 bytes"});
  }
}

TEST_F(Order, ABarrierOfTheGrid) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    const std::size_t blocks = 4, threads = 64;
    std::vector<int> in(blocks * threads);
    std::iota(in.begin(), in.end(), 1);
    const std::uint64_t data = device_.upload(in), parts = allocate<int>(in.size()), out = allocate<int>(in.size());
    EXPECT_EQ(run("order", "grid_none", {4}, {64}, device_.upload(std::vector<unsigned>{0}), data, parts, out),
              Outcome::done);
    expect_clean();
    for (std::size_t i = 0; i < in.size(); ++i) {
      EXPECT_EQ(device_.download<int>(out, in.size())[i], 2 * in[(i + threads) % in.size()]);
    }

    run("order", "grid_no_barrier", {4}, {64}, device_.upload(std::vector<unsigned>{0}), data, parts, out);
    expect_found(FindingKind::global_race, {"order.cu:own part", "order.cu:part of another"});
  }
}

TEST_F(Order, StagesAreHandedOverAtNamedBarriers) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    for (const int rounds : {1, 2, 9}) {
      std::vector<int> in(64 * static_cast<std::size_t>(rounds));
      std::iota(in.begin(), in.end(), 1);
      const std::uint64_t data = device_.upload(in), out = allocate<int>(in.size());
      EXPECT_EQ(run("order", "hand_over_none", {}, {128}, data, out, rounds), Outcome::done);
      expect_clean();
      for (std::size_t i = 0; i < in.size(); ++i) {
        EXPECT_EQ(device_.download<int>(out, in.size())[i], in[i / 64 * 64 + 63 - i % 64]);
      }
      if (rounds < 9) continue;
      run("order", "hand_over_too_early", {}, {128}, data, out, rounds);
      expect_found(FindingKind::shared_race, {"order.cu:fill", "order.cu:empty"});
    }
  }
}

TEST_F(Order, AtomicsAreNoBarrier) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    std::vector<std::uint8_t> in(128);
    std::vector<int> expected(16);
    for (std::size_t i = 0; i < in.size(); ++i) ++expected[(in[i] = static_cast<std::uint8_t>(i * i)) % 16];
    const std::uint64_t data = device_.upload(in), out = allocate<int>(16);
    EXPECT_EQ(run("order", "histogram", {}, {128}, data, out, 1), Outcome::done);
    expect_clean();
    EXPECT_EQ(device_.download<int>(out, 16), expected);

    run("order", "histogram", {}, {128}, data, out, 0);
    expect_found(FindingKind::shared_race, {"order.cu:count", "order.cu:total"});
  }
}

TEST_F(Order, HalvesOfABlockWaitAtDifferentBarriers) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    EXPECT_NE(run("order", "wait_at_two_barriers", {}, {64}, 64), Outcome::done);
    expect_found(FindingKind::deadlock, {"order.cu:two barriers"}, {"barrier 1", "barrier 2"});
  }
}

TEST_F(Order, AFlagThatNobodyRaises) {
  for (const Settings& each : schedules()) {
    device_.settings = each;
    device_.settings.watchdog_instructions = 100'000;
    EXPECT_EQ(run("order", "wait_for_a_flag", {}, {32}, device_.upload(std::vector<int>{0})), Outcome::timeout);
    expect_found(FindingKind::endless_spin, {"order.cu:flag"});
    EXPECT_EQ(run("order", "wait_for_a_flag", {}, {32}, device_.upload(std::vector<int>{1})), Outcome::done);
    expect_clean();
  }
}

}  // namespace
}  // namespace vgpu::test
