#include "ggml_attention.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace ki::bench::ggml {
namespace {

constexpr std::uint16_t kMinusInfinity = 0xfc00;  // as float16

Type type_of(ki_dtype dtype) {
  if (dtype == KI_DTYPE_FLOAT32) return kFloat32;
  if (dtype == KI_DTYPE_FLOAT16) return kFloat16;
  throw std::invalid_argument(std::string("ggml is not asked for ") + test::dtype_name(dtype));
}

// Three tensors and what they are permuted to, the mask, and the result; some room besides.
ContextOptions context_options(const Library& library) {
  return {16 * library.tensor_overhead() + library.graph_overhead(), nullptr, true};
}

Threads* start_threads(const Library& library, int count) {
  ThreadOptions options;
  library.threadpool_params_init(&options, count);
  return library.threadpool_new(&options);
}

}  // namespace

GgmlAttention::GgmlAttention(const Library& library, const AttentionCase& attention_case, int threads,
                             const AttentionRun& ours)
    : library_(library),
      case_(attention_case),
      context_(library.init(context_options(library)), library.free),
      threads_(start_threads(library, threads), library.threadpool_free),
      backend_(library.init_by_name("CPU", nullptr), library.backend_free) {
  library.set_n_threads(backend_.get(), threads);
  library.cpu_set_threadpool(backend_.get(), threads_.get());

  const int key_heads = case_.heads / case_.group;
  Tensor* query = tensor_over(ours.query(), case_.dtype, case_.query_length(), case_.heads);
  Tensor* key = tensor_over(ours.key(), case_.dtype_of_keys(), case_.length, key_heads);
  Tensor* value = tensor_over(ours.value(), case_.dtype_of_keys(), case_.length, key_heads);
  Tensor* mask =
      case_.causal ? library.new_tensor_3d(context_.get(), kFloat16, case_.length, case_.query_length(), 1) : nullptr;
  const float scale = 1 / std::sqrt(static_cast<float>(case_.head_dim));
  Tensor* result = library.flash_attn_ext(context_.get(), query, key, value, mask, scale, 0, 0);
  library.flash_attn_ext_set_prec(result, kPrecisionFloat32);  // as llama.cpp does
  graph_ = library.new_graph(context_.get());
  library.build_forward_expand(graph_, result);

  buffers_.emplace_back(library.alloc_ctx_tensors(context_.get(), backend_.get()), library.buffer_free);
  if (mask != nullptr) fill_mask(static_cast<std::uint16_t*>(library.get_data(mask)));
  output_ = {static_cast<const float*>(library.get_data(result)), static_cast<std::size_t>(case_.query_elements())};
}

void GgmlAttention::forward() {
  if (library_.graph_compute(backend_.get(), graph_) != kSuccess)
    throw std::runtime_error("ggml_backend_graph_compute");
}

// Memory of [length, heads, head_dim] as ggml's flash attention wants it, [heads, length, head_dim] by its strides: llama.cpp
// keeps its cache like this too. Dimensions are named from the innermost one.
Tensor* GgmlAttention::tensor_over(std::span<const std::byte> memory, ki_dtype dtype, std::int64_t length, int heads) {
  void* data = const_cast<std::byte*>(memory.data());  // it is only read
  buffers_.emplace_back(library_.cpu_buffer_from_ptr(data, memory.size()), library_.buffer_free);
  Tensor* tensor = library_.new_tensor_3d(context_.get(), type_of(dtype), case_.head_dim, heads, length);
  if (library_.tensor_alloc(buffers_.back().get(), tensor, data) != kSuccess) {
    throw std::runtime_error("ggml_backend_tensor_alloc");
  }
  return library_.permute(context_.get(), tensor, 0, 2, 1, 3);
}

// Query i sees the keys up to its own, of [queries, keys].
void GgmlAttention::fill_mask(std::uint16_t* mask) const {
  for (std::int64_t i = 0; i < case_.query_length(); ++i, mask += case_.length) {
    const std::int64_t seen = i + 1 + case_.length - case_.query_length();
    std::fill_n(mask, seen, std::uint16_t{0});
    std::fill_n(mask + seen, case_.length - seen, kMinusInfinity);
  }
}

}  // namespace ki::bench::ggml
