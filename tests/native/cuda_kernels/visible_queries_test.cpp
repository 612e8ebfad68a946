// Which queries a tile of keys walks over, against the rule, query by query.
#include "attention/cuda/visible_queries.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "attention/cuda/problem_params.h"

namespace ki::attention::cuda {
namespace {

constexpr std::int64_t kAll = VisibilityRule::kUnlimited;

std::vector<VisibilityRule> rules() {
  std::vector<VisibilityRule> all;
  for (const std::int64_t left : {std::int64_t{0}, std::int64_t{3}, kAll}) {
    for (const std::int64_t right : {std::int64_t{0}, std::int64_t{2}, kAll}) {
      for (const std::int64_t sinks : {0, 2, 5, 100}) all.push_back({left, right, sinks});
    }
  }
  return all;
}

/// Calls f(rule, seq_q, seq_k, queries, range) for tiles of four keys of sequences of all small lengths.
template <class F>
void for_each_tile(F f) {
  for (const VisibilityRule& rule : rules()) {
    for (std::int32_t seq_q = 0; seq_q <= 11; ++seq_q) {
      for (std::int32_t seq_k = 1; seq_k <= 11; ++seq_k) {
        const VisibleQueries queries{VisibleKeys::of(window_of(rule), seq_q, seq_k), seq_q};
        for (std::int32_t first = 0; first < seq_k; first += 4) f(rule, seq_q, seq_k, queries, first);
      }
    }
  }
}

bool sees_some(const VisibilityRule& rule, std::int32_t query, std::int32_t seq_q, std::int32_t seq_k,
               const KeyRange& range) {
  const attention::VisibleKeys visible = rule.visible_keys(query, seq_q, seq_k);
  for (std::int32_t key = range.first; key <= range.last; ++key) {
    if (visible.contains(key)) return true;
  }
  return false;
}

TEST(VisibleQueries, RangeBeginsAndEndsWithQueriesThatSeeSomeKey) {
  for_each_tile([](const VisibilityRule& rule, std::int32_t seq_q, std::int32_t seq_k, const VisibleQueries& queries,
                   std::int32_t first_key) {
    const KeyRange range{first_key, std::min(first_key + 4, seq_k) - 1};
    std::int32_t first = seq_q, end = 0;
    for (std::int32_t query = 0; query < seq_q; ++query) {
      if (!sees_some(rule, query, seq_q, seq_k, range)) continue;
      first = std::min(first, query);
      end = query + 1;
    }
    const QueryRange found = queries.of(range);
    if (first == seq_q) {
      EXPECT_GE(found.first, found.end);
    } else {
      EXPECT_EQ(found.first, first) << seq_q << " x " << seq_k << ", keys from " << first_key;
      EXPECT_EQ(found.end, end) << seq_q << " x " << seq_k << ", keys from " << first_key;
    }
  });
}

TEST(VisibleQueries, HidesWhatTheRuleHides) {
  for_each_tile([](const VisibilityRule& rule, std::int32_t seq_q, std::int32_t seq_k, const VisibleQueries& queries,
                   std::int32_t first_key) {
    for (std::int32_t query = 0; query < seq_q; ++query) {
      const attention::VisibleKeys visible = rule.visible_keys(query, seq_q, seq_k);
      for (std::int32_t key = first_key; key < first_key + 4; ++key) {
        const bool hidden = queries.is_behind_end(query, key) || queries.is_before_begin(query, key);
        EXPECT_EQ(hidden, key >= seq_k || !visible.contains(key))
            << query << ", " << key << " of " << seq_q << " x " << seq_k;
      }
    }
  });
}

/// What a reason hides, it says it hides.
TEST(VisibleQueries, EveryHiddenScoreHasItsReason) {
  for_each_tile([](const VisibilityRule&, std::int32_t seq_q, std::int32_t, const VisibleQueries& queries,
                   std::int32_t first_key) {
    const KeyRange range{first_key, first_key + 3};
    for (std::int32_t first = 0; first < seq_q; first += 2) {
      for (std::int32_t query = first; query < first + 2; ++query) {
        for (std::int32_t key = first_key; key < first_key + 4; ++key) {
          if (query >= seq_q) {
            EXPECT_TRUE(queries.lack(first + 1));
            continue;
          }
          if (queries.is_behind_end(query, key)) {
            EXPECT_TRUE(queries.cross_end(range, first));
          }
          if (queries.is_before_begin(query, key)) {
            EXPECT_TRUE(queries.cross_begin(range, first + 1));
          }
        }
      }
    }
  });
}

/// May say so of a tile that hides nothing, but never the other way round; and says nothing of a full tile without a window.
TEST(VisibleQueries, ATileThatHidesSomethingIsNeverTakenForAFullOne) {
  for_each_tile([](const VisibilityRule& rule, std::int32_t seq_q, std::int32_t seq_k, const VisibleQueries& queries,
                   std::int32_t first_key) {
    for (std::int32_t first = 0; first < seq_q; first += 2) {
      bool hides = first + 2 > seq_q;
      for (std::int32_t query = first; query < std::min(first + 2, seq_q); ++query) {
        for (std::int32_t key = first_key; key < first_key + 4; ++key) {
          hides |= key >= seq_k || !rule.visible_keys(query, seq_q, seq_k).contains(key);
        }
      }
      const bool found = queries.hide({first_key, first_key + 3}, first, first + 1);
      if (hides) {
        EXPECT_TRUE(found) << first << ", " << first_key << " of " << seq_q << " x " << seq_k;
      }
      if (!hides && rule.sinks == 0) {
        EXPECT_FALSE(found) << first << ", " << first_key << " of " << seq_q << " x " << seq_k;
      }
    }
  });
}

TEST(VisibleQueries, TheLongestSequencesDoNotOverflow) {
  const auto longest = static_cast<std::int32_t>(kMaxLength);
  for (const VisibilityRule& rule : {VisibilityRule{}, VisibilityRule{kAll, 0, 0}, VisibilityRule{1000, kAll, 0}}) {
    for (const std::int32_t seq_q : {1, longest}) {
      const VisibleQueries queries{VisibleKeys::of(window_of(rule), seq_q, longest), seq_q};
      const QueryRange range = queries.of({longest - 64, longest - 1});
      EXPECT_EQ(range.end, seq_q);
      EXPECT_GE(range.first, 0);
      EXPECT_LT(range.first, seq_q);
    }
  }
}

}  // namespace
}  // namespace ki::attention::cuda
