// Reads of what nobody wrote, in shared and in global memory.
#include <cmath>
#include <cstring>

#include "checks/watched_launch.h"

namespace vgpu::test {
namespace {

using K = AccessKind;
constexpr auto kUninitialised = FindingKind::uninitialised_read;

class Uninitialised : public WatchedLaunch {};

TEST_F(Uninitialised, SharedMemoryStartsAsNaN) {
  launch(32);
  float value = 0;
  std::memcpy(&value, shared_.data() + 64, 4);
  EXPECT_TRUE(std::isnan(value));
}

TEST_F(Uninitialised, AReadOfSharedMemoryThatNobodyWrote) {
  launch(32);
  shared(K::store, 10, 0, 0, 8, [](std::uint32_t) { return 0ULL; });
  shared(K::load, 20, 0, 0, 8, [](std::uint32_t) { return 0ULL; });
  expect_clean();
  shared(K::load, 30, 0, 0, 16, [](std::uint32_t) { return 0ULL; });
  expect_one(kUninitialised, {"offset 8 of shared memory", "thread (0,0,0)", "kernel.cu:30"});
}

TEST_F(Uninitialised, AnAtomicReadsToo) {
  launch(32);
  shared(
      K::atomic, 10, 0, 0, 4, [](std::uint32_t) { return 40ULL; }, MemoryOrder::relaxed);
  expect_one(kUninitialised, {"offset 40"});
}

TEST_F(Uninitialised, TheNextBlockStartsAnew) {
  launch(32);
  shared(K::store, 10, 0, 31, 16, [](std::uint32_t thread) { return 16ULL * thread; });
  checks_->end_block(0);
  checks_->begin_block(0, shared_);
  shared(K::load, 20, 0, 31, 16, [](std::uint32_t thread) { return 16ULL * thread; });
  expect_one(kUninitialised, {"block (0,0,0)", "met 32 times"});
}

TEST_F(Uninitialised, AReadOfGlobalMemoryThatNobodyWrote) {
  launch(32);
  const std::uint64_t address = memory_.allocate(1024).value();
  memory_.set_initialised(address, 100);
  global(K::load, 10, 0, 0, 5, 16, [&](std::uint32_t thread) { return address + 16ULL * thread; });
  expect_clean();
  global(K::load, 20, 0, 0, 31, 4, [&](std::uint32_t thread) { return address + 4ULL * thread; });
  expect_one(kUninitialised,
             {"byte 100 of an allocation of 1024 bytes", "thread (25,0,0)", "kernel.cu:20", "met 7 times"});
}

TEST_F(Uninitialised, StoresInitialiseTheirBytesForLaterLaunches) {
  for (const std::uint32_t bytes : {1U, 2U, 4U, 8U, 16U}) {
    const std::uint64_t address = memory_.allocate(1024).value();
    const auto place = [&](std::uint32_t thread) { return address + std::uint64_t{bytes} * thread; };
    launch(32);
    global(K::store, 10, 0, 0, 30, bytes, place);
    launch(32);
    global(K::load, 20, 0, 0, 30, bytes, place);
    expect_clean();
    global(K::load, 21, 0, 31, 31, bytes, place);
    expect_one(kUninitialised, {"byte " + std::to_string(31 * bytes) + " of"});
    findings_.clear();
  }
}

TEST_F(Uninitialised, ACopyThatIsReadFromUnwrittenMemory) {
  launch(32);
  const std::uint64_t address = memory_.allocate(1024).value();
  global(K::async_copy, 10, 0, 3, 3, 16, [&](std::uint32_t) { return address + 64; });
  expect_one(kUninitialised, {"byte 64", "thread (3,0,0)"});
}

TEST_F(Uninitialised, PinnedMemoryIsTheHostsBusiness) {
  launch(32);
  std::vector<float> host(64);
  ASSERT_TRUE(memory_.pin(host.data(), 256));
  const auto base = reinterpret_cast<std::uint64_t>(host.data());
  global(K::load, 10, 0, 0, 31, 4, [&](std::uint32_t thread) { return base + 4ULL * thread; });
  expect_clean();
}

}  // namespace
}  // namespace vgpu::test
