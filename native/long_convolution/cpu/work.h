// How a call's work is handed to the threads, and what memory each of them gets.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/cpu_device.h"

namespace ki::long_convolution::cpu {

// Points of transforms that take as long as handing out a task should at least: some 20 microseconds.
constexpr std::int64_t kTaskPoints = 1 << 13;

// `jobs` pieces of work, each about a transform of `points`, bundled into tasks.
struct Work {
  Work(const ki::cpu::ThreadPool& pool, std::int64_t jobs, std::int64_t points)
      : jobs(jobs), task_jobs(std::max<std::int64_t>(kTaskPoints / points, 1)) {
    workers = static_cast<int>(std::min<std::int64_t>(pool.thread_count(), std::max<std::int64_t>(tasks(), 1)));
  }

  std::int64_t tasks() const { return (jobs + task_jobs - 1) / task_jobs; }

  // Calls body(job, worker) for every job.
  template <class Body>
  void run(ki::cpu::ThreadPool& pool, const Body& body) const {
    pool.parallel_for(tasks(), workers, [&](std::int64_t task, int worker) {
      const std::int64_t end = std::min((task + 1) * task_jobs, jobs);
      for (std::int64_t job = task * task_jobs; job < end; ++job) body(job, worker);
    });
  }

  std::int64_t jobs, task_jobs;
  int workers;
};

// Whole spectra, one behind another, and behind those of a worker the floats that its row transforms take as scratch; all
// begin at a cache line, as they are multiples of 16 points.
class Arrays {
 public:
  Arrays(void* memory, std::int64_t points, int per_worker, std::int64_t scratch_floats = 0)
      : memory_(static_cast<float*>(memory)),
        floats_(2 * points),
        worker_floats_(floats_ * per_worker + scratch_floats),
        per_worker_(per_worker) {}

  float* of(std::int64_t worker, int array) const { return memory_ + worker * worker_floats_ + array * floats_; }
  float* scratch(std::int64_t worker) const { return of(worker, per_worker_); }

  std::uint64_t bytes(std::int64_t workers) const {
    return static_cast<std::uint64_t>(worker_floats_ * workers) * sizeof(float);
  }

 private:
  float* memory_;
  std::int64_t floats_, worker_floats_;
  int per_worker_;
};

}  // namespace ki::long_convolution::cpu
