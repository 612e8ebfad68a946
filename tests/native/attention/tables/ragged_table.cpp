#include <vector>

#include "attention/tables/table.h"

namespace ki::test {
namespace {

using Lengths = std::vector<std::int64_t>;

AttentionCase packed(ki_dtype dtype, Lengths queries, Lengths keys, Pair heads, Pair dims) {
  AttentionCase c = shaped(dtype, 1, {1, 1}, heads, dims);
  c.packed_q = std::move(queries);
  c.packed_k = std::move(keys);
  return c;
}

struct Lists {
  Lengths queries, keys;
};

/// Lengths 0 and 1 at every place of the batch, one off tiles, more queries than keys and fewer.
const std::vector<Lists>& lists() {
  static const std::vector<Lists> all{
      {{5}, {7}},
      {{3, 0, 5}, {4, 6, 0}},
      {{0, 0}, {0, 3}},
      {{1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 2, 0, 31, 33, 64, 65, 129, 1}},
      {{17, 1, 64, 33, 0, 2}, {17, 1, 64, 33, 0, 2}},
      {{65, 31}, {15, 97}},
      {{1, 130, 2}, {520, 140, 1}},
  };
  return all;
}

/// Queries and keys packed alike, of every type, with heads that share keys.
void add_packed(Table& table) {
  int i = 0;
  for (const Lists& list : lists()) {
    for (const ki_dtype dtype : kDtypes) {
      const Pair heads = i % 3 == 0 ? Pair{2, 2} : i % 3 == 1 ? Pair{6, 2} : Pair{5, 1};
      table.push_back(packed(dtype, list.queries, list.keys, heads, {24, 17}));
      table.push_back(causal(packed(dtype, list.queries, list.keys, heads, {24, 17})));
      ++i;
    }
  }
  for (const ki_dtype dtype : kHalfDtypes) {
    for (const int dim : {64, 128}) {
      for (const Lists& list : {lists()[3], lists()[4], lists()[6]}) {
        const AttentionCase c = placed(packed(dtype, list.queries, list.keys, {4, 2}, {dim, dim}), Placement::aligned);
        table.push_back(c);
        table.push_back(causal(c));
      }
    }
  }
  for (const Placement placement : {Placement::heads_first, Placement::padded_rows, Placement::broadcast_heads}) {
    for (const ki_dtype dtype : kDtypes) {
      table.push_back(placed(packed(dtype, lists()[4].queries, lists()[4].keys, {4, 2}, {33, 24}), placement));
    }
  }
}

/// One side packed, the other a batch.
void add_half_packed(Table& table) {
  for (const ki_dtype dtype : kDtypes) {
    AttentionCase c = packed(dtype, {3, 0, 40}, {}, {4, 2}, {24, 32});
    c.seq_k = 37;
    table.push_back(causal(c));
    c.used = {1, 20, 37};
    table.push_back(c);
    c = packed(dtype, {}, {3, 0, 40}, {4, 2}, {24, 32});
    c.batch = 3;
    c.seq_q = 19;
    table.push_back(causal(c));
    c.used = {2, 0, 33};
    table.push_back(c);
  }
}

/// Keys that do not count: of a batch, and of packed sequences.
void add_used(Table& table) {
  for (const ki_dtype dtype : kDtypes) {
    for (const Pair& length : {Pair{1, 71}, Pair{19, 71}, Pair{71, 71}, Pair{130, 600}}) {
      AttentionCase c = shaped(dtype, 4, length, {4, 2}, {24, 17});
      c.used = {0, 1, length.second / 2 + 1, length.second};
      table.push_back(c);
      table.push_back(causal(c));
    }
    AttentionCase c = packed(dtype, {5, 1, 40, 7}, {9, 30, 40, 6}, {4, 1}, {32, 32});
    c.used = {0, 29, 33, 6};
    table.push_back(c);
    table.push_back(causal(c));
    if (dtype == KI_DTYPE_FLOAT32) continue;
    for (const int dim : {64, 128}) {
      c = placed(shaped(dtype, 3, {70, 200}, {2, 1}, {dim, dim}), Placement::aligned);
      c.used = {0, 129, 200};
      table.push_back(causal(c));
    }
  }
}

/// What happens to scores, where each sequence has its own positions.
void add_ragged_scores(Table& table) {
  for (const ki_dtype dtype : kDtypes) {
    for (const bool tiles : {false, true}) {
      if (tiles && dtype == KI_DTYPE_FLOAT32) continue;
      AttentionCase base =
          packed(dtype, {17, 1, 66, 0, 2}, {17, 40, 70, 5, 300}, {4, 2}, tiles ? Pair{64, 64} : Pair{20, 24});
      if (tiles) base.placement = Placement::aligned;
      const auto add = [&](auto change) {
        AttentionCase c = base;
        change(c);
        table.push_back(c);
      };
      add([](AttentionCase& c) { c.window = {9, 3}, c.sink_count = 2; });
      add([](AttentionCase& c) { c.softcap = 2, c.causal = true; });
      add([](AttentionCase& c) { c.bias = BiasCase{}; });
      add([](AttentionCase& c) { c.bias = {.shared = Shared::heads, .shorter = 10}; });
      add([](AttentionCase& c) { c.bias = {.shared = Shared::everything, .shorter = 7}, c.causal = true; });
      add([](AttentionCase& c) { c.mask = MaskCase{}; });
      add([](AttentionCase& c) { c.mask = {.shared = Shared::batch, .shorter = 10}; });
      add([](AttentionCase& c) { c.mask = {.shared = Shared::queries, .shorter = 30}, c.causal = true; });
      add([](AttentionCase& c) { c.alibi = Alibi::per_batch, c.causal = true; });
      add([](AttentionCase& c) { c.tree = {.draft_length = 6, .per_batch = true}, c.causal = true; });
      add([](AttentionCase& c) { c.dropout = 0.25F; });
      add([](AttentionCase& c) {
        c.causal = true;
        c.used = {16, 33, 66, 0, 300};
        c.window = {50, -1};
        c.sink_count = 3;
        c.softcap = 5;
        c.bias = {.hides = true, .shorter = 2};
        c.mask = {.shared = Shared::heads};
        c.alibi = Alibi::per_batch;
        c.dropout = 0.125F;
      });
    }
  }
}

}  // namespace

void add_ragged_cases(Table& table) {
  for (const auto add : {add_packed, add_half_packed, add_used, add_ragged_scores}) add(table);
}

}  // namespace ki::test
