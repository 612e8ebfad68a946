// Lengths and indices that are elements of tensors, where the host can read them.
#pragma once

#include "attention/problem.h"

namespace ki::attention {

// Refuses lengths that are negative, that do not ascend or reach beyond a tensor, and pages and slots that do not exist.
void check_contents(const Problem& problem);

}  // namespace ki::attention
