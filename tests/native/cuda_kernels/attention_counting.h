#pragma once

#include <string>

#include "attention/attention_run.h"
#include "cuda_kernels/counting.h"

namespace ki::test {

/// A test that counts what the virtual GPU does for cases of attention.
template <class Base>
class AttentionCountingTest : public CountingTest<Base> {
 protected:
  /// Runs a case, whose result must be right.
  std::string count(const AttentionCase& attention_case) {
    const AttentionData data(attention_case);
    return this->count_during([&] {
      const AttentionOutcome outcome = run_attention(data, open_device("cuda:0", nullptr));
      EXPECT_TRUE(is_right(data, outcome, AttentionExpectation(data)));
    });
  }
};

}  // namespace ki::test
