#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "attention/attention_problem.h"
#include "kernels_interop.h"
#include "setting.h"
#include "support/dtype.h"
#include "support/handles.h"

namespace ki::bench {

// One new token over a cache of keys and values: batch 1, full cache.
struct DecodeCase {
  ki_dtype query_dtype = KI_DTYPE_FLOAT32;
  ki_dtype cache_dtype = KI_DTYPE_FLOAT32;
  int heads_q = 0;
  int heads_kv = 0;
  int head_dim = 0;
  std::int64_t length = 0;
  int page_size = 0;  // 0: contiguous

  // `f32/bf16/H:32x8/D:128/L:8192/pages:16`
  std::string name() const {
    return std::string(test::dtype_name(query_dtype)) + "/" + test::dtype_name(cache_dtype) +
           "/H:" + std::to_string(heads_q) + "x" + std::to_string(heads_kv) + "/D:" + std::to_string(head_dim) +
           "/L:" + std::to_string(length) + "/pages:" + (page_size == 0 ? "none" : std::to_string(page_size));
  }

  std::int64_t row_bytes() const {
    const std::int64_t element = cache_dtype == KI_DTYPE_INT8 ? 1 : test::element_size(cache_dtype);
    return heads_kv * head_dim * element;
  }
  std::int64_t scale_bytes() const { return cache_dtype == KI_DTYPE_INT8 ? 4 * heads_kv : 0; }
  // Of keys, values and their scales.
  double bytes() const { return 2.0 * static_cast<double>(length * (row_bytes() + scale_bytes())); }
};

// A case with its tensors, ready to run again and again.
class DecodeRun {
 public:
  DecodeRun(const DecodeCase& decode_case, const Setting& setting);
  DecodeRun(const DecodeRun&) = delete;
  DecodeRun& operator=(const DecodeRun&) = delete;

  void forward();

  // Seconds that it takes to read what a call reads, in the order in which pages follow one another, by vectors of the same
  // width, on as many threads; of the slowest thread.
  double read() const;

 private:
  DecodeCase case_;
  std::string target_;
  int threads_;
  std::vector<std::int32_t> pages_;  // block table
  test::Device device_;
  test::Stream stream_;
  test::Buffer query_, key_, value_, key_scale_, value_scale_, output_, workspace_;
  std::uint64_t workspace_bytes_ = 0;
  ki_tensor views_[7] = {};
  ki_attention_cache cache_{};
  ki_attention_problem problem_{};
};

}  // namespace ki::bench
