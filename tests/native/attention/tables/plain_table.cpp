#include <cmath>

#include "attention/tables/table.h"

namespace ki::test {
namespace {

AttentionCase scaled(AttentionCase c, float scale) {
  c.scale = scale;
  return c;
}

AttentionCase holding(AttentionCase c, Contents contents) {
  c.contents = contents;
  return c;
}

AttentionCase without_logsumexp(AttentionCase c) {
  c.logsumexp = false;
  return c;
}

/// Head dimensions with every remainder modulo the widths of vectors and tiles; values wider, narrower and equal.
void add_head_dims(Table& table) {
  constexpr Pair dims[] = {{1, 1},     {1, 256},   {3, 7},     {7, 3},     {8, 8},     {16, 24},   {24, 16},
                           {31, 33},   {32, 31},   {33, 32},   {40, 64},   {64, 40},   {64, 64},   {72, 80},
                           {80, 72},   {96, 96},   {100, 128}, {128, 100}, {128, 128}, {160, 192}, {192, 160},
                           {192, 128}, {200, 255}, {255, 200}, {255, 256}, {256, 1},   {256, 256}};
  int i = 0;
  for (const Pair& dim : dims) {
    for (const ki_dtype dtype : kDtypes) {
      table.push_back(causal(shaped(dtype, 1, {29, 37}, {2, i % 2 == 0 ? 2 : 1}, dim), i % 3 == 0));
    }
    ++i;
  }
}

/// Lengths 0, 1, and one off every multiple of 6, 14, 16, 32 and 512 that a tile may have.
void add_lengths(Table& table) {
  constexpr Pair lengths[] = {{0, 0},    {0, 5},    {5, 0},    {1, 1},    {1, 2},    {2, 1},     {1, 16},    {1, 127},
                              {1, 511},  {1, 512},  {1, 513},  {1, 1025}, {2, 33},   {5, 6},     {6, 7},     {7, 5},
                              {13, 13},  {14, 14},  {15, 15},  {16, 16},  {13, 16},  {27, 29},   {28, 31},   {29, 27},
                              {31, 33},  {33, 31},  {63, 65},  {65, 63},  {64, 64},  {127, 129}, {129, 127}, {512, 15},
                              {14, 512}, {15, 527}, {28, 529}, {529, 28}, {513, 511}};
  std::size_t i = 0;
  for (const Pair& length : lengths) {
    const ki_dtype dtype = kDtypes[i++ % 3];
    table.push_back(shaped(dtype, 1, length, {1, 1}, {16, 24}));
    table.push_back(causal(shaped(dtype, 1, length, {1, 1}, {16, 24})));
    if (dtype == KI_DTYPE_FLOAT32) continue;
    // Lengths are where a wrong key hides, and float32 is where it is seen.
    table.push_back(causal(shaped(KI_DTYPE_FLOAT32, 1, length, {1, 1}, {16, 24})));
  }
  for (const Pair& length : {Pair{1025, 1025}, Pair{1000, 1025}, Pair{128, 1025}}) {
    table.push_back(causal(shaped(KI_DTYPE_FLOAT32, 1, length, {1, 1}, {32, 32})));
  }
  table.push_back(shaped(KI_DTYPE_BFLOAT16, 1, {512, 1025}, {1, 1}, {32, 32}));
  table.push_back(shaped(KI_DTYPE_FLOAT32, 1, {127, 1025}, {3, 3}, {64, 64}));
}

/// Several tiles of every CUDA kernel (they have 32 to 128 queries and 16 to 128 keys), the last
/// one ragged, and less than one, for every size that head dimensions are padded to, in rows that take the narrow copies
/// and the wide ones.
void add_tiles(Table& table) {
  const auto add = [&](AttentionCase c) {
    table.push_back(c);
    c.causal = true;
    table.push_back(c);
    table.push_back(scaled(c, -0.25F));
    table.push_back(holding(c, Contents::nan_value));
    table.push_back(holding(c, Contents::infinite_value));
  };
  for (const int dim : {32, 64, 96, 128, 192, 256}) {
    for (const ki_dtype dtype : kDtypes) {
      add(shaped(dtype, 1, {150, 200}, {2, 1}, {dim, dim}));
      const AttentionCase few = shaped(dtype, 1, {3, 5}, {2, 1}, {dim, dim});
      table.push_back(few);
      for (const int narrow : {dim - 8, dim - 6}) {  // rows of 16-byte multiples, and of 4-byte multiples
        table.push_back(placed(causal(shaped(dtype, 1, {150, 200}, {2, 1}, {narrow, dim})), Placement::aligned));
        table.push_back(scaled(table.back(), -0.25F));
        table.push_back(placed(shaped(dtype, 1, {3, 5}, {2, 1}, {narrow, dim}), Placement::aligned));
      }
      const bool is_whole = dtype != KI_DTYPE_FLOAT32 && (dim == 64 || dim == 128);
      if (!is_whole) continue;
      add(placed(shaped(dtype, 1, {150, 200}, {2, 1}, {dim, dim}), Placement::aligned));
      table.push_back(placed(few, Placement::aligned));
    }
  }
}

/// Causality with far fewer keys than queries, and the reverse.
void add_causal(Table& table) {
  for (const Pair& length :
       {Pair{40, 7}, Pair{7, 40}, Pair{65, 64}, Pair{64, 65}, Pair{300, 20}, Pair{3, 527}, Pair{530, 515}}) {
    for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_BFLOAT16}) {
      table.push_back(causal(shaped(dtype, 2, length, {2, 1}, {20, 12})));
    }
  }
}

