// The random numbers of dropout, the same on every backend: Philox4x32-10 (Salmon et al. 2011, section 3.3).
#pragma once

#include <cstdint>

#include "cuda/device/host_device.h"

namespace ki::attention {

struct Philox {
  std::uint32_t word[4];
};

KI_HOST_DEVICE constexpr Philox philox4x32_10(Philox counter, std::uint64_t seed) {
  std::uint32_t key[2] = {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t first = std::uint64_t{0xD2511F53} * counter.word[0];
    const std::uint64_t second = std::uint64_t{0xCD9E8D57} * counter.word[2];
    counter = {{static_cast<std::uint32_t>(second >> 32) ^ counter.word[1] ^ key[0], static_cast<std::uint32_t>(second),
                static_cast<std::uint32_t>(first >> 32) ^ counter.word[3] ^ key[1], static_cast<std::uint32_t>(first)}};
    key[0] += 0x9E3779B9;  // the golden ratio
    key[1] += 0xBB67AE85;  // the square root of 3, less 1
  }
  return counter;
}

// Where a weight's 16 bits are. Eight weights share a counter: keys 2c, 2c + 1, 2c + 8, 2c + 9, ... of a block of 32. So a
// lane of a tensor core's accumulator, which holds every fourth pair of keys, uses all of what it computes, and word w of
// four counters in a row is keys 8w to 8w + 7 in order.
struct DropoutPlace {
  std::uint32_t counter;  // its first word
  int word, half;

  KI_HOST_DEVICE static constexpr DropoutPlace of_key(std::uint32_t key) {
    return {key / 32 * 4 + key % 8 / 2, static_cast<int>(key % 32 / 8), static_cast<int>(key % 2)};
  }
};

// The 16 bits of one weight.
KI_HOST_DEVICE constexpr std::uint32_t dropout_bits(std::uint64_t seed, std::uint32_t offset, std::uint32_t batch_head,
                                                    std::uint32_t query, std::uint32_t key) {
  const DropoutPlace place = DropoutPlace::of_key(key);
  const Philox random = philox4x32_10({{place.counter, query, batch_head, offset}}, seed);
  // Chosen, not indexed: an index would put the words into memory, where registers have no addresses.
  const std::uint32_t lower = place.word == 0 ? random.word[0] : random.word[1];
  const std::uint32_t upper = place.word == 2 ? random.word[2] : random.word[3];
  return (place.word < 2 ? lower : upper) >> 16 * place.half & 0xFFFF;
}

}  // namespace ki::attention
