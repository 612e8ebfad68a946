// Transforms of one row at a time by all threads, for calls that have fewer rows than there are threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "cpu/thread_pool.h"
#include "long_convolution/cpu/transform_kernel.h"

namespace ki::long_convolution::cpu {

// How many of a call's jobs, each about a transform of `points`, are done one at a time by all threads: those that are
// left over when all threads have had the same number, if a job is long enough for many hands.
inline std::int64_t shared_jobs(const ki::cpu::ThreadPool& pool, std::int64_t jobs, std::int64_t points) {
  constexpr std::int64_t kLongPoints = 1 << 15;  // some 100 microseconds
  return points >= kLongPoints ? jobs % pool.thread_count() : 0;
}

class TransformTeam {
 public:
  // Without a pool the calling thread does everything. The results are the same.
  TransformTeam(const TransformKernels& kernels, ki::cpu::ThreadPool* pool) : kernels_(kernels), pool_(pool) {}

  void forward(const Transform& t, RowIn in, float* z) const {
    run(t, [&](Slice slice) { kernels_.begin(t, in, z, slice); });
    run(t, [&](Slice slice) { kernels_.transform_parts(t, z, slice); });
  }

  void inverse(const Transform& t, float* z, RowOut out) const {
    run(t, [&](Slice slice) { kernels_.undo_parts(t, z, slice); });
    run(t, [&](Slice slice) { kernels_.finish(t, z, out, slice); });
  }

  void filter(const Transform& t, RowIn in, const float* spectrum, Product product, float* z, RowOut out) const {
    run(t, [&](Slice slice) { kernels_.begin(t, in, z, slice); });
    run(t, [&](Slice slice) { kernels_.filter_parts(t, spectrum, product, z, slice); });
    run(t, [&](Slice slice) { kernels_.finish(t, z, out, slice); });
  }

 private:
  template <class Step>
  void run(const Transform& t, const Step& step) const {
    if (pool_ == nullptr) return step(Slice{0, 1});
    constexpr std::int64_t kSlicePoints = 1 << 12, kSlicesPerThread = 4;
    const std::int64_t slices =
        std::clamp<std::int64_t>(t.points() / kSlicePoints, 1, kSlicesPerThread * pool_->thread_count());
    pool_->parallel_for(slices, pool_->thread_count(), [&](std::int64_t i, int) { step(Slice{i, slices}); });
  }

  const TransformKernels& kernels_;
  ki::cpu::ThreadPool* pool_;
};

}  // namespace ki::long_convolution::cpu
