#include "cpu/thread_pool.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "core/floating_point.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace ki::cpu {
namespace {

// Counts the forks behind this process: a pool made before one has no threads in the child.
std::atomic<int> fork_generation{0};

void watch_forks() {
  static const int registered = pthread_atfork(nullptr, nullptr, [] { fork_generation.fetch_add(1); });
  static_cast<void>(registered);
}

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// A waiting thread looks this often before it sleeps: about 20 microseconds, the cost of waking it up.
constexpr int kSpins = 1000;

}  // namespace

struct ThreadPool::Crew {
  explicit Crew(int helpers) : generation(fork_generation.load()) {
    // Signals are for the application's threads: the helpers start with all of them blocked.
    sigset_t all, saved;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &saved);
    try {
      for (int i = 0; i < helpers; ++i) threads.emplace_back([this, i] { help(i + 1); });
    } catch (const std::system_error&) {
      // The system has no more threads to give: the caller and those that started do the work.
    }
    pthread_sigmask(SIG_SETMASK, &saved, nullptr);
  }

  ~Crew() {
    {
      const std::lock_guard lock(mutex);
      ended = true;
      job_number.fetch_add(1, std::memory_order_relaxed);
    }
    wake.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  void work(int worker) {
    for (std::int64_t task; (task = next_task.fetch_add(1, std::memory_order_relaxed)) < tasks;) {
      function(context, task, worker);
    }
  }

  // The life of a helper: wait for a job's number to change, join the job if it is still open, wait again.
  void help(int worker) {
    const FloatingPointScope floating_point;  // a new thread inherits its creator's control register
    for (std::uint64_t seen = 0;;) {
      for (int i = 0; i < kSpins && job_number.load(std::memory_order_relaxed) == seen; ++i) relax();
      {
        std::unique_lock lock(mutex);
        wake.wait(lock, [&] { return job_number.load(std::memory_order_relaxed) != seen; });
        seen = job_number.load(std::memory_order_relaxed);
        if (ended) return;
        if (!open || worker >= workers) continue;
        active.fetch_add(1, std::memory_order_relaxed);
      }
      work(worker);
      active.fetch_sub(1, std::memory_order_release);
    }
  }

  void run(std::int64_t job_tasks, int job_workers, TaskFunction job, const void* job_context) {
    {
      const std::lock_guard lock(mutex);
      tasks = job_tasks;
      workers = job_workers;
      function = job;
      context = job_context;
      next_task.store(0, std::memory_order_relaxed);
      open = true;
      job_number.fetch_add(1, std::memory_order_relaxed);
    }
    wake.notify_all();
    work(0);
    {
      const std::lock_guard lock(mutex);  // a helper that wakes up now finds the job closed and is not waited for
      open = false;
    }
    for (int i = 0; active.load(std::memory_order_acquire) > 0; ++i) {
      if (i < kSpins) {
        relax();
      } else {
        std::this_thread::yield();
      }
    }
  }

  const int generation;
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable wake;
  std::atomic<std::uint64_t> job_number{0};
  std::atomic<std::int64_t> next_task{0};
  std::atomic<int> active{0};  // helpers at work on the job

  // The job, guarded by the mutex while it is opened and joined, constant while anyone works on it.
  bool open = false;
  bool ended = false;
  std::int64_t tasks = 0;
  int workers = 0;
  TaskFunction function = nullptr;
  const void* context = nullptr;
};

// The right to use the crew, held for one job. The owner is known by the generation of its process: a claim that stood
// in the parent when it forked is void in the child.
struct ThreadPool::Claim {
  Claim(std::atomic<int>& owner, bool wanted) : owner(owner) {
    const int mine = fork_generation.load();
    int current = owner.load(std::memory_order_relaxed);
    granted = wanted && current != mine && owner.compare_exchange_strong(current, mine, std::memory_order_acquire);
  }
  ~Claim() {
    if (granted) owner.store(kNobody, std::memory_order_release);
  }

  std::atomic<int>& owner;
  bool granted;
};

ThreadPool::ThreadPool(int thread_count) : thread_count_(thread_count) { watch_forks(); }

ThreadPool::~ThreadPool() {
  // In a forked child the parent's helpers do not exist and cannot be joined: their crew is left alone.
  if (crew_ != nullptr && crew_->generation != fork_generation.load()) static_cast<void>(crew_.release());
}

ThreadPool::Crew* ThreadPool::crew_of_this_process() {
  if (crew_ != nullptr && crew_->generation != fork_generation.load()) static_cast<void>(crew_.release());
  if (crew_ == nullptr) crew_ = std::make_unique<Crew>(thread_count_ - 1);
  return crew_.get();
}

void ThreadPool::run(std::int64_t tasks, int workers, TaskFunction function, const void* context) {
  workers = static_cast<int>(std::min<std::int64_t>({workers, thread_count_, tasks}));
  const Claim claim(owner_, workers > 1);
  if (!claim.granted) {
    for (std::int64_t task = 0; task < tasks; ++task) function(context, task, 0);
    return;
  }
  crew_of_this_process()->run(tasks, workers, function, context);
}

}  // namespace ki::cpu
