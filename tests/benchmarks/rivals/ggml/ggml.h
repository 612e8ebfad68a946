// The few functions of ggml's public C API that the benchmark calls. Its libraries come without headers, so what is declared
// here is taken from its documentation. What lies behind its pointers stays unknown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace ki::bench::ggml {

struct Context;
struct Tensor;
struct Graph;
struct Buffer;
struct Backend;
struct Registration;
struct Threads;

enum Type : int { kFloat32 = 0, kFloat16 = 1 };
enum Precision : int { kPrecisionFloat32 = 10 };
enum Status : int { kSuccess = 0 };

struct ContextOptions {
  std::size_t size_bytes;
  void* memory;       // null: ggml allocates it
  bool without_data;  // tensors get their memory later
};

// ggml writes its own structure into it, of about 530 bytes.
struct ThreadOptions {
  alignas(std::max_align_t) std::byte bytes[4096];
};

// The address of a function, which becomes a pointer of the type it is assigned to.
struct Symbol {
  void* address;
  template <class Function>
  operator Function*() const {
    return reinterpret_cast<Function*>(address);
  }
};

class Library {
 public:
  // Opens libggml, and has it load the one of the CPU libraries beside it that it takes for the best on this machine. They
  // stay open until the process ends. Throws if there is none, or a function is missing.
  explicit Library(const std::filesystem::path& path);

  // Its version, and the CPU library that was loaded.
  std::string name() const;

 private:
  Symbol find(const char* function) const;
  Symbol find_in_cpu_library(const char* function) const;

  void* const library_;
  Registration* const cpu_;

 public:
  Context* (*const init)(ContextOptions) = find("ggml_init");
  void (*const free)(Context*) = find("ggml_free");
  std::size_t (*const tensor_overhead)() = find("ggml_tensor_overhead");
  std::size_t (*const graph_overhead)() = find("ggml_graph_overhead");
  void* (*const get_data)(const Tensor*) = find("ggml_get_data");
  Tensor* (*const new_tensor_3d)(Context*, Type, std::int64_t, std::int64_t, std::int64_t) = find("ggml_new_tensor_3d");
  Tensor* (*const permute)(Context*, Tensor*, int, int, int, int) = find("ggml_permute");
  // query, key, value, mask, scale, max_bias, logit_softcap
  Tensor* (*const flash_attn_ext)(Context*, Tensor*, Tensor*, Tensor*, Tensor*, float, float,
                                  float) = find("ggml_flash_attn_ext");
  void (*const flash_attn_ext_set_prec)(Tensor*, Precision) = find("ggml_flash_attn_ext_set_prec");
  Graph* (*const new_graph)(Context*) = find("ggml_new_graph");
  void (*const build_forward_expand)(Graph*, Tensor*) = find("ggml_build_forward_expand");

  Buffer* (*const cpu_buffer_from_ptr)(void*, std::size_t) = find("ggml_backend_cpu_buffer_from_ptr");
  Status (*const tensor_alloc)(Buffer*, Tensor*, void*) = find("ggml_backend_tensor_alloc");
  Buffer* (*const alloc_ctx_tensors)(Context*, Backend*) = find("ggml_backend_alloc_ctx_tensors");
  void (*const buffer_free)(Buffer*) = find("ggml_backend_buffer_free");
  // name, parameters
  Backend* (*const init_by_name)(const char*, const char*) = find("ggml_backend_init_by_name");
  Status (*const graph_compute)(Backend*, Graph*) = find("ggml_backend_graph_compute");
  void (*const backend_free)(Backend*) = find("ggml_backend_free");

  void (*const threadpool_params_init)(ThreadOptions*, int) = find("ggml_threadpool_params_init");
  Threads* (*const threadpool_new)(ThreadOptions*) = find_in_cpu_library("ggml_threadpool_new");
  void (*const threadpool_free)(Threads*) = find_in_cpu_library("ggml_threadpool_free");
  void (*const cpu_set_threadpool)(Backend*, Threads*) = find_in_cpu_library("ggml_backend_cpu_set_threadpool");
  void (*const set_n_threads)(Backend*, int) = find_in_cpu_library("ggml_backend_set_n_threads");
};

}  // namespace ki::bench::ggml
