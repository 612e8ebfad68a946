// The threads of one CPU device. The caller works too; a pool that is busy with another caller's job is not waited for.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace ki::cpu {

class ThreadPool {
 public:
  // `thread_count` counts the caller. Threads are started with the first job that needs them.
  explicit ThreadPool(int thread_count);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int thread_count() const { return thread_count_; }

  // Calls body(task, worker) for every task in [0, tasks), each once, on at most `workers` threads; `worker` is below
  // `workers` and no two calls share it at a time. Returns when all are done. With one worker, or when another caller
  // has the pool, everything runs on the caller. `body` must not throw.
  template <typename Body>
  void parallel_for(std::int64_t tasks, int workers, const Body& body) {
    run(
        tasks, workers,
        [](const void* context, std::int64_t task, int worker) { (*static_cast<const Body*>(context))(task, worker); },
        &body);
  }

 private:
  using TaskFunction = void (*)(const void* context, std::int64_t task, int worker);
  struct Crew;   // the threads, and the job they share
  struct Claim;  // the right to use them
  static constexpr int kNobody = -1;

  void run(std::int64_t tasks, int workers, TaskFunction function, const void* context);
  Crew* crew_of_this_process();

  const int thread_count_;
  std::atomic<int> owner_{kNobody};
  std::unique_ptr<Crew> crew_;
};

}  // namespace ki::cpu
