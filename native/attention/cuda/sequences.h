// Where a batch's sequences lie, as kernels are told: lengths and offsets are in device memory, and the host has not seen
// them.
#pragma once

#include <cstdint>

#include "cuda/device/host_device.h"

namespace ki::attention::cuda {

// Lengths beyond this are refused, so that the sum of two positions fits in 32 bits, even where a tile hangs over the end.
inline constexpr std::int64_t kMaxLength = (std::int64_t{1} << 30) - 256;

KI_HOST_DEVICE constexpr std::int32_t clamped(std::int32_t x, std::int32_t low, std::int32_t high) {
  return x < low ? low : x > high ? high : x;
}

// Rows of one sequence: where they begin in the tensors, and how many they are.
struct SequenceRows {
  std::int32_t first_query, seq_q;
  std::int32_t first_key, seq_k;
};

struct Sequences {
  const std::int32_t* cu_seqlens_q;  // [batch + 1]; null if queries are not packed
  const std::int32_t* cu_seqlens_k;  // [batch + 1]; null if keys are not packed
  const std::int32_t* seqused_k;     // [batch]; null if all keys count
  std::int32_t batch;
  std::int32_t rows_q, rows_k;  // of the tensors: of each batch entry, or of all together where they are packed

  // Where sequence b's queries begin among the packed ones. What is out of range is cut to the range, here and below:
  // whatever the numbers are, no row outside the tensors is touched.
  KI_HOST_DEVICE std::int32_t first_query(std::int32_t b) const { return clamped(cu_seqlens_q[b], 0, rows_q); }

  KI_HOST_DEVICE SequenceRows rows(std::int32_t b) const {
    SequenceRows rows{0, rows_q, 0, rows_k};
    if (cu_seqlens_q != nullptr) {
      rows.first_query = first_query(b);
      rows.seq_q = clamped(cu_seqlens_q[b + 1], rows.first_query, rows_q) - rows.first_query;
    }
    if (cu_seqlens_k != nullptr) {
      rows.first_key = clamped(cu_seqlens_k[b], 0, rows_k);
      rows.seq_k = clamped(cu_seqlens_k[b + 1], rows.first_key, rows_k) - rows.first_key;
    }
    if (seqused_k != nullptr) rows.seq_k = clamped(seqused_k[b], 0, rows.seq_k);
    return rows;
  }
};

// Packed queries are cut into tiles without knowing a length. With `rows` rows a tile, sequence b is given the tiles from
// first_query(b) / rows + b on. The next one's begin at least as many later as its own queries need, and often one more,
// which stays empty.
struct PackedTile {
  std::int32_t sequence;
  std::int32_t tile;  // of the sequence; may lie behind its end
};

KI_HOST_DEVICE constexpr std::int64_t packed_tiles(std::int64_t rows_q, std::int64_t batch, std::int32_t rows) {
  return rows_q == 0 || batch == 0 ? 0 : rows_q / rows + batch;
}

// The sequence that a tile of the batch belongs to: the last whose tiles do not begin behind it.
KI_HOST_DEVICE inline PackedTile find_packed_tile(const Sequences& sequences, std::int32_t tile, std::int32_t rows) {
  std::int32_t low = 0, high = sequences.batch;
  while (high - low > 1) {
    const std::int32_t middle = low + (high - low) / 2;
    (sequences.first_query(middle) / rows + middle <= tile ? low : high) = middle;
  }
  return {low, tile - (sequences.first_query(low) / rows + low)};
}

}  // namespace ki::attention::cuda
