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

/// Keys that a query sees before and behind its position; -1: all.
struct Window {
  std::int64_t left = -1;
  std::int64_t right = -1;
};

/// Dimensions along which bias or mask has length 1.
enum class Shared { nothing, batch, heads, queries, heads_and_queries, everything };

struct BiasCase {
  Shared shared = Shared::nothing;
  bool float32 = false;      ///< whatever the query's type is
  bool hides = false;        ///< some elements are -inf: of rows, of tiles, and here and there
  std::int64_t shorter = 0;  ///< by how much it is shorter than the longest sequence, along queries and keys
};

enum class MaskPattern {
  scattered,  ///< hides here and there, whole rows, and whole tiles
  all_true,
  padding,  ///< hides the last third of the keys
};

struct MaskCase {
  Shared shared = Shared::nothing;
  MaskPattern pattern = MaskPattern::scattered;
  std::int64_t shorter = 0;  ///< as for the bias
};

struct TreeCase {
  std::int64_t draft_length = 0;
  bool per_batch = false;
  bool chain = false;  ///< each draft token is the child of the one before; else of any before
};

enum class Alibi { none, per_head, per_batch };

/// Key and value are a cache of seq_k keys for each sequence, of which `used` count.
struct CacheCase {
  std::int64_t page_size = 0;            ///< 0: contiguous
  bool slots = false;                    ///< sequences lie in slots by index
  bool shared_prefix = false;            ///< the first page of a paged cache belongs to all sequences
  std::optional<ki_dtype> dtype{};       ///< the query's, unless given
  std::vector<std::int64_t> appended{};  ///< new keys of each sequence
  bool packed_new = false;               ///< new keys lie packed; else all sequences have as many
  std::int64_t rotary_dim = 0;           ///< 0: no rotary embedding
  bool interleaved = false;
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

  // What queries see, and what happens to scores.
  std::optional<Window> window{};
  std::int64_t sink_count = 0;
  float softcap = 0;
  std::optional<BiasCase> bias{};
  std::optional<MaskCase> mask{};
  Alibi alibi = Alibi::none;
  std::optional<TreeCase> tree{};
  float dropout = 0;

  // Where sequences are. Each list has an entry for each sequence; the batch is as long as the lists.
  std::vector<std::int64_t> packed_q{};  ///< lengths of packed queries, in place of batch and seq_q
  std::vector<std::int64_t> packed_k{};  ///< lengths of packed keys, in place of batch and seq_k
  std::vector<std::int64_t> used{};      ///< seqused_k
  std::optional<CacheCase> cache{};
  std::int32_t split_count = 0;
  std::optional<ki_dtype> keys_of{};  ///< type of key and value under a float32 query, without a cache

  /// Unique, and made of letters, digits and underscores, as GoogleTest demands.
  std::string name() const;

  /// Multiplications and additions of the two products, of the keys that are seen by position.
  std::int64_t flops() const;

  // Lengths of sequence b; seq_k_of counts the appended keys, seq_new_of, too.
  std::int64_t sequence_count() const;
  std::int64_t seq_q_of(std::int64_t b) const;
  std::int64_t seq_k_of(std::int64_t b) const;
  std::int64_t seq_new_of(std::int64_t b) const;
  std::int64_t longest_q() const;
  std::int64_t longest_k() const;

  ki_dtype key_dtype() const { return cache && cache->dtype ? *cache->dtype : keys_of.value_or(dtype); }
};

void PrintTo(const AttentionCase& attention_case, std::ostream* stream);

/// The table that drives every backend.
const std::vector<AttentionCase>& attention_cases();

/// The few that exercise every path of scheduling (one tile, many, long rows, single queries, groups), for tests that
/// repeat each many times.
const std::vector<AttentionCase>& scheduling_cases();

}  // namespace ki::test
