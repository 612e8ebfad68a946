#pragma once

#include <array>
#include <cstdint>

// Random numbers that are a function of a counter and a key: Philox4x32-10, from the paper's definition (Salmon, Moraes, Dror
// and Shaw 2011, section 3.3 and table 2). Each of ten rounds multiplies two words by a constant each; what the high halves are
// combined with are the two other words and the key, which moves on between rounds.
namespace ki::test {

inline std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t left = 0xD2511F53ULL * counter[0];
    const std::uint64_t right = 0xCD9E8D57ULL * counter[2];
    const auto low = [](std::uint64_t product) { return static_cast<std::uint32_t>(product); };
    const auto high = [](std::uint64_t product) { return static_cast<std::uint32_t>(product >> 32); };
    counter = {high(right) ^ counter[1] ^ key[0], low(right), high(left) ^ counter[3] ^ key[1], low(left)};
    key = {key[0] + 0x9E3779B9U, key[1] + 0xBB67AE85U};
  }
  return counter;
}

/// Dropout as the C header defines it for one weight of attention.
struct Dropout {
  std::uint32_t threshold = 0;  ///< the probability in units of 2^-16; 0: no dropout
  std::uint32_t offset = 0;
  std::uint64_t seed = 0;

  /// Whether the weight of key j for query i is kept. `head` is batch * heads_q + h.
  bool keeps(std::int64_t head, std::int64_t i, std::int64_t j) const {
    if (threshold == 0) return true;
    const std::array<std::uint32_t, 4> words =
        philox({static_cast<std::uint32_t>(j / 32 * 4 + j % 8 / 2), static_cast<std::uint32_t>(i),
                static_cast<std::uint32_t>(head), offset},
               {static_cast<std::uint32_t>(seed & 0xFFFFFFFF), static_cast<std::uint32_t>(seed >> 32)});
    const std::uint32_t word = words[static_cast<std::size_t>(j % 32 / 8)];
    return (j % 2 == 0 ? word & 0xFFFF : word >> 16) >= threshold;
  }

  /// 1 / (1 - probability).
  double scale() const { return 65536.0 / (65536.0 - threshold); }
};

}  // namespace ki::test
