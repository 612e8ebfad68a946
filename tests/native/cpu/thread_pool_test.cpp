#include "cpu/thread_pool.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "core/abi.h"

namespace ki::cpu {
namespace {

TEST(ThreadPool, RunsEveryTaskOnce) {
  ThreadPool pool(4);
  for (int round = 0; round < 200; ++round) {
    const int tasks = round * 7 % 101;
    std::vector<std::atomic<int>> runs(tasks);
    pool.parallel_for(tasks, 4, [&](std::int64_t task, int) { ++runs[task]; });
    for (int i = 0; i < tasks; ++i) ASSERT_EQ(runs[i], 1) << "task " << i << " of " << tasks;
  }
}

TEST(ThreadPool, GivesEveryThreadAWorkerNumberOfItsOwn) {
  ThreadPool pool(4);
  std::vector<std::atomic<int>> inside(4);
  std::atomic<bool> shared{false};
  pool.parallel_for(2000, 3, [&](std::int64_t, int worker) {
    if (worker < 0 || worker >= 3 || inside[worker]++ != 0) shared = true;
    std::this_thread::yield();
    --inside[worker];
  });
  EXPECT_FALSE(shared);
}

TEST(ThreadPool, RunsOnTheCallerAloneWhenAskedForOneWorker) {
  ThreadPool pool(4);
  std::set<std::thread::id> threads;
  pool.parallel_for(100, 1, [&](std::int64_t, int) { threads.insert(std::this_thread::get_id()); });
  EXPECT_EQ(threads, std::set{std::this_thread::get_id()});
}

TEST(ThreadPool, ServesManyCallersAtOnce) {
  ThreadPool pool(3);
  std::atomic<std::int64_t> sum{0};
  std::vector<std::thread> callers;
  for (int i = 0; i < 16; ++i) {
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round) pool.parallel_for(20, 3, [&](std::int64_t task, int) { sum += task; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(sum, 16 * 50 * (19 * 20 / 2));
}

TEST(ThreadPool, HelpersBlockSignals) {
  ThreadPool pool(2);
  const pthread_t caller = pthread_self();
  std::atomic<bool> helper_ran{false}, blocked{true};
  for (int round = 0; round < 1000 && !helper_ran; ++round) {
    pool.parallel_for(64, 2, [&](std::int64_t, int) {
      if (pthread_equal(pthread_self(), caller)) {
        std::this_thread::yield();
        return;
      }
      sigset_t mask;
      pthread_sigmask(SIG_SETMASK, nullptr, &mask);
      if (!sigismember(&mask, SIGINT) || !sigismember(&mask, SIGTERM)) blocked = false;
      helper_ran = true;
    });
  }
  EXPECT_TRUE(helper_ran);
  EXPECT_TRUE(blocked);
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_FALSE(sigismember(&mask, SIGINT)) << "the caller's own mask was put back";
}

// The child of a fork has none of the parent's threads, even when one of them was at work in the pool at that moment.
TEST(ThreadPool, AForkedChildMakesNewThreads) {
  ThreadPool pool(3);
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) pool.parallel_for(100, 3, [](std::int64_t, int) {});
  });
  for (int round = 0; round < 6; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      alarm(20);
      std::atomic<int> runs{0};
      std::atomic<int> most_worker{0};
      for (int i = 0; i < 50; ++i) {
        pool.parallel_for(64, 3, [&](std::int64_t, int worker) {
          ++runs;
          int most = most_worker;
          while (worker > most && !most_worker.compare_exchange_weak(most, worker)) {
          }
          std::this_thread::yield();
        });
      }
      _exit(runs == 50 * 64 && most_worker > 0 ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "round " << round << ", status " << status;
  }
  stop = true;
  busy.join();
}

TEST(Guard, TurnsWhateverIsThrownIntoAStatus) {
  EXPECT_EQ(guard([] {}), KI_STATUS_OK);
  EXPECT_EQ(guard([] { throw std::bad_alloc(); }), KI_STATUS_OUT_OF_MEMORY);
  EXPECT_EQ(guard([] { throw std::runtime_error("it broke"); }), KI_STATUS_INTERNAL);
  EXPECT_STREQ(ki_last_error_message(), "it broke");
  EXPECT_EQ(guard([] { throw 42; }), KI_STATUS_INTERNAL);
  EXPECT_EQ(guard([] { refuse("key", "has ", 3, " legs"); }), KI_STATUS_INVALID_ARGUMENT);
  EXPECT_STREQ(ki_last_error_message(), "key: has 3 legs");
  EXPECT_STREQ(ki_last_error_argument(), "key");
}

TEST(Guard, CutsAMessageThatIsTooLong) {
  EXPECT_EQ(guard([] { refuse("key", std::string(100'000, 'x')); }), KI_STATUS_INVALID_ARGUMENT);
  EXPECT_GT(std::string(ki_last_error_message()).size(), 500u);
  EXPECT_LT(std::string(ki_last_error_message()).size(), 2000u);
}

}  // namespace
}  // namespace ki::cpu
