#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "attention/attention_run.h"
#include "support/backends.h"
#include "support/not_supported.h"

// Where keys lie changes no bit of a result: in pages of any size, in slots, or, on the CPU, one behind the other. (CUDA devices
// have kernels of their own for keys that lie one behind the other, which sum in another order.)
namespace ki::test {
namespace {

/// The keys and values of `from`, where `to` has its own.
void copy_keys(const AttentionData& from, AttentionData& to) {
  const AttentionCase& c = from.attention_case;
  const auto copy = [&](const TensorData& source, TensorData& target, std::int64_t dim) {
    const Array values = source.read();
    Array result = target.read();
    const std::int64_t size = c.heads_kv * dim;
    for (std::int64_t b = 0; b < c.sequence_count(); ++b) {
      for (std::int64_t j = 0; j < c.seq_k_of(b); ++j) {
        std::copy_n(values.values.begin() + from.key_row(b, j) * size, size,
                    result.values.begin() + to.key_row(b, j) * size);
      }
    }
    target.write(result);
  };
  copy(from.key, to.key, c.head_dim);
  copy(from.value, to.value, c.head_dim_v);
}

/// The same keys in slots and in pages.
std::vector<AttentionData> elsewhere(const AttentionData& contiguous) {
  AttentionCase c = contiguous.attention_case;
  std::vector<AttentionData> others;
  c.cache->slots = true;
  others.emplace_back(c);
  c.cache->slots = false;
  for (const std::int64_t page_size : {1, 3, 16, 64, 256}) {
    c.cache->page_size = page_size;
    others.emplace_back(c);
  }
  for (AttentionData& other : others) {
    other.query.write(contiguous.query.read());
    copy_keys(contiguous, other);
  }
  return others;
}

class AttentionPlaces : public testing::TestWithParam<std::int64_t> {};

TEST_P(AttentionPlaces, OfKeysDoNotChangeABit) {
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) {
    // How many splits are chosen depends on how long a cache could be; pages round that up.
    for (const int splits : {1, 3}) {
      AttentionCase c{.dtype = dtype, .batch = 3, .seq_q = GetParam(), .seq_k = 320, .heads_q = 6, .heads_kv = 2};
      c.head_dim = 64;
      c.head_dim_v = 40;
      c.causal = true;
      c.used = {1, 65, 300};
      c.cache = CacheCase{};
      c.split_count = splits;
      const AttentionData contiguous(c);
      const std::vector<AttentionData> others = elsewhere(contiguous);
      NotSupportedList not_supported;
      for (const Backend& backend : backends()) {
        if (backend.thread_count > 1) continue;
        not_supported.run(backend, [&] {
          const Device device = backend.open();
          const AttentionOutcome want = run_attention(backend.device == "cpu" ? contiguous : others.front(), device);
          for (const AttentionData& other : others) {
            SCOPED_TRACE(backend.name() + ", " + other.attention_case.name());
            EXPECT_TRUE(run_attention(other, device).bits == want.bits);
          }
        });
      }
      not_supported.report();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Queries, AttentionPlaces, testing::Values(1, 4, 19),
                         [](const auto& info) { return std::to_string(info.param) + "_queries"; });

}  // namespace
}  // namespace ki::test
