#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "kernels_interop.h"

namespace ki::test {

/// What the tensors hold.
enum class Contents {
  normal,          ///< normally distributed
  retrieval,       ///< each query matches one key so well that the output is that key's value
  equal_scores,    ///< all keys alike: every score ties
  wide_values,     ///< values over 40 powers of two
  subnormal,       ///< values around the smallest subnormals of the type
  nan_query,       ///< NaN in one query
  nan_key,         ///< NaN in one key
  nan_value,       ///< NaN in one value
  infinite_key,    ///< a key whose score is +inf or -inf, by the sign of the query
  infinite_value,  ///< values of +inf, and of both signs in one column
  hidden_keys,     ///< the first 600 keys have score -inf
};

/// Where the tensors lie in memory.
enum class Placement {
  dense,            ///< [B, L, H, D]
  heads_first,      ///< [B, H, L, D] storage
  sequence_first,   ///< [L, B, H, D] storage
  padded_rows,      ///< NaN between the rows of every tensor
  broadcast_batch,  ///< one key and value for all batches
  broadcast_heads,  ///< one key and value for all heads, through a stride of 0
  broadcast_query,  ///< one query for all positions
  aligned,          ///< dense, every tensor at a multiple of 64 bytes
  packed,           ///< query, key, value and output side by side in the rows of one matrix
};

/// One attention problem that every backend must solve.
struct AttentionCase {
  ki_dtype dtype = KI_DTYPE_FLOAT32;
  std::int64_t batch = 1;
  std::int64_t seq_q = 1;
  std::int64_t seq_k = 1;
  std::int64_t heads_q = 1;
  std::int64_t heads_kv = 1;
  std::int64_t head_dim = 1;
  std::int64_t head_dim_v = 1;
  bool causal = false;
  std::optional<float> scale{};
  bool logsumexp = true;
  Contents contents = Contents::normal;
  Placement placement = Placement::dense;

  /// Unique, and made of letters, digits and underscores, as GoogleTest demands.
  std::string name() const;

  /// Multiplications and additions of the two products, of visible keys only.
  std::int64_t flops() const;
};

void PrintTo(const AttentionCase& attention_case, std::ostream* stream);

/// The table that drives every backend.
const std::vector<AttentionCase>& attention_cases();

/// The few that exercise every path of scheduling (one tile, many, long rows, single queries, groups), for tests that
/// repeat each many times.
const std::vector<AttentionCase>& scheduling_cases();

}  // namespace ki::test
