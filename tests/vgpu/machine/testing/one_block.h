// What a block of threads makes of an array of words.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <numeric>
#include <vector>

#include "machine/integers.h"
#include "machine/testing/kernel_run.h"

namespace vgpu::testing {

// 0, 1, 2, ...
inline std::vector<u32> count_up(std::size_t count) {
  std::vector<u32> values(count);
  std::iota(values.begin(), values.end(), 0);
  return values;
}

// Runs a kernel `k` with pointers to `input`, to `count` words for its results and to one word more, all of these zeros,
// on one block of `threads`. Expects that all goes well.
inline std::vector<u32> run_one_block(KernelRun& run, u32 threads, const std::vector<u32>& input, std::size_t count) {
  const u64 in = run.upload(input), out = run.upload(std::vector<u32>(count)), word = run.upload(std::vector<u32>(1));
  EXPECT_EQ(run.launch("k", {1}, {threads}, 0, in, out, word), Outcome::done) << run.report();
  EXPECT_EQ(run.report(), "");
  return run.download<u32>(out, count);
}

}  // namespace vgpu::testing
