#include "attention/contents.h"

#include <algorithm>
#include <set>

#include "core/error.h"

namespace ki::attention {
namespace {

std::int64_t element(const Tensor& tensor, std::int64_t i, std::int64_t j = 0) {
  return reinterpret_cast<const std::int32_t*>(tensor.data)[i * tensor.strides[0] + j * tensor.strides[1]];
}

// Offsets of packed sequences: from 0 to the number of rows, ascending.
void check_offsets(const Tensor& offsets, const char* name, std::int64_t rows, const char* packed) {
  if (offsets.rank == 0) return;
  if (element(offsets, 0) != 0) refuse(name, "[0] is ", element(offsets, 0), ", must be 0");
  const std::int64_t last = offsets.shape[0] - 1;
  for (std::int64_t b = 1; b <= last; ++b) {
    if (element(offsets, b) < element(offsets, b - 1)) {
      refuse(name, "[", b, "] is ", element(offsets, b), ", below [", b - 1, "], ", element(offsets, b - 1));
    }
  }
  if (element(offsets, last) > rows) {
    refuse(name, "[", last, "] is ", element(offsets, last), ", and ", packed, " has ", rows, " rows");
  }
}

void check_used(const Problem& p) {
  if (p.seqused_k.rank == 0) return;
  for (std::int64_t b = 0; b < p.batch; ++b) {
    const std::int64_t used = element(p.seqused_k, b);
    const std::int64_t room =
        p.cu_seqlens_k.rank == 0 ? p.seq_k : element(p.cu_seqlens_k, b + 1) - element(p.cu_seqlens_k, b);
    if (used < 0 || used > room)
      refuse("seqused_k", "[", b, "] is ", used, ", and the sequence has room for ", room, " keys");
    const Sequence s = p.sequence(b);
    if (p.appends() && s.seq_k > room) {
      refuse("new_key", "has ", s.seq_new, " keys for sequence ", b, ", whose ", used, " keys leave room for ",
             room - used);
    }
  }
}

void check_slots(const Problem& p) {
  const Tensor& slots = p.cache.cache_slots;
  if (slots.rank == 0) return;
  std::set<std::int64_t> written;
  for (std::int64_t b = 0; b < p.batch; ++b) {
    const std::int64_t slot = element(slots, b);
    if (slot < 0 || slot >= p.key.shape[0]) {
      refuse("cache_slots", "[", b, "] is ", slot, ", and the cache has ", p.key.shape[0], " slots");
    }
    if (p.appends() && p.sequence(b).seq_new > 0 && !written.insert(slot).second) {
      refuse("cache_slots", "[", b, "] is ", slot, ", which another sequence appends to as well");
    }
  }
}

void check_pages(const Problem& p) {
  const Tensor& table = p.cache.block_table;
  if (table.rank == 0) return;
  std::set<std::int64_t> written;
  for (std::int64_t b = 0; b < p.batch; ++b) {
    const Sequence s = p.sequence(b);
    const std::int64_t page_size = p.cache.page_size;
    for (std::int64_t i = 0; i * page_size < s.seq_k; ++i) {
      const std::int64_t page = element(table, b, i);
      if (page < 0 || page >= p.key.shape[0]) {
        refuse("block_table", "[", b, ", ", i, "] is ", page, ", and the cache has ", p.key.shape[0], " pages");
      }
      const bool is_written = s.seq_new > 0 && (i + 1) * page_size > s.cached();
      if (is_written && !written.insert(page).second) {
        refuse("block_table", "[", b, ", ", i, "] is ", page, ", a page that is appended to twice");
      }
    }
  }
}

}  // namespace

Sequence Problem::sequence(std::int64_t b) const {
  Sequence s{0, seq_q, b, 0, seq_k, 0, 0};
  if (cu_seqlens_q.rank > 0) {
    s.first_query = element(cu_seqlens_q, b);
    s.seq_q = element(cu_seqlens_q, b + 1) - s.first_query;
  }
  if (cu_seqlens_k.rank > 0) {
    s.first_key = element(cu_seqlens_k, b);
    s.seq_k = element(cu_seqlens_k, b + 1) - s.first_key;
  }
  if (seqused_k.rank > 0) s.seq_k = element(seqused_k, b);
  if (cache.cache_slots.rank > 0) s.key_batch = element(cache.cache_slots, b);
  if (!appends()) return s;
  s.seq_new = cache.new_key.shape[1];
  if (cache.cu_seqlens_new.rank > 0) {
    s.first_new = element(cache.cu_seqlens_new, b);
    s.seq_new = element(cache.cu_seqlens_new, b + 1) - s.first_new;
  }
  s.seq_k += s.seq_new;
  return s;
}

void check_contents(const Problem& p) {
  check_offsets(p.cu_seqlens_q, "cu_seqlens_q", p.query.shape[1], "query");
  check_offsets(p.cu_seqlens_k, "cu_seqlens_k", p.key.shape[1], "key");
  check_offsets(p.cache.cu_seqlens_new, "cu_seqlens_new", p.cache.new_key.shape[1], "new_key");
  check_used(p);
  check_slots(p);
  check_pages(p);
}

}  // namespace ki::attention
