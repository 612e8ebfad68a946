#include "attention/attention_cases.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "support/dtype.h"

namespace ki::test {
namespace {

using Table = std::vector<AttentionCase>;

constexpr std::array kDtypes{KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16};

const char* name_of(Contents contents) {
  constexpr std::array names{"normal",    "retrieval", "equal_scores", "wide_values",  "subnormal",      "nan_query",
                             "nan_key",   "nan_value", "infinite_key", "infinite_value", "hidden_keys"};
  return names.at(static_cast<std::size_t>(contents));
}

const char* name_of(Placement placement) {
  constexpr std::array names{"dense",           "heads_first",     "sequence_first",  "padded_rows",
                             "broadcast_batch", "broadcast_heads", "broadcast_query", "packed"};
  return names.at(static_cast<std::size_t>(placement));
}

std::string name_of_scale(float scale) {
  std::ostringstream text;
  text << scale;
  std::string name = text.str();
  for (const auto& [symbol, word] : {std::pair{'-', 'm'}, std::pair{'.', 'p'}, std::pair{'+', 'e'}}) {
    std::ranges::replace(name, symbol, word);
  }
  return name;
}

/// Head dimensions with every remainder modulo the widths of vectors and tiles; values wider, narrower and equal.
void add_head_dims(Table& table) {
  constexpr std::array<std::pair<int, int>, 27> dims{{{1, 1},     {1, 256},   {3, 7},     {7, 3},     {8, 8},
                                                      {16, 24},   {24, 16},   {31, 33},   {32, 31},   {33, 32},
                                                      {40, 64},   {64, 40},   {64, 64},   {72, 80},   {80, 72},
                                                      {96, 96},   {100, 128}, {128, 100}, {128, 128}, {160, 192},
                                                      {192, 160}, {192, 128}, {200, 255}, {255, 200}, {255, 256},
                                                      {256, 1},   {256, 256}}};
  for (std::size_t i = 0; i < dims.size(); ++i) {
    AttentionCase c{.seq_q = 29, .seq_k = 37, .heads_q = 2, .head_dim = dims[i].first, .head_dim_v = dims[i].second};
    c.heads_kv = i % 2 == 0 ? 2 : 1;
    c.causal = i % 3 == 0;
    for (const ki_dtype dtype : kDtypes) {
      c.dtype = dtype;
      table.push_back(c);
    }
  }
}

/// Lengths 0, 1, and one off every multiple of 6, 14, 16, 32 and 512 that a tile may have.
void add_lengths(Table& table) {
  constexpr std::array<std::pair<int, int>, 37> lengths{
      {{0, 0},     {0, 5},     {5, 0},     {1, 1},     {1, 2},      {2, 1},      {1, 16},    {1, 127},  {1, 511},
       {1, 512},   {1, 513},   {1, 1025},  {2, 33},    {5, 6},      {6, 7},      {7, 5},     {13, 13},  {14, 14},
       {15, 15},   {16, 16},   {13, 16},   {27, 29},   {28, 31},    {29, 27},    {31, 33},   {33, 31},  {63, 65},
       {65, 63},   {64, 64},   {127, 129}, {129, 127}, {512, 15},   {14, 512},   {15, 527},  {28, 529}, {529, 28},
       {513, 511}}};
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    AttentionCase c{.dtype = kDtypes[i % 3], .seq_q = lengths[i].first, .seq_k = lengths[i].second, .head_dim = 16};
    c.head_dim_v = 24;
    table.push_back(c);
    c.causal = true;
    table.push_back(c);
    if (c.dtype != KI_DTYPE_FLOAT32) {  // lengths are where a wrong key hides, and float32 is where it is seen
      c.dtype = KI_DTYPE_FLOAT32;
      table.push_back(c);
    }
  }
  for (const auto& [seq_q, seq_k] : {std::pair{1000, 1000}, std::pair{1025, 1025}, std::pair{1000, 1025},
                                     std::pair{1025, 1000}, std::pair{128, 1025}}) {
    table.push_back({.seq_q = seq_q, .seq_k = seq_k, .head_dim = 32, .head_dim_v = 32, .causal = true});
  }
  table.push_back({.dtype = KI_DTYPE_BFLOAT16, .seq_q = 512, .seq_k = 1025, .head_dim = 32, .head_dim_v = 32});
  table.push_back({.seq_q = 127, .seq_k = 1025, .heads_q = 3, .heads_kv = 3, .head_dim = 64, .head_dim_v = 64});
}

/// Causality with far fewer keys than queries, and the reverse.
void add_causal(Table& table) {
  for (const auto& [seq_q, seq_k] : {std::pair{40, 7}, std::pair{7, 40}, std::pair{65, 64}, std::pair{64, 65},
                                     std::pair{300, 20}, std::pair{3, 527}, std::pair{530, 515}}) {
    for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, KI_DTYPE_BFLOAT16}) {
      table.push_back({.dtype = dtype, .batch = 2, .seq_q = seq_q, .seq_k = seq_k, .heads_q = 2, .heads_kv = 1,
                       .head_dim = 20, .head_dim_v = 12, .causal = true});
    }
  }
}

