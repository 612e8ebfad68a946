#include <optional>
#include <vector>

#include "attention/tables/table.h"

namespace ki::test {
namespace {

using Lengths = std::vector<std::int64_t>;

/// Sequences of `used` keys in a cache with room for `room` each, and as many queries each.
AttentionCase cached(ki_dtype dtype, std::int64_t seq_q, std::int64_t room, Lengths used, Pair heads, Pair dims) {
  AttentionCase c = shaped(dtype, std::ssize(used), {static_cast<int>(seq_q), static_cast<int>(room)}, heads, dims);
  c.used = std::move(used);
  c.cache = CacheCase{};
  return c;
}

AttentionCase paged(AttentionCase c, std::int64_t page_size) {
  c.cache->page_size = page_size;
  return c;
}

/// Every sequence appends `count` keys, unless each has its own number.
AttentionCase appending(AttentionCase c, std::int64_t count) {
  c.cache->appended.assign(c.used.size(), count);
  return c;
}

AttentionCase appending(AttentionCase c, Lengths counts) {
  c.cache->appended = std::move(counts);
  c.cache->packed_new = true;
  return c;
}

AttentionCase rotary(AttentionCase c, std::int64_t rotary_dim, bool interleaved) {
  c.cache->rotary_dim = rotary_dim;
  c.cache->interleaved = interleaved;
  return c;
}

AttentionCase of_type(AttentionCase c, ki_dtype dtype) {
  c.cache->dtype = dtype;
  return c;
}

AttentionCase split(AttentionCase c, std::int32_t count) {
  c.split_count = count;
  return c;
}

/// Slots and pages of every size, for single queries and for chunks of a prompt.
void add_places(Table& table) {
  for (const ki_dtype dtype : kDtypes) {
    for (const int seq_q : {1, 4, 19}) {
      const AttentionCase c = causal(cached(dtype, seq_q, 300, {0, 1, 17, 129, 300}, {6, 2}, {40, 24}));
      table.push_back(c);
      table.push_back(c);
      table.back().cache->slots = true;
      for (const int page_size : {1, 3, 16, 64, 256}) table.push_back(paged(c, page_size));
    }
    table.push_back(paged(cached(dtype, 33, 80, {33, 70}, {2, 2}, {32, 32}), 16));  // not causal
    table.push_back(paged(cached(dtype, 1, 80, {64, 77, 50}, {2, 1}, {32, 32}), 16));
    table.back().cache->shared_prefix = true;
    for (const Placement placement : {Placement::heads_first, Placement::padded_rows, Placement::aligned}) {
      table.push_back(placed(paged(causal(cached(dtype, 5, 80, {33, 70}, {4, 2}, {48, 24})), 16), placement));
      table.push_back(placed(causal(cached(dtype, 1, 80, {33, 70}, {4, 2}, {48, 24})), placement));
    }
  }
}

/// Decoding: every ratio of heads, head dimensions that the fast kernels take and others, keys for one split and many.
void add_decoding(Table& table) {
  int i = 0;
  for (const Pair& heads : {Pair{2, 2}, Pair{6, 2}, Pair{5, 1}, Pair{7, 1}, Pair{16, 1}, Pair{32, 2}}) {
    for (const Pair& dims : {Pair{64, 64}, Pair{128, 128}, Pair{96, 80}}) {
      const ki_dtype dtype = kDtypes[static_cast<std::size_t>(i++ % 3)];
      table.push_back(placed(paged(cached(dtype, 1, 400, {1, 200, 399}, heads, dims), 16), Placement::aligned));
      table.push_back(placed(cached(dtype, 2, 400, {400, 65, 127}, heads, dims), Placement::aligned));
      table.back().causal = true;
    }
  }
  for (const ki_dtype dtype : kDtypes) {
    table.push_back(placed(paged(cached(dtype, 1, 2112, {2101, 3}, {4, 1}, {64, 64}), 64), Placement::aligned));
    table.push_back(cached(dtype, 1, 2112, {2101, 3}, {2, 1}, {40, 33}));
    table.push_back(cached(dtype, 1, 70, {0, 0}, {2, 1}, {16, 16}));
  }
}

/// Splits that the caller chooses: 1, uneven ones, more than there are keys; of plain problems, too.
void add_splits(Table& table) {
  for (const ki_dtype dtype : kDtypes) {
    for (const int count : {1, 2, 3, 8, 64, 256}) {
      table.push_back(split(paged(causal(cached(dtype, 1, 300, {0, 5, 299}, {6, 2}, {64, 40})), 16), count));
      if (count > 8) continue;
      table.push_back(split(causal(cached(dtype, 5, 300, {0, 5, 299}, {6, 2}, {64, 40})), count));
      table.push_back(split(causal(shaped(dtype, 2, {3, 545}, {4, 2}, {32, 24})), count));
      table.push_back(split(placed(shaped(dtype, 1, {70, 260}, {2, 2}, {64, 64}), Placement::aligned), count));
      table.push_back(split(causal(shaped(dtype, 1, {1, 1}, {4, 2}, {32, 40})), count));
      table.back().packed_q = {1, 20, 0, 3};
      table.back().packed_k = {100, 20, 7, 65};
    }
  }
}

void add_appending(Table& table) {
  for (const ki_dtype dtype : kDtypes) {
    const AttentionCase one = causal(cached(dtype, 1, 100, {0, 15, 16, 99}, {6, 2}, {40, 24}));
    table.push_back(appending(one, 1));
    table.push_back(appending(paged(one, 16), 1));
    table.push_back(appending(paged(one, 3), 1));
    const AttentionCase chunk = causal(cached(dtype, 5, 100, {0, 15, 61, 95}, {4, 2}, {32, 32}));
    table.push_back(appending(chunk, 5));
    table.push_back(appending(paged(chunk, 16), 5));
    table.push_back(appending(paged(chunk, 16), 0));
    table.push_back(appending(paged(chunk, 16), {5, 0, 1, 3}));
    table.push_back(appending(chunk, {0, 33, 2, 5}));
    table.back().cache->slots = true;
    table.push_back(placed(appending(paged(chunk, 16), 5), Placement::padded_rows));
    table.push_back(placed(appending(paged(chunk, 16), 5), Placement::heads_first));
    table.push_back(
        placed(appending(causal(cached(dtype, 70, 200, {0, 130}, {2, 1}, {64, 64})), 70), Placement::aligned));
  }
}

void add_rotary(Table& table) {
  for (const ki_dtype dtype : kDtypes) {
    for (const bool interleaved : {false, true}) {
      const AttentionCase one = causal(cached(dtype, 1, 100, {0, 15, 99}, {6, 2}, {40, 24}));
      const AttentionCase chunk = causal(cached(dtype, 7, 100, {0, 3, 93}, {4, 2}, {64, 64}));
      table.push_back(rotary(appending(paged(one, 16), 1), 40, interleaved));
      table.push_back(rotary(appending(one, 1), 2, interleaved));
      table.push_back(rotary(appending(paged(chunk, 16), 7), 64, interleaved));
      table.push_back(rotary(appending(placed(chunk, Placement::aligned), 7), 32, interleaved));
      table.push_back(rotary(chunk, 64, interleaved));  // nothing new; some queries stand before position 0
      table.push_back(rotary(appending(chunk, {1, 0, 4}), 62, interleaved));
    }
  }
}

/// Keys narrower than the queries, without a cache.
void add_narrow_keys(Table& table) {
  for (const ki_dtype narrow : {KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) {
    const auto add = [&](AttentionCase c) {
      c.keys_of = narrow;
      table.push_back(c);
    };
    add(shaped(KI_DTYPE_FLOAT32, 2, {1, 600}, {6, 2}, {40, 24}));
    add(causal(shaped(KI_DTYPE_FLOAT32, 2, {70, 130}, {3, 1}, {33, 64})));
    add(placed(causal(shaped(KI_DTYPE_FLOAT32, 1, {40, 90}, {2, 2}, {128, 128})), Placement::aligned));
    AttentionCase packed = causal(shaped(KI_DTYPE_FLOAT32, 1, {1, 1}, {2, 1}, {20, 36}));
    packed.packed_q = {3, 0, 40, 1};
    packed.packed_k = {70, 5, 41, 0};
    add(packed);
  }
}

/// Caches narrower than the queries.
void add_narrow_types(Table& table) {
  for (const ki_dtype dtype : kDtypes) {
    for (const ki_dtype narrow : {KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16, KI_DTYPE_INT8}) {
      if (narrow != KI_DTYPE_INT8 && dtype != KI_DTYPE_FLOAT32) continue;
      const AttentionCase one = of_type(causal(cached(dtype, 1, 200, {0, 15, 65, 199}, {6, 2}, {64, 40})), narrow);
      const AttentionCase chunk = of_type(causal(cached(dtype, 19, 200, {0, 15, 65, 181}, {4, 2}, {33, 24})), narrow);
      table.push_back(one);
      table.push_back(paged(one, 16));
      table.push_back(chunk);
      table.push_back(appending(paged(one, 16), 1));
      table.push_back(appending(one, 1));
      table.push_back(appending(paged(chunk, 3), 19));
      table.push_back(rotary(appending(paged(one, 16), 1), 64, false));
      table.push_back(rotary(appending(chunk, {0, 2, 19, 1}), 32, true));
      table.push_back(placed(appending(paged(one, 16), 1), Placement::padded_rows));
      for (const int dim : {64, 128}) {
        table.push_back(
            placed(of_type(causal(cached(dtype, 1, 400, {33, 399}, {8, 2}, {dim, dim})), narrow), Placement::aligned));
        table.push_back(paged(table.back(), 64));
        table.push_back(
            placed(of_type(causal(cached(dtype, 70, 200, {70, 199}, {2, 1}, {dim, dim})), narrow), Placement::aligned));
      }
      table.push_back(split(paged(one, 16), 4));
    }
  }
}

/// Chunks of prompts and single tokens in one call (SplitFuse), each appending what it asks about.
void add_mixes(Table& table) {
  for (const ki_dtype dtype : kDtypes) {
    for (const bool is_paged : {false, true}) {
      AttentionCase c = causal(cached(dtype, 1, 200, {199, 0, 17, 150, 64}, {6, 2}, {64, 40}));
      c.packed_q = {1, 37, 1, 50, 0};
      c = appending(c, c.packed_q);
      if (is_paged) c = paged(c, 16);
      table.push_back(c);
      table.push_back(rotary(c, 64, false));
      table.push_back(split(c, 3));
      c.window = {40, -1};
      c.sink_count = 4;
      table.push_back(c);
      if (dtype != KI_DTYPE_FLOAT32) {
        c = placed(c, Placement::aligned);
        c.head_dim_v = 64;
        table.push_back(c);
      }
      table.push_back(of_type(c, KI_DTYPE_INT8));
    }
  }
}

/// What happens to scores in a cache, for single tokens, for draft tokens, and in splits.
void add_cached_scores(Table& table) {
  for (const ki_dtype dtype : kDtypes) {
    for (const int seq_q : {1, 6}) {
      AttentionCase base = causal(paged(cached(dtype, seq_q, 300, {6, 63, 270}, {4, 2}, {64, 64}), 16));
      if (seq_q == 6) base = appending(base, 6);
      const auto add = [&](auto change) {
        AttentionCase c = base;
        change(c);
        table.push_back(c);
      };
      add([](AttentionCase& c) { c.window = {40, -1}, c.sink_count = 4; });
      add([](AttentionCase& c) { c.window = {100, -1}, c.split_count = 3; });
      add([](AttentionCase& c) { c.softcap = 2; });
      add([](AttentionCase& c) { c.alibi = Alibi::per_batch; });
      add([](AttentionCase& c) { c.bias = {.hides = true}; });
      add([](AttentionCase& c) { c.bias = {.shared = Shared::heads_and_queries, .shorter = 20}; });
      add([](AttentionCase& c) { c.mask = MaskCase{}, c.split_count = 4; });
      add([](AttentionCase& c) { c.dropout = 0.25F, c.split_count = 2; });
      add([](AttentionCase& c) { c.tree = {.draft_length = 6}; });
      add([](AttentionCase& c) {
        c.window = {150, -1};
        c.sink_count = 4;
        c.softcap = 4;
        c.bias = {.shared = Shared::batch};
        c.mask = {.shared = Shared::heads};
        c.alibi = Alibi::per_head;
        c.tree = {.draft_length = 6, .per_batch = true};
        c.dropout = 0.125F;
        c.cache->dtype = KI_DTYPE_INT8;
        c = rotary(c, 64, true);
      });
    }
  }
}

}  // namespace

void add_cache_cases(Table& table) {
  for (const auto add : {add_places, add_decoding, add_splits, add_appending, add_rotary, add_narrow_keys,
                         add_narrow_types, add_mixes, add_cached_scores}) {
    add(table);
  }
}

}  // namespace ki::test
