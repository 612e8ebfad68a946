// Where the keys of a sequence lie, as kernels are told: in a tensor of their own, in a slot of a contiguous cache or on the
// pages of one. A value lies where its key does.
#pragma once

#include <cstdint>

#include "attention/cuda/sequences.h"
#include "cuda/device/host_device.h"

namespace ki::attention::cuda {

// A row of the tensors of keys and values: of which entry of their first dimension, and which of it.
struct KeyPlace {
  std::int32_t entry, row;
};

// Where one sequence's keys lie.
struct KeyPlaces {
  const std::int32_t* pages;  // null: all in one entry
  std::int32_t page_size, entries;
  std::int32_t entry, first_row;

  KI_HOST_DEVICE KeyPlace of(std::int32_t key) const {
    if (pages == nullptr) return {entry, first_row + key};
    const auto place = static_cast<std::uint32_t>(key), size = static_cast<std::uint32_t>(page_size);
    return {clamped(pages[place / size], 0, entries - 1), static_cast<std::int32_t>(place % size)};
  }
};

// New keys of one sequence: rows of the tensors that hold them.
struct NewRows {
  std::int32_t first, count;
};

struct CacheParams {
  Sequences sequences;
  const std::int32_t* block_table;     // [batch, pages of a sequence]; null: not paged
  const std::int32_t* cache_slots;     // [batch]; null: sequence b lies in entry b
  const std::int32_t* cu_seqlens_new;  // [batch + 1]; null if new keys are not packed
  std::int64_t table_stride;           // elements from the pages of one sequence to those of the next
  std::int32_t page_size;
  std::int32_t entries;  // pages, slots, or batch entries
  std::int32_t
      rows_new;  // of new keys: of each sequence, or of all together where they are packed; 0: nothing is appended

  KI_HOST_DEVICE NewRows new_rows(std::int32_t b) const {
    if (cu_seqlens_new == nullptr) return {0, rows_new};
    const std::int32_t first = clamped(cu_seqlens_new[b], 0, rows_new);
    return {first, clamped(cu_seqlens_new[b + 1], first, rows_new) - first};
  }

  // With the keys that were appended.
  KI_HOST_DEVICE SequenceRows rows(std::int32_t b) const {
    SequenceRows rows = sequences.rows(b);
    if (rows_new > 0) rows.seq_k = clamped(rows.seq_k + new_rows(b).count, 0, sequences.rows_k);
    return rows;
  }

  KI_HOST_DEVICE KeyPlaces places(std::int32_t b, std::int32_t first_key) const {
    if (block_table != nullptr) return {block_table + b * table_stride, page_size, entries, 0, 0};
    const std::int32_t entry = cache_slots == nullptr ? b : clamped(cache_slots[b], 0, entries - 1);
    return {nullptr, 0, entries, entry, first_key};
  }
};

}  // namespace ki::attention::cuda
