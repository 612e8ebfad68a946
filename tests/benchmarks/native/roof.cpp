#include "roof.h"

#include <immintrin.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

#include "pinned.h"

namespace ki::bench {
namespace {

constexpr int kSteps = 1 << 22;

// Independent sums. Two units times a latency of 4 need 8 in flight; there are 32 registers with AVX-512, 16 with AVX2.
constexpr int kSumsAvx3 = 16;
constexpr int kSumsAvx2 = 12;

// Every sum tends to 1 and stays there: no overflow, no subnormal numbers.
constexpr float kFactor = 0.5F;
constexpr float kTerm = 0.5F;

__attribute__((target("avx512f"))) float multiply_add_avx3() {
  const __m512 factor = _mm512_set1_ps(kFactor), term = _mm512_set1_ps(kTerm);
  __m512 sums[kSumsAvx3];
  for (__m512& sum : sums) sum = _mm512_setzero_ps();
  for (int step = 0; step < kSteps; ++step) {
#pragma GCC unroll 16
    for (int i = 0; i < kSumsAvx3; ++i) sums[i] = _mm512_fmadd_ps(sums[i], factor, term);
  }
  __m512 total = sums[0];
  for (int i = 1; i < kSumsAvx3; ++i) total = _mm512_add_ps(total, sums[i]);
  float lanes[16];
  _mm512_storeu_ps(lanes, total);
  return std::accumulate(std::begin(lanes), std::end(lanes), 0.0F);
}

__attribute__((target("avx2,fma"))) float multiply_add_avx2() {
  const __m256 factor = _mm256_set1_ps(kFactor), term = _mm256_set1_ps(kTerm);
  __m256 sums[kSumsAvx2];
  for (__m256& sum : sums) sum = _mm256_setzero_ps();
  for (int step = 0; step < kSteps; ++step) {
#pragma GCC unroll 16
    for (int i = 0; i < kSumsAvx2; ++i) sums[i] = _mm256_fmadd_ps(sums[i], factor, term);
  }
  __m256 total = sums[0];
  for (int i = 1; i < kSumsAvx2; ++i) total = _mm256_add_ps(total, sums[i]);
  float lanes[8];
  _mm256_storeu_ps(lanes, total);
  return std::accumulate(std::begin(lanes), std::end(lanes), 0.0F);
}

struct Loop {
  float (*run)();
  float result;  // each lane of each sum is 1
  double flops;
};

Loop loop_of(const std::string& target) {
  const auto loop = [](float (*run)(), int sums, int lanes) {
    return Loop{run, static_cast<float>(sums * lanes), 2.0 * kSteps * sums * lanes};
  };
  if (target == "avx3") return loop(multiply_add_avx3, kSumsAvx3, 16);
  if (target == "avx2") return loop(multiply_add_avx2, kSumsAvx2, 8);
  throw std::invalid_argument("no roof is known for " + target);
}

}  // namespace

RoofSample sample_roof(const Setting& setting) {
  const Loop loop = loop_of(setting.target);
  std::vector<double> seconds(static_cast<std::size_t>(setting.threads));
  std::vector<float> results(seconds.size());
  {
    std::barrier start(setting.threads);
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < seconds.size(); ++i) {
      threads.emplace_back([&, i] {
        const Pinned pinned(1, static_cast<int>(i));
        start.arrive_and_wait();
        const auto begin = std::chrono::steady_clock::now();
        results[i] = loop.run();
        seconds[i] = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      });
    }
  }
  for (const float result : results) {
    if (result != loop.result) throw std::logic_error("the multiply-adds of the roof give a wrong sum");
  }
  return {loop.flops * setting.threads, *std::max_element(seconds.begin(), seconds.end())};
}

}  // namespace ki::bench
