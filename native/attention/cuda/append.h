// The host side of appending new keys and values to a cache.
#pragma once

#include "attention/cuda/append_params.h"
#include "attention/problem.h"

namespace ki::attention::cuda {

// Refuses what does not fit in 32 bits. Does nothing if nothing is appended.
void check_append_size(const Problem& problem);

void append(Stream& stream, const Problem& problem);

// What other kernels of the same problem need to know.
CacheParams cache_params(const Problem& problem);
RotaryTables rotary_tables(const Problem& problem);
CacheElement cache_element(const Problem& problem);

AppendParams plan_append(const Problem& problem);

}  // namespace ki::attention::cuda