/// Every ratio of query heads to key heads, for prompts and for single queries; batches of 0, 1 and 3.
void add_groups(Table& table) {
  constexpr Pair heads[] = {{1, 1}, {4, 4}, {4, 2}, {6, 2}, {5, 1}, {10, 2}, {14, 2}, {16, 2}, {16, 1}, {32, 2}};
  int i = 0;
  for (const Pair& head : heads) {
    for (const int seq_q : {1, 2, 19}) {
      for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, i % 2 == 0 ? KI_DTYPE_BFLOAT16 : KI_DTYPE_FLOAT16}) {
        table.push_back(causal(shaped(dtype, seq_q == 2 ? 3 : 1, {seq_q, 45}, head, {40, 24}), i % 2 == 0));
      }
    }
    ++i;
  }
  table.push_back(shaped(KI_DTYPE_FLOAT32, 0, {5, 5}, {2, 1}, {8, 8}));
  table.push_back(shaped(KI_DTYPE_FLOAT32, 1, {5, 5}, {0, 0}, {8, 8}));
  table.push_back(without_logsumexp(causal(shaped(KI_DTYPE_FLOAT32, 3, {70, 90}, {6, 3}, {64, 64}))));
  table.push_back(without_logsumexp(shaped(KI_DTYPE_BFLOAT16, 3, {16, 32}, {8, 8}, {128, 128})));
}

void add_placements(Table& table) {
  for (const Placement placement :
       {Placement::heads_first, Placement::sequence_first, Placement::padded_rows, Placement::broadcast_batch,
        Placement::broadcast_heads, Placement::broadcast_query, Placement::packed}) {
    for (const ki_dtype dtype : kDtypes) {
      const AttentionCase c = shaped(dtype, 3, {35, 35}, {4, 2}, {24, 17});
      table.push_back(placed(causal(c, dtype == KI_DTYPE_BFLOAT16), placement));
    }
    table.push_back(placed(shaped(KI_DTYPE_FLOAT32, 2, {1, 1}, {6, 2}, {33, 31}), placement));
    table.push_back(placed(shaped(KI_DTYPE_FLOAT32, 1, {70, 70}, {3, 3}, {64, 64}), placement));
  }
  for (const Placement placement : {Placement::heads_first, Placement::padded_rows}) {  // more keys than 512
    table.push_back(placed(shaped(KI_DTYPE_FLOAT16, 2, {1, 530}, {4, 2}, {40, 33}), placement));
    table.push_back(placed(causal(shaped(KI_DTYPE_FLOAT32, 2, {29, 530}, {4, 2}, {40, 33})), placement));
  }
}

/// Scales of every sign and size. 200 takes scores of 64 normal products beyond +-1e4.
void add_scales(Table& table) {
  for (const float scale : {0.0F, -0.25F, 1.0F, 200.0F, -200.0F, 1e-3F, 1e-30F}) {
    for (const ki_dtype dtype : kDtypes) {
      table.push_back(scaled(shaped(dtype, 2, {70, 67}, {2, 2}, {64, 32}), scale));
      if (std::abs(scale) > 1) continue;
      table.push_back(scaled(causal(shaped(dtype, 2, {2, 600}, {2, 2}, {64, 33})), scale));
    }
  }
  table.push_back(scaled(causal(shaped(KI_DTYPE_FLOAT32, 1, {33, 550}, {2, 2}, {64, 64})), 200.0F));
}

