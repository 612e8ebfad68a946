// Facts about launches of the decode kernels, counted by the virtual GPU.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "cuda_kernels/attention_counting.h"
#include "support/dtype.h"

namespace ki::test {
namespace {

struct Kernel {
  ki_dtype dtype, key_dtype;
  std::int64_t head_dim;

  std::string name() const {
    return std::string(dtype_name(dtype)) + "_" + dtype_name(key_dtype) + "_d" + std::to_string(head_dim);
  }
};

void PrintTo(const Kernel& kernel, std::ostream* stream) { *stream << kernel.name(); }

class DecodeCounters : public AttentionCountingTest<testing::TestWithParam<Kernel>> {
 protected:
  static constexpr std::int64_t kHeadsKv = 2, kGroup = 4;

  /// A token of each sequence, whose keys lie on pages of 16.
  AttentionCase problem(std::vector<std::int64_t> used) const {
    AttentionCase c{.dtype = GetParam().dtype,
                    .batch = std::ssize(used),
                    .seq_q = 1,
                    .seq_k = 512,
                    .heads_q = kGroup * kHeadsKv,
                    .heads_kv = kHeadsKv,
                    .head_dim = GetParam().head_dim,
                    .head_dim_v = GetParam().head_dim,
                    .placement = Placement::aligned};
    c.used = std::move(used);
    c.cache = CacheCase{.page_size = 16, .dtype = GetParam().key_dtype};
    c.split_count = 1;
    return c;
  }
};

/// Where copies, products and the widening of int8 touch it: main loops. Only the merge at the end may conflict.
TEST_P(DecodeCounters, MainLoopsReadAndWriteSharedMemoryWithoutBankConflicts) {
  const std::string json = count(problem({512, 301}));
  for (const char* kind : {"ldmatrix", "cp.async"}) {
    EXPECT_EQ(number(json, "shared", kind, "wavefronts"), number(json, "shared", kind, "ideal_wavefronts")) << kind;
    EXPECT_GT(number(json, "shared", kind, "wavefronts"), 0) << kind;
  }
  // What a longer walk over whole tiles adds has no conflict either.
  const std::string shorter = count(problem({512, 256})), longer = count(problem({512, 512}));
  for (const char* kind : {"st.shared", "ld.shared"}) {
    const auto more = [&](const char* name) {
      return number(longer, "shared", kind, name) - number(shorter, "shared", kind, name);
    };
    EXPECT_EQ(more("wavefronts"), more("ideal_wavefronts")) << kind;
  }
}

/// Keys and values of every sequence once for all heads that share them, in whole sectors.
TEST_P(DecodeCounters, EveryKeyIsReadOnce) {
  const std::string json = count(problem({512, 301}));
  const std::int64_t element = GetParam().key_dtype == KI_DTYPE_INT8 ? 1 : 2;
  EXPECT_EQ(number(json, "global", "cp.async", "bytes"), kHeadsKv * (512 + 301) * 2 * GetParam().head_dim * element);
  EXPECT_EQ(number(json, "global", "cp.async", "sectors"), number(json, "global", "cp.async", "ideal_sectors"));
  EXPECT_EQ(number(json, "global", "st.global", "sectors"), number(json, "global", "st.global", "ideal_sectors"));
}

/// Splits do not read more, and every tile of keys is multiplied once.
TEST_P(DecodeCounters, SplitsShareTheWork) {
  AttentionCase c = problem({512, 301});
  const std::string whole = count(c);
  c.split_count = 4;
  const std::string split = count(c);
  EXPECT_EQ(number(split, "global", "cp.async", "bytes"), number(whole, "global", "cp.async", "bytes"));
  const std::int64_t tiles = kHeadsKv * (512 / 32 + 301 / 32 + 1), one = 16 * 8 * 16;
  EXPECT_EQ(number(whole, "tensor_instructions", "", ""), tiles * 2 * 16 * 32 * GetParam().head_dim / one);
  EXPECT_EQ(number(split, "tensor_instructions", "", ""), number(whole, "tensor_instructions", "", ""));
}

constexpr auto f16 = KI_DTYPE_FLOAT16, bf16 = KI_DTYPE_BFLOAT16, i8 = KI_DTYPE_INT8;
INSTANTIATE_TEST_SUITE_P(Kernels, DecodeCounters,
                         testing::Values(Kernel{f16, f16, 64}, Kernel{f16, f16, 128}, Kernel{bf16, bf16, 256},
                                         Kernel{f16, i8, 64}, Kernel{bf16, i8, 128}, Kernel{f16, i8, 256}),
                         [](const auto& info) { return info.param.name(); });

}  // namespace
}  // namespace ki::test
