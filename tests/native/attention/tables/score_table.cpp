#include <initializer_list>
#include <limits>

#include "attention/tables/table.h"

namespace ki::test {
namespace {

using Change = void (*)(AttentionCase&);

/// Adds every change of every shape to the table.
void add_changes(Table& table, std::initializer_list<Change> changes, std::initializer_list<AttentionCase> shapes) {
  for (const Change change : changes) {
    for (AttentionCase c : shapes) {
      change(c);
      table.push_back(c);
    }
  }
}

// The shapes that features are tried on: short ones with head dimensions that fit nothing, more keys than a CPU's chunk has,
// single queries, more queries than keys, and several tiles of the CUDA kernels, of which the fast ones need aligned rows.
const AttentionCase kSmall = shaped(KI_DTYPE_FLOAT32, 2, {45, 71}, {4, 2}, {20, 18});
const AttentionCase kSmallHalf = shaped(KI_DTYPE_FLOAT16, 2, {37, 53}, {6, 2}, {24, 40});
const AttentionCase kLong = shaped(KI_DTYPE_FLOAT32, 1, {19, 545}, {2, 1}, {40, 33});
const AttentionCase kSingle = shaped(KI_DTYPE_BFLOAT16, 2, {1, 129}, {6, 2}, {64, 64});
const AttentionCase kTall = causal(shaped(KI_DTYPE_FLOAT32, 2, {83, 66}, {3, 1}, {32, 32}));
const AttentionCase kTiles = placed(shaped(KI_DTYPE_FLOAT16, 1, {150, 270}, {3, 1}, {64, 64}), Placement::aligned);
const AttentionCase kWideTiles =
    placed(shaped(KI_DTYPE_BFLOAT16, 1, {140, 150}, {2, 2}, {128, 128}), Placement::aligned);
const AttentionCase kPlainTiles = shaped(KI_DTYPE_FLOAT32, 1, {70, 150}, {2, 2}, {64, 64});

void add_windows(Table& table) {
  const std::initializer_list<AttentionCase> shapes{kSmall, kSmallHalf, kLong, kSingle, kTall, kTiles, kWideTiles};
  add_changes(table,
              {[](AttentionCase& c) {
                 c.window = {0, 0};
               },  //
               [](AttentionCase& c) {
                 c.window = {0, -1};
               },  //
               [](AttentionCase& c) {
                 c.window = {-1, 3};
               },  //
               [](AttentionCase& c) {
                 c.window = {16, 17};
               },  //
               [](AttentionCase& c) {
                 c.window = {63, 0};
               },  //
               [](AttentionCase& c) {
                 c.window = {30, 5}, c.sink_count = 4;
               },  //
               [](AttentionCase& c) {
                 c.window = {10, -1}, c.sink_count = 40;
               },  //
               [](AttentionCase& c) {
                 c.window = {2, 1}, c.sink_count = 100'000;
               }},
              shapes);
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  for (AttentionCase c : {kSmall, kTiles}) {
    c.window = {kMost, kMost};
    table.push_back(c);
    c.window = {0, kMost - 1};
    c.sink_count = kMost;
    table.push_back(c);
  }
  // Causality within a window, windows beside the diagonal of few keys, and sinks that need no window.
  for (const ki_dtype dtype : kDtypes) {
    for (const Pair& length : {Pair{45, 71}, Pair{71, 45}, Pair{1, 600}, Pair{140, 530}}) {
      AttentionCase c = causal(shaped(dtype, 1, length, {2, 2}, {16, 24}));
      c.window = {31, -1};
      table.push_back(c);
      c.window = {33, 7};
      c.sink_count = 3;
      table.push_back(c);
      c.window.reset();
      table.push_back(c);
    }
  }
  for (const Contents contents : {Contents::nan_key, Contents::nan_value, Contents::infinite_value}) {
    for (AttentionCase c : {kSmall, kTiles}) {
      c.contents = contents;
      c.window = {12, 4};
      c.sink_count = 2;
      table.push_back(c);
    }
  }
}

void add_softcap(Table& table) {
  add_changes(table,
              {[](AttentionCase& c) { c.softcap = 30; },    //
               [](AttentionCase& c) { c.softcap = 0.5F; },  //
               [](AttentionCase& c) { c.softcap = 2, c.scale = -1.5F, c.causal = true; }},
              {kSmall, kSmallHalf, kLong, kSingle, kTiles, kWideTiles, kPlainTiles});
  AttentionCase c = kSmall;  // a cap that bends nothing, and scores far beyond one that does
  c.softcap = 1e6F;
  table.push_back(c);
  c.softcap = 5;
  c.scale = 200;
  table.push_back(c);
}

void add_bias(Table& table) {
  for (const Shared shared : {Shared::nothing, Shared::batch, Shared::heads, Shared::queries, Shared::heads_and_queries,
                              Shared::everything}) {
    for (AttentionCase c : {kSmall, kSmallHalf, kLong, kTiles}) {
      c.bias = {.shared = shared};
      table.push_back(c);
    }
  }
  add_changes(table,
              {[](AttentionCase& c) { c.bias = {.hides = true}; },  //
               [](AttentionCase& c) { c.bias = {.shared = Shared::queries, .hides = true}; },
               [](AttentionCase& c) { c.bias = {.shared = Shared::heads, .hides = true}, c.causal = true; }},
              {kSmall, kSmallHalf, kLong, kSingle, kTall, kTiles, kWideTiles, kPlainTiles});
  for (AttentionCase c : {kSmallHalf, kSingle, kTiles, kWideTiles}) {
    c.bias = {.float32 = true};
    table.push_back(c);
    c.causal = true;
    table.push_back(c);
  }
  for (const Placement placement :
       {Placement::heads_first, Placement::sequence_first, Placement::padded_rows, Placement::broadcast_batch,
        Placement::broadcast_heads, Placement::broadcast_query}) {
    AttentionCase c = placed(kSmall, placement);
    c.bias = BiasCase{};
    table.push_back(c);
    c = placed(kSmallHalf, placement);
    c.mask = MaskCase{};
    table.push_back(c);
  }
}

void add_masks(Table& table) {
  for (const Shared shared : {Shared::nothing, Shared::batch, Shared::heads, Shared::queries, Shared::heads_and_queries,
                              Shared::everything}) {
    for (AttentionCase c : {kSmall, kSmallHalf, kLong, kTiles}) {
      c.mask = {.shared = shared};
      table.push_back(c);
    }
  }
  add_changes(table,
              {[](AttentionCase& c) { c.mask = MaskCase{}, c.causal = true; },  //
               [](AttentionCase& c) { c.mask = {.pattern = MaskPattern::all_true}; },
               [](AttentionCase& c) {
                 c.mask = {Shared::heads_and_queries, MaskPattern::padding};
               }},
              {kSmall, kSmallHalf, kLong, kSingle, kTall, kTiles, kWideTiles, kPlainTiles});
  for (const Contents contents : {Contents::nan_key, Contents::nan_value, Contents::infinite_value}) {
    for (AttentionCase c : {kSmall, kTiles, kWideTiles}) {
      c.contents = contents;
      c.mask = MaskCase{};
      table.push_back(c);
    }
  }
}

void add_slopes(Table& table) {
  add_changes(table,
              {[](AttentionCase& c) { c.alibi = Alibi::per_head; },                    //
               [](AttentionCase& c) { c.alibi = Alibi::per_batch, c.causal = true; },  //
               [](AttentionCase& c) {
                 c.alibi = Alibi::per_batch, c.window = {40, 20};
               }},
              {kSmall, kSmallHalf, kLong, kSingle, kTall, kTiles, kWideTiles});
}

/// Verification of draft tokens: their queries are the last, or all, or there are others behind which they stand.
void add_trees(Table& table) {
  for (const ki_dtype dtype : kDtypes) {
    for (const Pair& length : {Pair{8, 71}, Pair{8, 8}, Pair{45, 71}, Pair{3, 600}, Pair{6, 5}}) {
      AttentionCase c = causal(shaped(dtype, 2, length, {4, 2}, {32, 24}));
      c.tree = {.draft_length = 8};
      table.push_back(c);
      c.tree = {.draft_length = 8, .per_batch = true};
      table.push_back(c);
    }
    AttentionCase c = shaped(dtype, 2, {70, 80}, {4, 2}, {32, 24});  // not causal: queries before the drafts see them
    c.tree = {.draft_length = 67};
    table.push_back(c);
    c.tree = {.draft_length = 9, .chain = true};
    table.push_back(c);
  }
  for (AttentionCase c : {kTiles, kWideTiles}) {
    c.causal = true;
    c.tree = {.draft_length = 64};
    table.push_back(c);
  }
}

void add_dropout(Table& table) {
  add_changes(table,
              {[](AttentionCase& c) { c.dropout = 0.125F; },                 //
               [](AttentionCase& c) { c.dropout = 0.5F, c.causal = true; },  //
               [](AttentionCase& c) { c.dropout = 0.99F; }},
              {kSmall, kSmallHalf, kLong, kSingle, kTall, kTiles, kWideTiles, kPlainTiles});
}

/// Features that meet in one score.
void add_interactions(Table& table) {
  const std::initializer_list<AttentionCase> shapes{kSmall, kSmallHalf, kLong, kSingle, kTall, kTiles, kWideTiles};
  add_changes(table,
              {[](AttentionCase& c) { c.softcap = 3, c.bias = {.hides = true}; },  //
               [](AttentionCase& c) { c.mask = MaskCase{}, c.dropout = 0.25F; },   //
               [](AttentionCase& c) { c.alibi = Alibi::per_head, c.bias = {.shared = Shared::heads}, c.softcap = 4; },
               [](AttentionCase& c) {
                 c.causal = true;
                 c.window = {50, -1};
                 c.sink_count = 5;
                 c.softcap = 8;
                 c.bias = {.shared = Shared::batch, .hides = true};
                 c.mask = {.shared = Shared::heads};
                 c.alibi = Alibi::per_batch;
                 c.tree = {.draft_length = 6, .per_batch = true};
                 c.dropout = 0.25F;
               }},
              shapes);
}

}  // namespace

void add_score_cases(Table& table) {
  for (const auto add :
       {add_windows, add_softcap, add_bias, add_masks, add_slopes, add_trees, add_dropout, add_interactions}) {
    add(table);
  }
}

}  // namespace ki::test