/// Every ratio of query heads to key heads, for prompts and for single queries; batches of 0, 1 and 3.
void add_groups(Table& table) {
  constexpr std::array<std::pair<int, int>, 10> heads{
      {{1, 1}, {4, 4}, {4, 2}, {6, 2}, {5, 1}, {10, 2}, {14, 2}, {16, 2}, {16, 1}, {32, 2}}};
  for (std::size_t i = 0; i < heads.size(); ++i) {
    for (const int seq_q : {1, 2, 19}) {
      for (const ki_dtype dtype : {KI_DTYPE_FLOAT32, i % 2 == 0 ? KI_DTYPE_BFLOAT16 : KI_DTYPE_FLOAT16}) {
        table.push_back({.dtype = dtype, .batch = seq_q == 2 ? 3 : 1, .seq_q = seq_q, .seq_k = 45,
                         .heads_q = heads[i].first, .heads_kv = heads[i].second, .head_dim = 40, .head_dim_v = 24,
                         .causal = i % 2 == 0});
      }
    }
  }
  table.push_back({.batch = 0, .seq_q = 5, .seq_k = 5, .heads_q = 2, .heads_kv = 1, .head_dim = 8, .head_dim_v = 8});
  table.push_back({.seq_q = 5, .seq_k = 5, .heads_q = 0, .heads_kv = 0, .head_dim = 8, .head_dim_v = 8});
  table.push_back({.batch = 3, .seq_q = 70, .seq_k = 90, .heads_q = 6, .heads_kv = 3, .head_dim = 64, .head_dim_v = 64,
                   .causal = true, .logsumexp = false});
  table.push_back({.dtype = KI_DTYPE_BFLOAT16, .batch = 3, .seq_q = 16, .seq_k = 32, .heads_q = 8, .heads_kv = 8,
                   .head_dim = 128, .head_dim_v = 128, .logsumexp = false});
}

void add_placements(Table& table) {
  for (const auto placement :
       {Placement::heads_first, Placement::sequence_first, Placement::padded_rows, Placement::broadcast_batch,
        Placement::broadcast_heads, Placement::broadcast_query, Placement::packed}) {
    for (const ki_dtype dtype : kDtypes) {
      table.push_back({.dtype = dtype, .batch = 3, .seq_q = 35, .seq_k = 35, .heads_q = 4, .heads_kv = 2,
                       .head_dim = 24, .head_dim_v = 17, .causal = dtype == KI_DTYPE_BFLOAT16,
                       .placement = placement});
    }
    table.push_back({.batch = 2, .seq_q = 1, .seq_k = 1, .heads_q = 6, .heads_kv = 2, .head_dim = 33, .head_dim_v = 31,
                     .placement = placement});
    table.push_back({.batch = 1, .seq_q = 70, .seq_k = 70, .heads_q = 3, .heads_kv = 3, .head_dim = 64,
                     .head_dim_v = 64, .placement = placement});
  }
  for (const auto placement : {Placement::heads_first, Placement::padded_rows}) {  // more keys than a packed chunk
    table.push_back({.dtype = KI_DTYPE_FLOAT16, .batch = 2, .seq_q = 1, .seq_k = 530, .heads_q = 4, .heads_kv = 2,
                     .head_dim = 40, .head_dim_v = 33, .placement = placement});
    table.push_back({.batch = 2, .seq_q = 29, .seq_k = 530, .heads_q = 4, .heads_kv = 2, .head_dim = 40,
                     .head_dim_v = 33, .causal = true, .placement = placement});
  }
}

/// Scales of every sign and size. 200 takes scores of 64 normal products beyond +-1e4.
void add_scales(Table& table) {
  for (const float scale : {0.0F, -0.25F, 1.0F, 200.0F, -200.0F, 1e-3F, 1e-30F}) {
    for (const ki_dtype dtype : kDtypes) {
      AttentionCase c{.dtype = dtype, .batch = 2, .seq_q = 70, .seq_k = 67, .heads_q = 2, .heads_kv = 2,
                      .head_dim = 64, .head_dim_v = 32, .scale = scale};
      table.push_back(c);
      c.seq_q = 2;
      c.seq_k = 600;
      c.head_dim_v = 33;
      c.causal = true;
      if (std::abs(scale) < 2) table.push_back(c);
    }
  }
  table.push_back({.seq_q = 33, .seq_k = 550, .heads_q = 2, .heads_kv = 2, .head_dim = 64, .head_dim_v = 64,
                   .causal = true, .scale = 200.0F});
}