void add_contents(Table& table) {
  for (const Contents contents :
       {Contents::retrieval, Contents::equal_scores, Contents::wide_values, Contents::subnormal}) {
    for (const ki_dtype dtype : kDtypes) {
      table.push_back(holding(shaped(dtype, 1, {45, 71}, {6, 2}, {32, 20}), contents));
      for (const Pair& length : {Pair{45, 71}, Pair{5, 529}, Pair{1, 529}}) {
        table.push_back(holding(causal(shaped(dtype, 1, length, {6, 2}, {32, 20})), contents));
      }
    }
  }
  for (const Contents contents : {Contents::nan_query, Contents::nan_key, Contents::nan_value, Contents::infinite_key,
                                  Contents::infinite_value}) {
    for (const ki_dtype dtype : kDtypes) {
      table.push_back(holding(shaped(dtype, 2, {45, 39}, {4, 2}, {20, 18}), contents));
      for (const Pair& length : {Pair{45, 39}, Pair{3, 530}}) {
        table.push_back(holding(causal(shaped(dtype, 2, length, {4, 2}, {20, 18})), contents));
      }
    }
  }
  for (const ki_dtype dtype : kDtypes) {
    for (const Pair& length : {Pair{20, 640}, Pair{1, 640}, Pair{17, 600}}) {
      table.push_back(holding(shaped(dtype, 1, length, {2, 1}, {16, 16}), Contents::hidden_keys));
    }
  }
}

/// What takes the fastest kernels of a GPU: heads of 64 and 128 in aligned rows of 16-bit elements. Lengths one off its
/// tiles of 128 queries and of 64 and 128 keys, with the diagonal at every place in a tile, and values that must not leak.
void add_aligned_heads(Table& table) {
  constexpr Pair lengths[] = {{1, 1},     {29, 37},  {64, 64},  {127, 129}, {129, 127},
                              {128, 128}, {200, 65}, {65, 200}, {5, 300}};
  for (const ki_dtype dtype : {KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16}) {
    for (const int dim : {64, 128}) {
      for (const Pair& length : lengths) {
        const AttentionCase c = placed(shaped(dtype, 1, length, {2, 1}, {dim, dim}), Placement::aligned);
        table.push_back(c);
        table.push_back(causal(c));
      }
      for (const Contents contents : {Contents::retrieval, Contents::nan_query, Contents::nan_key, Contents::nan_value,
                                      Contents::infinite_key, Contents::infinite_value}) {
        const AttentionCase c = placed(shaped(dtype, 2, {131, 140}, {4, 2}, {dim, dim}), Placement::aligned);
        table.push_back(holding(c, contents));
        table.push_back(holding(causal(c), contents));
      }
      for (const float scale : {0.0F, -0.25F, 200.0F}) {
        table.push_back(scaled(placed(shaped(dtype, 1, {70, 67}, {2, 2}, {dim, dim}), Placement::aligned), scale));
      }
      table.push_back(
          holding(placed(shaped(dtype, 1, {17, 640}, {2, 1}, {dim, dim}), Placement::aligned), Contents::hidden_keys));
      table.push_back(without_logsumexp(placed(shaped(dtype, 3, {70, 90}, {6, 3}, {dim, dim}), Placement::aligned)));
    }
  }
}

}  // namespace

void add_plain_cases(Table& table) {
  for (const auto add : {add_head_dims, add_lengths, add_tiles, add_causal, add_groups, add_placements, add_scales,
                         add_contents, add_aligned_heads}) {
    add(table);
  }
}

const std::vector<AttentionCase>& scheduling_cases() {
  static const Table table{
      shaped(KI_DTYPE_FLOAT32, 1, {1, 13}, {2, 2}, {64, 64}),
      shaped(KI_DTYPE_FLOAT32, 1, {13, 13}, {12, 12}, {64, 64}),
      shaped(KI_DTYPE_BFLOAT16, 1, {1, 4099}, {8, 2}, {128, 128}),
      shaped(KI_DTYPE_FLOAT32, 1, {1, 9001}, {1, 1}, {64, 40}),
      causal(shaped(KI_DTYPE_FLOAT32, 1, {1025, 1025}, {1, 1}, {64, 64})),
      causal(shaped(KI_DTYPE_FLOAT16, 3, {257, 600}, {6, 2}, {80, 96})),
      shaped(KI_DTYPE_BFLOAT16, 2, {530, 529}, {5, 5}, {33, 31}),
      shaped(KI_DTYPE_FLOAT32, 7, {3, 2000}, {4, 1}, {96, 64}),
  };
  return table;
}

}  // namespace ki::test
