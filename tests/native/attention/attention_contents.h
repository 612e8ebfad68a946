#pragma once

#include "attention/attention_cases.h"
#include "support/array.h"
#include "support/random.h"

namespace ki::test {

/// Query, key and value before they are rounded and stored.
struct Values {
  Array query, key, value;
};

/// Changes normally distributed values into what a case's tensors hold. Contents other than normal are for cases of sequences
/// that are all of one length.
void apply_contents(const AttentionCase& attention_case, Values& values, Random& random);

}  // namespace ki::test