void add_contents(Table& table) {
  for (const auto contents : {Contents::retrieval, Contents::equal_scores, Contents::wide_values, Contents::subnormal}) {
    for (const ki_dtype dtype : kDtypes) {
      AttentionCase c{.dtype = dtype, .seq_q = 45, .seq_k = 71, .heads_q = 6, .heads_kv = 2, .head_dim = 32,
                      .head_dim_v = 20, .contents = contents};
      table.push_back(c);
      c.causal = true;
      table.push_back(c);
      c.seq_q = 5;
      c.seq_k = 529;
      table.push_back(c);
      c.seq_q = 1;
      table.push_back(c);
    }
  }
  for (const auto contents : {Contents::nan_query, Contents::nan_key, Contents::nan_value, Contents::infinite_key,
                              Contents::infinite_value}) {
    for (const ki_dtype dtype : kDtypes) {
      AttentionCase c{.dtype = dtype, .batch = 2, .seq_q = 45, .seq_k = 39, .heads_q = 4, .heads_kv = 2,
                      .head_dim = 20, .head_dim_v = 18, .causal = true, .contents = contents};
      table.push_back(c);
      c.causal = false;
      table.push_back(c);
      c.seq_q = 3;
      c.seq_k = 530;
      c.causal = true;
      table.push_back(c);
    }
  }
  for (const ki_dtype dtype : kDtypes) {
    for (const auto& [seq_q, seq_k] : {std::pair{20, 640}, std::pair{1, 640}, std::pair{17, 600}}) {
      table.push_back({.dtype = dtype, .seq_q = seq_q, .seq_k = seq_k, .heads_q = 2, .heads_kv = 1, .head_dim = 16,
                       .head_dim_v = 16, .contents = Contents::hidden_keys});
    }
  }
}

Table build_table() {
  Table table;
  for (const auto add : {add_head_dims, add_lengths, add_causal, add_groups, add_placements, add_scales, add_contents}) {
    add(table);
  }
  std::set<std::string> names;
  for (const AttentionCase& c : table) {
    if (!names.insert(c.name()).second) throw std::logic_error("the case " + c.name() + " stands twice in the table");
  }
  return table;
}

}  // namespace

std::string AttentionCase::name() const {
  std::ostringstream text;
  text << dtype_name(dtype) << "_b" << batch << "_q" << seq_q << "_k" << seq_k << "_h" << heads_q << "x" << heads_kv
       << "_d" << head_dim << "x" << head_dim_v;
  if (causal) text << "_causal";
  if (scale) text << "_scale_" << name_of_scale(*scale);
  if (!logsumexp) text << "_no_logsumexp";
  if (contents != Contents::normal) text << "_" << name_of(contents);
  if (placement != Placement::dense) text << "_" << name_of(placement);
  return text.str();
}

std::int64_t AttentionCase::flops() const {
  std::int64_t pairs = 0;
  for (std::int64_t i = 0; i < seq_q; ++i) {
    pairs += causal ? std::clamp<std::int64_t>(i + seq_k - seq_q + 1, 0, seq_k) : seq_k;
  }
  return 2 * batch * heads_q * pairs * (head_dim + head_dim_v);
}

void PrintTo(const AttentionCase& attention_case, std::ostream* stream) {
  *stream << attention_case.name() << " (" << attention_case.flops() << " flop)";
}

const std::vector<AttentionCase>& attention_cases() {
  static const Table table = build_table();
  return table;
}

const std::vector<AttentionCase>& scheduling_cases() {
  static const Table table{
      {.seq_q = 1, .seq_k = 13, .heads_q = 2, .heads_kv = 2, .head_dim = 64, .head_dim_v = 64},
      {.seq_q = 13, .seq_k = 13, .heads_q = 12, .heads_kv = 12, .head_dim = 64, .head_dim_v = 64},
      {.dtype = KI_DTYPE_BFLOAT16, .seq_q = 1, .seq_k = 4099, .heads_q = 8, .heads_kv = 2, .head_dim = 128,
       .head_dim_v = 128},
      {.seq_q = 1, .seq_k = 9001, .heads_q = 1, .heads_kv = 1, .head_dim = 64, .head_dim_v = 40},
      {.seq_q = 1025, .seq_k = 1025, .heads_q = 1, .heads_kv = 1, .head_dim = 64, .head_dim_v = 64, .causal = true},
      {.dtype = KI_DTYPE_FLOAT16, .batch = 3, .seq_q = 257, .seq_k = 600, .heads_q = 6, .heads_kv = 2, .head_dim = 80,
       .head_dim_v = 96, .causal = true},
      {.dtype = KI_DTYPE_BFLOAT16, .batch = 2, .seq_q = 530, .seq_k = 529, .heads_q = 5, .heads_kv = 5,
       .head_dim = 33, .head_dim_v = 31},
      {.batch = 7, .seq_q = 3, .seq_k = 2000, .heads_q = 4, .heads_kv = 1, .head_dim = 96, .head_dim_v = 64},
  };
  return table;
}

}  // namespace ki::test
