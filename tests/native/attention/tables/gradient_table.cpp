#include <initializer_list>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "attention/gradient_run.h"
#include "attention/tables/table.h"

namespace ki::test {
namespace {

using GradientTable = std::vector<GradientCase>;

void add(GradientTable& table, const AttentionCase& c) { table.push_back({c}); }

// The shapes that features are tried on: as for the forward pass, fewer and smaller, for the backward pass costs more.
const AttentionCase kSmall = shaped(KI_DTYPE_FLOAT32, 2, {45, 71}, {4, 2}, {20, 18});
const AttentionCase kSmallHalf = shaped(KI_DTYPE_FLOAT16, 2, {37, 53}, {6, 2}, {24, 40});
const AttentionCase kTall = causal(shaped(KI_DTYPE_FLOAT32, 1, {83, 66}, {3, 1}, {32, 32}));
const AttentionCase kTiles = placed(shaped(KI_DTYPE_FLOAT16, 1, {150, 200}, {2, 1}, {64, 64}), Placement::aligned);
const AttentionCase kWideTiles =
    placed(shaped(KI_DTYPE_BFLOAT16, 1, {100, 150}, {2, 1}, {128, 128}), Placement::aligned);

/// Head dimensions of every remainder, and values wider or narrower than keys.
void add_head_dims(GradientTable& table) {
  constexpr Pair dims[] = {{1, 1},   {3, 7},   {8, 8},     {16, 24},   {31, 33},   {40, 64},   {64, 40},  {64, 64},
                           {72, 80}, {96, 96}, {100, 128}, {128, 128}, {192, 128}, {200, 255}, {256, 256}};
  int i = 0;
  for (const Pair& dim : dims) {
    for (const ki_dtype dtype : kDtypes) add(table, causal(shaped(dtype, 1, {29, 37}, {2, 1}, dim), i % 2 == 0));
    ++i;
  }
  for (const ki_dtype dtype : kHalfDtypes) {
    for (const int dim : {32, 64, 96, 128, 256}) {
      add(table, placed(causal(shaped(dtype, 1, {70, 140}, {2, 1}, {dim, dim})), Placement::aligned));
    }
  }
}

/// Lengths 0, 1 and one off tiles, queries that see nothing among them.
void add_lengths(GradientTable& table) {
  constexpr Pair lengths[] = {{0, 0},   {0, 5},     {5, 0},     {1, 1},     {1, 2},   {2, 1},   {7, 1},
                              {1, 129}, {15, 16},   {17, 15},   {31, 33},   {33, 31}, {64, 64}, {65, 63},
                              {63, 65}, {127, 129}, {129, 127}, {128, 128}, {5, 520}, {520, 5}, {260, 257}};
  std::size_t i = 0;
  for (const Pair& length : lengths) {
    add(table, shaped(kDtypes[i % 3], 1, length, {1, 1}, {16, 24}));
    add(table, causal(shaped(kDtypes[i % 3], 1, length, {1, 1}, {16, 24})));
    add(table, causal(placed(shaped(kHalfDtypes[i % 2], 1, length, {2, 2}, {64, 64}), Placement::aligned)));
    if (i % 3 != 0) add(table, causal(shaped(KI_DTYPE_FLOAT32, 1, length, {1, 1}, {16, 24})));
    ++i;
  }
}

void add_groups_and_placements(GradientTable& table) {
  int i = 0;
  for (const Pair& heads : {Pair{4, 4}, Pair{6, 2}, Pair{5, 1}, Pair{7, 1}, Pair{16, 1}, Pair{32, 2}}) {
    add(table, causal(shaped(kDtypes[static_cast<std::size_t>(i++ % 3)], 2, {19, 45}, heads, {40, 24})));
    add(table, shaped(kDtypes[static_cast<std::size_t>(i % 3)], 1, {33, 30}, heads, {32, 32}));
  }
  add(table, shaped(KI_DTYPE_FLOAT32, 0, {5, 5}, {2, 1}, {8, 8}));
  add(table, shaped(KI_DTYPE_FLOAT32, 1, {5, 5}, {0, 0}, {8, 8}));
  for (const Placement placement :
       {Placement::heads_first, Placement::sequence_first, Placement::padded_rows, Placement::broadcast_batch,
        Placement::broadcast_heads, Placement::broadcast_query, Placement::packed}) {
    for (const ki_dtype dtype : kDtypes)
      add(table, placed(causal(shaped(dtype, 2, {35, 35}, {4, 2}, {24, 17})), placement));
  }
  for (const float scale : {0.0F, -0.25F, 3.0F}) {
    for (AttentionCase c : {kSmall, kTiles}) {
      c.scale = scale;
      add(table, c);
    }
  }
  for (const Contents contents :
       {Contents::nan_query, Contents::nan_key, Contents::nan_value, Contents::equal_scores}) {
    for (AttentionCase c : {kSmall, kTiles, kWideTiles}) {
      c.contents = contents;
      add(table, causal(c));
    }
  }
}

/// NaN that only some rows may meet: none may reach a query or key that does not see it, nor a bias of theirs.
void add_nan(GradientTable& table) {
  for (AttentionCase c : {kSmall, kTiles, kWideTiles}) {
    table.push_back({.forward = causal(c), .nan_gradient = true});
    c.window = {12, 4};
    c.sink_count = 2;
    table.push_back({.forward = c, .nan_gradient = true});
    for (const Contents contents : {Contents::nan_query, Contents::nan_key}) {
      c.contents = contents;
      add(table, c);
    }
    c.window.reset();
    c.sink_count = 0;
    c.contents = Contents::nan_query;
    c.bias = {.shared = Shared::heads, .hides = true};
    add(table, c);
    c.mask = MaskCase{};
    c.bias = {.shared = Shared::queries};
    c.dropout = 0.25F;
    add(table, c);
  }
}

/// Everything that happens to scores, alone and together.
void add_scores(GradientTable& table) {
  using Change = void (*)(AttentionCase&);
  const std::initializer_list<Change> changes{
      [](AttentionCase& c) {
        c.window = {16, 7};
      },
      [](AttentionCase& c) {
        c.window = {30, 0}, c.sink_count = 3;
      },
      [](AttentionCase& c) { c.softcap = 1.5F; },
      [](AttentionCase& c) { c.softcap = 30; },
      [](AttentionCase& c) { c.bias = BiasCase{}; },
      [](AttentionCase& c) { c.bias = {.shared = Shared::heads_and_queries, .hides = true}; },
      [](AttentionCase& c) { c.bias = {.shared = Shared::batch}, c.softcap = 2; },
      [](AttentionCase& c) { c.bias = {.shared = Shared::everything}; },
      [](AttentionCase& c) { c.mask = MaskCase{}; },
      [](AttentionCase& c) {
        c.mask = {Shared::heads_and_queries, MaskPattern::padding};
      },
      [](AttentionCase& c) { c.alibi = Alibi::per_batch; },
      [](AttentionCase& c) { c.tree = {.draft_length = 30}, c.causal = true; },
      [](AttentionCase& c) { c.dropout = 0.25F; },
      [](AttentionCase& c) { c.dropout = 0.9F, c.mask = {.shared = Shared::heads}; },
      [](AttentionCase& c) {
        c.causal = true;
        c.window = {50, -1};
        c.sink_count = 5;
        c.softcap = 4;
        c.bias = {.shared = Shared::heads, .hides = true};
        c.mask = {.shared = Shared::batch};
        c.alibi = Alibi::per_head;
        c.dropout = 0.125F;
      }};
  for (const Change change : changes) {
    for (AttentionCase c : {kSmall, kSmallHalf, kTall, kTiles, kWideTiles}) {
      change(c);
      add(table, c);
    }
  }
  for (const Shared shared : {Shared::heads, Shared::queries}) {
    for (AttentionCase c : {kSmall, kSmallHalf}) {
      c.bias = {.shared = shared};
      add(table, c);
    }
  }
  // A bias that lies once, whatever its lengths: its gradient has them all.
  for (const Placement placement :
       {Placement::broadcast_batch, Placement::broadcast_heads, Placement::broadcast_query}) {
    for (AttentionCase c : {kSmall, kSmallHalf}) {
      c = placed(c, placement);
      c.bias = BiasCase{};
      add(table, c);
      c.bias = {.shared = Shared::queries, .hides = true};
      if (placement != Placement::broadcast_query) add(table, c);
    }
  }
  for (AttentionCase c : {kSmallHalf, kTiles}) {
    c.bias = {.float32 = true};
    add(table, c);
    table.push_back({c, false});
  }
  table.push_back({kTiles, true, true});  // where the fastest way is another
  table.push_back({causal(kWideTiles), false, true});
  table.push_back({kWideTiles, true, true});
}

/// Packed sequences and keys that do not count; a sequence of one key among them.
void add_ragged(GradientTable& table) {
  for (const ki_dtype dtype : kDtypes) {
    for (const int dim : {24, 64}) {
      AttentionCase c = shaped(dtype, 1, {1, 1}, {4, 2}, {dim, dim == 64 ? 64 : 17});
      if (dim == 64) c.placement = Placement::aligned;
      const auto each = [&](std::vector<std::int64_t> queries, std::vector<std::int64_t> keys) {
        c.packed_q = std::move(queries);
        c.packed_k = std::move(keys);
        add(table, c);
        add(table, causal(c));
      };
      each({5}, {1});
      each({3, 0, 65, 1}, {1, 6, 1, 0});
      each({0, 0}, {0, 3});
      each({17, 1, 64, 33, 0, 2}, {17, 1, 64, 33, 0, 2});
      each({65, 31}, {15, 97});
      c.used = {14, 30};
      add(table, causal(c));
      c.used = {0, 97};
      c.bias = {.shared = Shared::heads, .shorter = 5};
      c.softcap = 3;
      c.dropout = 0.25F;
      add(table, causal(c));
      c.bias = {.shared = Shared::everything};
      c.mask = {.shared = Shared::heads, .shorter = 10};
      c.alibi = Alibi::per_batch;
      c.window = {40, 10};
      add(table, c);
    }
    AttentionCase c = shaped(dtype, 3, {40, 71}, {4, 2}, {24, 32});
    c.used = {0, 1, 50};
    add(table, c);
    add(table, causal(c));
    c = shaped(dtype, 1, {1, 37}, {4, 2}, {24, 32});
    c.packed_q = {3, 0, 40};
    add(table, causal(c));
  }
}

}  // namespace

const std::vector<GradientCase>& gradient_cases() {
  static const GradientTable table = [] {
    GradientTable result;
    for (const auto part : {add_head_dims, add_lengths, add_groups_and_placements, add_nan, add_scores, add_ragged})
      part(result);
    std::set<std::string> names;
    for (const GradientCase& c : result) {
      if (!names.insert(c.name()).second) throw std::logic_error("the case " + c.name() + " stands twice in the table");
    }
    return result;
  }();
  return table;
}

}  // namespace ki::test
