// Which keys a query sees, in the kernels' 32 bits, and which tiles of keys a tile of queries walks over.
#include "attention/cuda/visible_keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include "attention/cuda/problem_params.h"
#include "attention/visible_keys.h"

namespace ki::attention::cuda {
namespace {

constexpr std::int64_t kAll = VisibilityRule::kUnlimited;

std::vector<VisibilityRule> rules() {
  std::vector<VisibilityRule> all;
  for (const std::int64_t left : {std::int64_t{0}, std::int64_t{3}, std::int64_t{20}, kAll}) {
    for (const std::int64_t right : {std::int64_t{0}, std::int64_t{5}, kAll}) {
      for (const std::int64_t sinks : {0, 1, 9, 100}) all.push_back({left, right, sinks});
    }
  }
  return all;
}

std::string text(const VisibilityRule& rule, int seq_q, int seq_k) {
  return "left " + std::to_string(rule.left) + ", right " + std::to_string(rule.right) + ", sinks " +
         std::to_string(rule.sinks) + ", " + std::to_string(seq_q) + " x " + std::to_string(seq_k);
}

template <class Check>
void for_each_problem(Check check) {
  for (const VisibilityRule& rule : rules()) {
    for (const int seq_q : {1, 5, 16, 33, 40}) {
      for (const int seq_k : {0, 1, 7, 8, 15, 40, 50}) {
        SCOPED_TRACE(text(rule, seq_q, seq_k));
        check(rule, seq_q, seq_k, VisibleKeys::of(window_of(rule), seq_q, seq_k));
      }
    }
  }
}

TEST(VisibleKeys, AreThoseOfTheRule) {
  for_each_problem([](const VisibilityRule& rule, int seq_q, int seq_k, const VisibleKeys& visible) {
    for (int i = 0; i < seq_q; ++i) {
      const ki::attention::VisibleKeys expected = rule.visible_keys(i, seq_q, seq_k);
      for (int j = 0; j < 60; ++j) EXPECT_EQ(visible.contains(i, j), expected.contains(j)) << i << ", " << j;
      EXPECT_EQ(visible.begin(i), expected.begin);
      EXPECT_EQ(visible.end(i), expected.end);
    }
  });
}

TEST(VisibleKeys, SumsOfThePositionsThatAreAllowedFitIn32Bits) {
  const auto most = static_cast<std::int32_t>(kMaxLength);
  constexpr std::int32_t kOverhang = 127;  // of the last tile of queries
  for (const std::int64_t left : {std::int64_t{0}, kMaxLength - 1, kMaxLength, kAll}) {
    for (const std::int64_t right : {std::int64_t{0}, kMaxLength - 1, kMaxLength, kAll}) {
      const VisibilityRule rule{left, right, 0};
      const Window window = window_of(rule);
      for (const auto& [seq_q, seq_k] : {std::pair{1, most}, {most, 1}, {most, most}, {1, 1}}) {
        SCOPED_TRACE(text(rule, seq_q, seq_k));
        const VisibleKeys visible = VisibleKeys::of(window, seq_q, seq_k);
        for (const std::int32_t query : {0, seq_q / 2, seq_q - 1}) {
          EXPECT_EQ(visible.begin(query), rule.visible_keys(query, seq_q, seq_k).begin);
          EXPECT_EQ(visible.end(query), rule.visible_keys(query, seq_q, seq_k).end);
        }
        EXPECT_LE(visible.end(seq_q + kOverhang), seq_k);
        EXPECT_GE(visible.end(seq_q + kOverhang), visible.end(seq_q - 1)) << "no sum went around";
      }
    }
  }
}

// A tile is walked over only if some query sees a key of it, once, from the last to the first; it is full if all see all.
TEST(VisibleKeys, TilesAreCutAsEachKeyWouldSay) {
  constexpr int kKeys = 8, kQueries = 16;
  for_each_problem([](const VisibilityRule& rule, int seq_q, int seq_k, const VisibleKeys& visible) {
    for (int first = 0; first < seq_q; first += kQueries) {
      const int last = std::min(first + kQueries, seq_q) - 1;
      const KeyTiles tiles = visible.tiles(first, last, kKeys);
      std::set<int> walked;
      for (int j = tiles.before(tiles.end); j >= 0; j = tiles.before(j)) {
        EXPECT_TRUE(walked.empty() || j < *walked.begin());
        walked.insert(j);
      }
      for (int j = 0; j < 10; ++j) {
        bool all = true, any = false, all_from_begin = true, all_to_end = true;
        for (int i = first; i <= last; ++i) {
          const ki::attention::VisibleKeys seen = rule.visible_keys(i, seq_q, seq_k);
          for (int key = j * kKeys; key < (j + 1) * kKeys; ++key) {
            all = all && seen.contains(key);
            any = any || seen.contains(key);
            all_from_begin = all_from_begin && (key >= seen.begin || key < rule.sinks);
            all_to_end = all_to_end && key < seen.end;
          }
        }
        EXPECT_EQ(walked.contains(j), any) << "tile " << j;
        if (!any) continue;
        EXPECT_EQ(tiles.full(j), all) << "tile " << j;
        EXPECT_EQ(tiles.crosses_end(j), !all_to_end) << "tile " << j;
        if (!all_from_begin) {
          EXPECT_TRUE(tiles.crosses_begin(j)) << "tile " << j;
        }
      }
    }
  });
}

}  // namespace
}  // namespace ki::attention::cuda
