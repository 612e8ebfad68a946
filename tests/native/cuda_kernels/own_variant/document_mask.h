// What the kernel of document_mask.cu is given beside the problem.
#pragma once

#include <cstdint>

struct DocumentMaskParams {
  const std::int32_t* document;  // [batch, seq_k]: the document that each token is in, ascending
  std::int64_t tokens;           // from one batch entry to the next
};
