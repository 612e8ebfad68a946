#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "attention_run.h"
#include "ggml.h"

namespace ki::bench::ggml {

// The attention of a case by ggml_flash_attn_ext, over the query, key and value of our run of it. It has threads of its own,
// which spin for a while when they have nothing to do: it should live no longer than it is measured.
class GgmlAttention {
 public:
  GgmlAttention(const Library& library, const AttentionCase& attention_case, int threads, const AttentionRun& ours);

  void forward();

  std::span<const float> output() const { return output_; }

 private:
  template <class T>
  using Owned = std::unique_ptr<T, void (*)(T*)>;

  Tensor* tensor_over(std::span<const std::byte> memory, ki_dtype dtype, std::int64_t length, int heads);
  void fill_mask(std::uint16_t* mask) const;

  const Library& library_;
  AttentionCase case_;
  Owned<Context> context_;
  std::vector<Owned<Buffer>> buffers_;
  Owned<Threads> threads_;
  Owned<Backend> backend_;
  Graph* graph_ = nullptr;
  std::span<const float> output_;
};

}  // namespace ki::bench::ggml
