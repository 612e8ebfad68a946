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
  constexpr std::array names{"dense",           "heads_first",     "sequence_first",  "padded_rows",
                             "broadcast_batch", "broadcast_heads", "broadcast_query", "aligned", "packed"};
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

}  // namespace ki::test
