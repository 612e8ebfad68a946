#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numbers>
#include <vector>

#include "support/dtype.h"
#include "support/random.h"

namespace ki::bench {

/// Fills memory with random numbers of mean 0 and variance 1, repeated: making as many as the largest tensors hold takes
/// longer than the attention over them.
inline void fill_random(std::byte* data, std::size_t size_bytes, ki_dtype dtype, std::uint64_t seed) {
  constexpr std::size_t kPeriod = 65537;  // a prime, so that rows of a power of two elements all differ
  const auto element = static_cast<std::size_t>(test::element_size(dtype));
  std::vector<std::byte> numbers(kPeriod * element);
  test::Random random(seed);
  for (std::size_t i = 0; i < kPeriod; ++i) {
    test::store(dtype, &numbers[i * element], (random.uniform() * 2 - 1) * std::numbers::sqrt3);
  }
  for (std::size_t done = 0; done < size_bytes; done += numbers.size()) {
    std::memcpy(data + done, numbers.data(), std::min(numbers.size(), size_bytes - done));
  }
}

}  // namespace ki::bench
