// Where the keys and values of a sequence lie: one table of row addresses, whatever the layout (batch entries, packed
// sequences, slots or pages of a cache), so that kernels need not know any.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "attention/cpu/at.h"
#include "attention/problem.h"

namespace ki::attention::cpu {

// Addresses of the rows of keys [first, first + count) of a sequence, at head 0, in a tensor that is laid out as the
// problem's key is: key, value, and their scales. Head h lies h * strides[2] elements further.
inline void row_addresses(const Problem& p, const Sequence& sequence, std::int64_t batch, const Tensor& tensor,
                          std::int64_t first, int count, std::byte** rows) {
  const std::int64_t element = size_of(tensor.dtype), row_bytes = tensor.strides[1] * element;
  const auto row_at = [&](std::int64_t entry, std::int64_t row) {
    return tensor.data + entry * tensor.strides[0] * element + row * row_bytes;
  };
  const std::int64_t page_size = p.cache.page_size;
  if (page_size == 0) {
    std::byte* row = row_at(sequence.key_batch, sequence.first_key + first);
    for (int i = 0; i < count; ++i, row += row_bytes) rows[i] = row;
    return;
  }
  for (int i = 0; i < count;) {
    const std::int64_t page = (first + i) / page_size, within = (first + i) % page_size;
    const auto in_page = static_cast<int>(std::min<std::int64_t>(count - i, page_size - within));
    std::byte* row = row_at(*at<const std::int32_t>(p.cache.block_table, batch, page), within);
    for (const int end = i + in_page; i < end; ++i, row += row_bytes) rows[i] = row;
  }
}

}  // namespace ki::attention::cpu
