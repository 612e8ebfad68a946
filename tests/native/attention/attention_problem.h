#pragma once

#include <optional>

#include "kernels_interop.h"
#include "support/dense_view.h"

namespace ki::test {

/// A problem that owns the views it points to.
struct AttentionProblem {
  ki_tensor query{}, key{}, value{}, output{};
  std::optional<ki_tensor> logsumexp;
  int flags = KI_ATTENTION_NONE;
  float scale = 0;

  /// The struct of the C ABI; it points into this object.
  ki_attention_problem view() const {
    ki_attention_problem problem{};
    problem.struct_size = sizeof(problem);
    problem.flags = static_cast<ki_attention_flags>(flags);
    problem.scale = scale;
    problem.query = &query;
    problem.key = &key;
    problem.value = &value;
    problem.output = &output;
    problem.logsumexp = logsumexp ? &*logsumexp : nullptr;
    return problem;
  }
};

}  // namespace ki::test
