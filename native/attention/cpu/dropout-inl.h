// The random numbers of dropout, a vector of counters at a time; the same bits as attention/dropout.h.

#if defined(KI_ATTENTION_CPU_DROPOUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef KI_ATTENTION_CPU_DROPOUT_INL_H_
#undef KI_ATTENTION_CPU_DROPOUT_INL_H_
#else
#define KI_ATTENTION_CPU_DROPOUT_INL_H_
#endif

#include <algorithm>
#include <cstdint>

#include "attention/problem.h"
#include "cpu/simd/convert-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
namespace simd = ki::cpu::HWY_NAMESPACE;

using WordTag = hn::RebindToUnsigned<simd::FloatTag>;
using WordVector = hn::Vec<WordTag>;

// The lower and upper 32 bits of each lane's product.
struct WideProduct {
  WordVector low, high;
};

HWY_INLINE WideProduct multiply(WordVector a, WordVector b) {
  const WordTag d;
  const auto even = hn::BitCast(d, hn::MulEven(a, b)), odd = hn::BitCast(d, hn::MulOdd(a, b));
  return {hn::InterleaveEven(d, even, odd), hn::InterleaveOdd(d, even, odd)};
}

struct PhiloxVectors {
  WordVector word[4];
};

// As philox4x32_10 in attention/dropout.h, where it is explained.
HWY_INLINE PhiloxVectors philox4x32_10(PhiloxVectors counter, std::uint64_t seed) {
  const WordTag d;
  auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  const auto multiplier0 = hn::Set(d, 0xD2511F53u), multiplier1 = hn::Set(d, 0xCD9E8D57u);
  for (int round = 0; round < 10; ++round, key0 += 0x9E3779B9u, key1 += 0xBB67AE85u) {
    const WideProduct first = multiply(multiplier0, counter.word[0]), second = multiply(multiplier1, counter.word[2]);
    counter = {{hn::Xor3(second.high, counter.word[1], hn::Set(d, key0)), second.low,
                hn::Xor3(first.high, counter.word[3], hn::Set(d, key1)), first.low}};
  }
  return counter;
}

// Keys whose bits a vector of counters makes, eight each: blocks of 32.
inline constexpr int kKeysOfCounters = 8 * simd::kLanes;

// The 16 bits of each of keys [first_key, first_key + kKeysOfCounters); first_key is a multiple of 32.
HWY_INLINE void dropout_bits(const Problem& p, std::uint32_t batch_head, std::uint32_t query, std::int64_t first_key,
                             std::uint16_t* HWY_RESTRICT bits) {
  const WordTag d;
  const hn::Repartition<std::uint16_t, WordTag> d16;
  const auto counters = hn::Iota(d, static_cast<std::uint32_t>(first_key / 8));
  const PhiloxVectors random = philox4x32_10(
      {{counters, hn::Set(d, query), hn::Set(d, batch_head), hn::Set(d, p.dropout_offset)}}, p.dropout_seed);
  // Four counters' words w, 128 bits, are keys 8w to 8w + 7 of their block of 32, in order where the lower half of a word
  // lies first in memory.
  HWY_ALIGN std::uint16_t words[2 * simd::kLanes];
  for (int w = 0; w < 4; ++w) {
    hn::Store(hn::BitCast(d16, random.word[w]), d16, words);
    for (int block = 0; block < simd::kLanes / 4; ++block) {
      const hn::CappedTag<std::uint16_t, 8> d128;
      hn::StoreU(hn::Load(d128, words + 8 * block), d128, bits + 32 * block + 8 * w);
    }
  }
}

// What dropout multiplies the weights of keys [first_key, first_key + count) with: 0, or dropout_scale() where they are
// kept. Head is the query head, query and keys are counted from the sequence's first ones.
HWY_INLINE void dropout_factors(const Problem& p, std::int64_t batch, std::int64_t head, std::int64_t query,
                                std::int64_t first_key, int count, float* HWY_RESTRICT factors) {
  const simd::FloatTag d;
  const WordTag d32;
  const hn::Rebind<std::uint16_t, simd::FloatTag> d16;
  const auto batch_head = static_cast<std::uint32_t>(batch * p.heads_q + head);
  const auto kept = hn::Set(d, p.dropout_scale());
  const auto threshold = hn::Set(d32, p.dropout_threshold);
  HWY_ALIGN std::uint16_t bits[kKeysOfCounters + simd::kLanes];  // the last vector may begin at the last key
  const std::int64_t end = first_key + count;
  for (std::int64_t key = first_key / 32 * 32; key < end; key += kKeysOfCounters) {
    dropout_bits(p, batch_head, static_cast<std::uint32_t>(query), key, bits);
    const std::int64_t last = std::min<std::int64_t>(end, key + kKeysOfCounters);
    for (std::int64_t j = std::max(key, first_key); j < last; j += simd::kLanes) {
      const auto random = hn::PromoteTo(d32, hn::LoadU(d16, bits + (j - key)));
      const auto factor = hn::IfThenElseZero(hn::RebindMask(d, hn::Ge(random, threshold)), kept);
      hn::StoreN(factor, d, factors + (j - first_key), std::min<std::int64_t>(last - j, simd::kLanes));
    }
  }
}

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // KI_ATTENTION_CPU_DROPOUT_INL_H_
