#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "attention/attention_cases.h"
#include "attention/attention_run.h"
#include "attention/refusal_fixture.h"
#include "support/backends.h"

// What else goes on in a process must not matter: other threads, forks, and the state of the floating-point unit.
namespace ki::test {
namespace {

TEST(Process, SixteenThreadsShareADevice) {
  std::vector<AttentionData> data;
  std::vector<AttentionOutcome> want;
  for (const AttentionCase& attention_case : scheduling_cases()) {
    if (attention_case.flops() > 50'000'000) continue;
    data.emplace_back(attention_case);
    want.push_back(run_attention(data.back(), open_device("cpu", nullptr, 1)));
  }
  ASSERT_GE(data.size(), 3U);

  constexpr int kThreads = 16;
  const Device device = open_device("cpu", nullptr, 3);
  std::vector<int> wrong(kThreads, -1);
  std::latch start(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      const Stream stream = create_stream(device);
      start.arrive_and_wait();
      int errors = 0;
      for (std::size_t i = 0; i < 2 * data.size(); ++i) {
        const std::size_t which = (i + static_cast<std::size_t>(t)) % data.size();
        const AttentionOutcome got = run_attention(data[which], device, stream.get());
        errors += got.bits != want[which].bits || got.stray_write;
      }
      wrong[static_cast<std::size_t>(t)] = errors;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(kThreads, 0));
}

/// Runs `body` in a forked child, which must return true within a minute.
template <typename Body>
testing::AssertionResult true_in_child(Body body) {
  const pid_t child = fork();
  if (child < 0) return testing::AssertionFailure() << "cannot fork";
  if (child == 0) {
    alarm(60);
    bool result = false;
    try {
      result = body();
    } catch (...) {
    }
    _exit(result ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return testing::AssertionFailure() << "the child died of signal " << WTERMSIG(status);
  return WEXITSTATUS(status) == 0 ? testing::AssertionSuccess() : testing::AssertionFailure() << "the child disagrees";
}

TEST(Process, AForkedChildComputesOnTheParentsDevice) {
  const AttentionData data(scheduling_cases()[5]);
  const Device device = open_device("cpu", nullptr, 3);
  const Stream stream = create_stream(device);
  const AttentionOutcome want = run_attention(data, device, stream.get());  // the pool's threads exist in the parent
  const auto agrees = [&] { return run_attention(data, device, stream.get()).bits == want.bits; };
  EXPECT_TRUE(true_in_child(agrees));
  EXPECT_TRUE(true_in_child([&] { return agrees() && true_in_child(agrees) && agrees(); })) << "a child of a child";
  EXPECT_TRUE(agrees()) << "the parent afterwards";
}

TEST(Process, AChildForkedWhileOthersComputeMayComputeAndCloseToo) {
  const AttentionData data(scheduling_cases()[5]);
  Device device = open_device("cpu", nullptr, 3);
  const AttentionOutcome want = run_attention(data, device);
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) run_attention(data, device);
  });
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(true_in_child([&] {
      const bool right = run_attention(data, device).bits == want.bits;
      device.reset();
      return right && run_attention(data, open_device("cpu", nullptr, 2)).bits == want.bits;
    }));
  }
  stop = true;
  busy.join();
}

#if defined(__x86_64__)

/// Values whose sums depend on rounding and on subnormals.
AttentionData sensitive_data(std::int64_t seq) {
  return AttentionData({.seq_q = seq,
                        .seq_k = 600,
                        .heads_q = 4,
                        .heads_kv = 2,
                        .head_dim = 64,
                        .head_dim_v = 64,
                        .contents = Contents::subnormal});
}

TEST(Process, ResultsDoNotDependOnTheCallersFloatingPointState) {
  constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040, kRoundUp = 0x4000, kRoundToZero = 0x6000;
  constexpr unsigned kControl = 0xFFC0;  // the rest says which exceptions there were, the test's own included
  for (const std::int64_t seq : {1, 300}) {
    const AttentionData data = sensitive_data(seq);
    for (const Backend& backend : backends()) {
      SCOPED_TRACE(backend.name());
      const AttentionOutcome want = run_attention(data, backend.open());
      const unsigned usual = _mm_getcsr();
      for (const unsigned mode : {kFlushToZero | kDenormalsAreZero, kRoundUp, kRoundToZero | kFlushToZero}) {
        const Device device = backend.open();  // in the usual state; its threads start in the other
        const Stream stream = create_stream(device);
        const unsigned set = 0x1F80 | mode;
        _mm_setcsr(set);
        const AttentionOutcome got = run_attention(data, device, stream.get());
        const unsigned after = _mm_getcsr();
        _mm_setcsr(usual);
        EXPECT_TRUE(got.bits == want.bits) << "mode " << std::hex << mode;
        EXPECT_EQ(after & kControl, set);
      }
    }
  }
}

TEST(Process, TheCallersUnmaskedExceptionsDoNotTrapInTheLibrary) {
  RefusalFixture valid;
  valid.parts.logsumexp->data = valid.spare();
  valid.problem.flags = KI_ATTENTION_CUSTOM_SCALE;
  valid.problem.scale = 1e-3F;  // inexact throughout
  const unsigned usual = _mm_getcsr();
  _mm_setcsr(0);
  const ki_status status = valid.forward();
  const unsigned after = _mm_getcsr();
  _mm_setcsr(usual);
  EXPECT_EQ(status, KI_STATUS_OK);
  EXPECT_EQ(after, 0U);
}

#endif

}  // namespace
}  // namespace ki::test
