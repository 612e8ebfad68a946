#include "attention/attention_cases.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include "support/dtype.h"

namespace ki::test {
namespace {

const char* name_of(Contents contents) {
  constexpr std::array names{"normal",  "retrieval", "equal_scores", "wide_values",    "subnormal",  "nan_query",
                             "nan_key", "nan_value", "infinite_key", "infinite_value", "hidden_keys"};
  return names.at(static_cast<std::size_t>(contents));
}

const char* name_of(Placement placement) {
  constexpr std::array names{"dense",           "heads_first",     "sequence_first", "padded_rows", "broadcast_batch",
                             "broadcast_heads", "broadcast_query", "aligned",        "packed"};
  return names.at(static_cast<std::size_t>(placement));
}

const char* suffix_of(Shared shared) {
  constexpr std::array suffixes{"", "_b1", "_h1", "_q1", "_h1_q1", "_b1_h1_q1"};
  return suffixes.at(static_cast<std::size_t>(shared));
}

const char* suffix_of(MaskPattern pattern) {
  constexpr std::array suffixes{"", "_all_true", "_padding"};
  return suffixes.at(static_cast<std::size_t>(pattern));
}

std::string name_of_number(float number) {
  std::ostringstream text;
  text << number;
  std::string name = text.str();
  for (const auto& [symbol, word] : {std::pair{'-', 'm'}, std::pair{'.', 'p'}, std::pair{'+', 'e'}}) {
    std::ranges::replace(name, symbol, word);
  }
  return name;
}

std::string name_of_side(std::int64_t side) { return side < 0 ? "all" : std::to_string(side); }

/// `_q3_0_5` for packed lengths, which are marked so that no other lengths read the same.
std::string name_of_list(const char* prefix, const std::vector<std::int64_t>& list) {
  std::string text;
  for (const std::int64_t length : list) text += (text.empty() ? prefix : "_") + std::to_string(length);
  return text;
}

void write_lengths(const AttentionCase& c, std::ostream& text) {
  if (c.packed_q.empty() && c.packed_k.empty()) text << "_b" << c.batch;
  c.packed_q.empty() ? text << "_q" << c.seq_q : text << name_of_list("_packed_q", c.packed_q);
  c.packed_k.empty() ? text << "_k" << c.seq_k : text << name_of_list("_packed_k", c.packed_k);
  text << name_of_list("_used", c.used);
}

void write_scores(const AttentionCase& c, std::ostream& text) {
  if (c.window) text << "_window_" << name_of_side(c.window->left) << "_" << name_of_side(c.window->right);
  if (c.sink_count > 0) text << "_sinks" << c.sink_count;
  if (c.softcap != 0) text << "_softcap" << name_of_number(c.softcap);
  if (c.bias) {
    text << "_bias" << (c.bias->float32 ? "_f32" : "") << suffix_of(c.bias->shared) << (c.bias->hides ? "_hides" : "");
    if (c.bias->shorter > 0) text << "_shorter" << c.bias->shorter;
  }
  if (c.mask) {
    text << "_mask" << suffix_of(c.mask->pattern) << suffix_of(c.mask->shared);
    if (c.mask->shorter > 0) text << "_shorter" << c.mask->shorter;
  }
  if (c.alibi != Alibi::none) text << (c.alibi == Alibi::per_head ? "_alibi" : "_alibi_per_batch");
  if (c.tree) {
    text << (c.tree->chain ? "_chain" : "_tree") << c.tree->draft_length << (c.tree->per_batch ? "_per_batch" : "");
  }
  if (c.dropout != 0) text << "_dropout" << name_of_number(c.dropout);
}

void write_cache(const CacheCase& cache, std::ostream& text) {
  cache.page_size > 0 ? text << "_paged" << cache.page_size : text << "_cache";
  if (cache.slots) text << "_slots";
  if (cache.shared_prefix) text << "_shared_prefix";
  if (cache.dtype) text << "_of_" << dtype_name(*cache.dtype);
  if (!cache.appended.empty()) text << name_of_list(cache.packed_new ? "_packed_new" : "_new", cache.appended);
  if (cache.rotary_dim > 0) text << "_rotary" << cache.rotary_dim << (cache.interleaved ? "_interleaved" : "");
}

}  // namespace

std::string AttentionCase::name() const {
  std::ostringstream text;
  text << dtype_name(dtype);
  write_lengths(*this, text);
  text << "_h" << heads_q << "x" << heads_kv << "_d" << head_dim << "x" << head_dim_v;
  if (causal) text << "_causal";
  if (scale) text << "_scale_" << name_of_number(*scale);
  write_scores(*this, text);
  if (cache) write_cache(*cache, text);
  if (keys_of) text << "_keys_of_" << dtype_name(*keys_of);
  if (split_count != 0) text << "_split" << split_count;
  if (!logsumexp) text << "_no_logsumexp";
  if (contents != Contents::normal) text << "_" << name_of(contents);
  if (placement != Placement::dense) text << "_" << name_of(placement);
  return text.str();
}

std::int64_t AttentionCase::sequence_count() const {
  if (!packed_q.empty()) return std::ssize(packed_q);
  return packed_k.empty() ? batch : std::ssize(packed_k);
}

std::int64_t AttentionCase::seq_q_of(std::int64_t b) const {
  return packed_q.empty() ? seq_q : packed_q.at(static_cast<std::size_t>(b));
}

std::int64_t AttentionCase::seq_new_of(std::int64_t b) const {
  return !cache || cache->appended.empty() ? 0 : cache->appended.at(static_cast<std::size_t>(b));
}

std::int64_t AttentionCase::seq_k_of(std::int64_t b) const {
  const auto i = static_cast<std::size_t>(b);
  if (!used.empty()) return used.at(i) + seq_new_of(b);
  return packed_k.empty() ? seq_k : packed_k.at(i);
}

std::int64_t AttentionCase::longest_q() const { return packed_q.empty() ? seq_q : *std::ranges::max_element(packed_q); }

std::int64_t AttentionCase::longest_k() const { return packed_k.empty() ? seq_k : *std::ranges::max_element(packed_k); }

std::int64_t AttentionCase::flops() const {
  std::int64_t pairs = 0;
  for (std::int64_t b = 0; b < sequence_count(); ++b) {
    const std::int64_t keys = seq_k_of(b);
    for (std::int64_t i = 0; i < seq_q_of(b); ++i) {
      const std::int64_t position = i + keys - seq_q_of(b);
      std::int64_t end = causal ? position + 1 : keys;
      if (window && window->right >= 0) end = std::min(end, position + window->right + 1);
      const std::int64_t begin = window && window->left >= 0 ? std::max<std::int64_t>(position - window->left, 0) : 0;
      end = std::clamp<std::int64_t>(end, 0, keys);
      pairs += std::max<std::int64_t>(end - begin, 0) + std::min({sink_count, begin, end});
    }
  }
  return 2 * heads_q * pairs * (head_dim + head_dim_v);
}

void PrintTo(const AttentionCase& attention_case, std::ostream* stream) {
  *stream << attention_case.name() << " (" << attention_case.flops() << " flop)";
}

}  // namespace ki::test
