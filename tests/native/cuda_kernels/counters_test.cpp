// Facts about a launch of the fast kernels, counted by the virtual GPU: no bank conflict, no wasted sector of global memory,
// no product and no byte more than the algorithm asks for.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "attention/attention_run.h"
#include "support/dtype.h"
#include "vgpu.h"

namespace ki::test {
namespace {

/// The counters of the launches during its life.
class Counting {
 public:
  explicit Counting(void* library)
      : set_(find<decltype(&vgpu_set)>(library, "vgpu_set")),
        clear_(find<decltype(&vgpu_clear_counters)>(library, "vgpu_clear_counters")),
        json_(find<decltype(&vgpu_counters_json)>(library, "vgpu_counters_json")) {
    clear_();
    set_("counters", "1");
  }
  ~Counting() {
    set_("counters", "0");
    clear_();
  }

  std::string json() const { return json_(); }

 private:
  template <class Function>
  static Function find(void* library, const char* name) {
    return reinterpret_cast<Function>(dlsym(library, name));
  }

  decltype(&vgpu_set) set_;
  decltype(&vgpu_clear_counters) clear_;
  decltype(&vgpu_counters_json) json_;
};

/// The number behind `name` in a text of JSON, after the place where `section` and then `object` begin.
std::int64_t number(const std::string& json, const std::string& section, const std::string& object,
                    const std::string& name) {
  std::size_t at = 0;
  for (const std::string& key : {section, object, name}) {
    if (key.empty()) continue;
    at = json.find('"' + key + "\": ", at);
    if (at == std::string::npos) {
      ADD_FAILURE() << "no " << section << " " << object << " " << name << " in " << json;
      return -1;
    }
    at += key.size() + 4;
  }
  return std::stoll(json.substr(at));
}

struct Kernel {
  ki_dtype dtype;
  std::int64_t head_dim;
  std::int64_t keys;  // of a tile
};

constexpr std::int64_t kQueries = 128;  // of a tile

class AttentionCounters : public testing::TestWithParam<Kernel> {
 protected:
  void SetUp() override {
    const char* driver = std::getenv("KERNELS_INTEROP_CUDA_DRIVER");
    std::int32_t devices = 0;
    check(ki_device_count(&devices));  // loads the driver
    library_ = driver == nullptr ? nullptr : dlopen(driver, RTLD_NOW | RTLD_NOLOAD);
    if (library_ == nullptr || dlsym(library_, "vgpu_counters_json") == nullptr) {
      GTEST_SKIP() << "there is no virtual GPU to count";
    }
  }
  void TearDown() override {
    if (library_ != nullptr) dlclose(library_);
  }

  AttentionCase problem(std::int64_t seq_q, std::int64_t seq_k) const {
    return {.dtype = GetParam().dtype,
            .seq_q = seq_q,
            .seq_k = seq_k,
            .heads_q = 2,
            .heads_kv = 1,
            .head_dim = GetParam().head_dim,
            .head_dim_v = GetParam().head_dim,
            .logsumexp = false,
            .placement = Placement::aligned};
  }

  std::string count(const AttentionCase& attention_case) {
    const AttentionData data(attention_case);
    const Counting counting(library_);
    const AttentionOutcome outcome = run_attention(data, open_device("cuda:0", nullptr));
    EXPECT_TRUE(is_right(data, outcome, AttentionExpectation(data)));
    return counting.json();
  }

  void* library_ = nullptr;
};

TEST_P(AttentionCounters, SharedMemoryIsReadAndWrittenWithoutBankConflicts) {
  const std::string json = count(problem(2 * kQueries, 3 * GetParam().keys));
  for (const char* kind : {"ldmatrix", "cp.async", "st.shared", "ld.shared"}) {
    EXPECT_EQ(number(json, "shared", kind, "wavefronts"), number(json, "shared", kind, "ideal_wavefronts")) << kind;
    EXPECT_GT(number(json, "shared", kind, "wavefronts"), 0) << kind;
  }
}

TEST_P(AttentionCounters, GlobalMemoryIsReadAndWrittenInWholeSectors) {
  for (const std::int64_t rest : {0, 5}) {
    const std::string json = count(problem(2 * kQueries - rest, 3 * GetParam().keys - rest));
    for (const char* kind : {"cp.async", "st.global"}) {
      EXPECT_EQ(number(json, "global", kind, "sectors"), number(json, "global", kind, "ideal_sectors")) << kind;
    }
  }
}

/// Queries once, keys and values once for each tile of queries, outputs once: no byte more, even at the ragged ends.
TEST_P(AttentionCounters, NoByteIsMovedTwice) {
  for (const std::int64_t rest : {0, 5}) {
    const std::int64_t seq_q = 2 * kQueries - rest, seq_k = 3 * GetParam().keys - rest;
    const std::string json = count(problem(seq_q, seq_k));
    const std::int64_t row_bytes = 2 * GetParam().head_dim, heads = 2, query_tiles = 2;
    EXPECT_EQ(number(json, "global", "cp.async", "bytes"), heads * row_bytes * (seq_q + 2 * query_tiles * seq_k));
    EXPECT_EQ(number(json, "global", "st.global", "bytes"), heads * row_bytes * seq_q);
  }
}

/// A causal problem of equal lengths skips the tiles of keys beyond its diagonal.
TEST_P(AttentionCounters, NoProductIsComputedForATileThatNoQuerySees) {
  AttentionCase c = problem(3 * kQueries, 3 * kQueries);
  const auto products_of_tiles = [&](std::int64_t tiles) {
    const std::int64_t heads = 2, one = 16 * 8 * 16;
    return heads * 2 * tiles * kQueries * GetParam().keys * GetParam().head_dim / one;
  };
  const std::int64_t tiles_per_diagonal = kQueries / GetParam().keys;
  EXPECT_EQ(number(count(c), "tensor_instructions", "", ""), products_of_tiles(9 * tiles_per_diagonal));
  c.causal = true;
  EXPECT_EQ(number(count(c), "tensor_instructions", "", ""), products_of_tiles(6 * tiles_per_diagonal));
}

INSTANTIATE_TEST_SUITE_P(Kernels, AttentionCounters,
                         testing::Values(Kernel{KI_DTYPE_FLOAT16, 64, 128}, Kernel{KI_DTYPE_FLOAT16, 128, 64},
                                         Kernel{KI_DTYPE_BFLOAT16, 64, 128}, Kernel{KI_DTYPE_BFLOAT16, 128, 64}),
                         [](const auto& info) {
                           return std::string(dtype_name(info.param.dtype)) + "_d" +
                                  std::to_string(info.param.head_dim);
                         });

}  // namespace
}  // namespace ki::test
