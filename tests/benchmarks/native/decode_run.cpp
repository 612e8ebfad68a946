#include "decode_run.h"

#include <immintrin.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstring>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <utility>

#include "pinned.h"
#include "random_fill.h"

namespace ki::bench {
namespace {

// Bytes that the loops below read at a time.
constexpr std::int64_t kStep = 256;

__attribute__((target("avx2"))) std::uint64_t read_avx2(const std::byte* data, std::int64_t bytes) {
  __m256i sums[8] = {};
  for (std::int64_t i = 0; i < bytes; i += kStep) {
    const auto* from = reinterpret_cast<const __m256i*>(data + i);
    for (int j = 0; j < 8; ++j) sums[j] = _mm256_xor_si256(sums[j], _mm256_load_si256(from + j));
  }
  std::uint64_t words[32];
  std::memcpy(words, sums, sizeof(words));
  return std::accumulate(std::begin(words), std::end(words), std::uint64_t{0});
}

__attribute__((target("avx512f"))) std::uint64_t read_avx3(const std::byte* data, std::int64_t bytes) {
  __m512i sums[4] = {};
  for (std::int64_t i = 0; i < bytes; i += kStep) {
    const auto* from = reinterpret_cast<const __m512i*>(data + i);
    for (int j = 0; j < 4; ++j) sums[j] = _mm512_xor_si512(sums[j], _mm512_load_si512(from + j));
  }
  std::uint64_t words[32];
  std::memcpy(words, sums, sizeof(words));
  return std::accumulate(std::begin(words), std::end(words), std::uint64_t{0});
}

// Pages in a random order, as they are after a while of use; a contiguous cache is one page after the other.
std::vector<std::int32_t> make_pages(const DecodeCase& c) {
  if (c.page_size == 0) return {};
  std::vector<std::int32_t> pages(static_cast<std::size_t>(c.length / c.page_size));
  std::iota(pages.begin(), pages.end(), 0);
  test::Random random(9);
  for (std::size_t i = pages.size(); i > 1; --i) {
    std::swap(pages[i - 1], pages[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(i)))]);
  }
  return pages;
}

}  // namespace

DecodeRun::DecodeRun(const DecodeCase& decode_case, const Setting& setting)
    : case_(decode_case),
      target_(setting.target),
      threads_(setting.threads),
      pages_(make_pages(case_)),
      device_(test::open_device("cpu", setting.target.c_str(), setting.threads)),
      stream_(test::create_stream(device_)) {
  const DecodeCase& c = case_;
  const auto make = [&](test::Buffer& buffer, std::int64_t bytes, ki_dtype dtype, std::uint64_t seed) {
    buffer = test::create_buffer(device_, static_cast<std::uint64_t>(bytes));
    if (dtype == KI_DTYPE_INT8) {
      std::byte* data = test::data_of(buffer);
      test::Random random(seed);
      for (std::int64_t i = 0; i < bytes; ++i) data[i] = static_cast<std::byte>(random.bits());
    } else {
      fill_random(test::data_of(buffer), static_cast<std::size_t>(bytes), dtype, seed);
    }
    return test::data_of(buffer);
  };
  const std::int64_t rows = c.page_size == 0 ? c.length : c.page_size, entries = c.length / rows;
  const std::int64_t query_bytes = c.heads_q * c.head_dim * test::element_size(c.query_dtype);
  const bool scaled = c.cache_dtype == KI_DTYPE_INT8;
  const auto view = [&](ki_dtype dtype, void* data, std::initializer_list<std::int64_t> shape) {
    return test::dense_view(dtype, data, shape);
  };
  views_[0] = view(c.query_dtype, make(query_, query_bytes, c.query_dtype, 1), {1, 1, c.heads_q, c.head_dim});
  views_[1] = view(c.cache_dtype, make(key_, c.length * c.row_bytes(), c.cache_dtype, 2),
                   {entries, rows, c.heads_kv, c.head_dim});
  views_[2] = view(c.cache_dtype, make(value_, c.length * c.row_bytes(), c.cache_dtype, 3),
                   {entries, rows, c.heads_kv, c.head_dim});
  views_[3] = view(c.query_dtype, make(output_, query_bytes, c.query_dtype, 4), {1, 1, c.heads_q, c.head_dim});
  views_[4] = view(KI_DTYPE_INT32, pages_.data(), {1, static_cast<std::int64_t>(pages_.size())});
  cache_.struct_size = sizeof(cache_);
  if (c.page_size > 0) cache_.block_table = &views_[4];
  if (scaled) {
    const std::int64_t scale_bytes = c.length * c.scale_bytes();
    views_[5] = view(KI_DTYPE_FLOAT32, make(key_scale_, scale_bytes, KI_DTYPE_FLOAT32, 5), {entries, rows, c.heads_kv});
    views_[6] =
        view(KI_DTYPE_FLOAT32, make(value_scale_, scale_bytes, KI_DTYPE_FLOAT32, 6), {entries, rows, c.heads_kv});
    cache_.key_scale = &views_[5];
    cache_.value_scale = &views_[6];
  }
  problem_.struct_size = sizeof(problem_);
  problem_.query = &views_[0];
  problem_.key = &views_[1];
  problem_.value = &views_[2];
  problem_.output = &views_[3];
  problem_.cache = &cache_;
  test::check(ki_attention_forward_workspace(device_.get(), &problem_, &workspace_bytes_));
  workspace_ = test::create_buffer(device_, workspace_bytes_);
  test::check(ki_fill(stream_.get(), test::data_of(workspace_), 0, workspace_bytes_));
  forward();
}

void DecodeRun::forward() {
  test::check(ki_attention_forward(stream_.get(), &problem_, test::data_of(workspace_), workspace_bytes_));
}

double DecodeRun::read() const {
  // Blocks of keys, then of values, and their scales, as attention takes them; a thread has a part of the sequence.
  const std::int64_t rows = case_.page_size == 0 ? 64 : case_.page_size, blocks = case_.length / rows;
  struct Part {
    const std::byte* data;
    std::int64_t bytes;  // of a block
  };
  std::vector<Part> parts{{test::data_of(key_), rows * case_.row_bytes()},
                          {test::data_of(value_), rows * case_.row_bytes()}};
  if (case_.cache_dtype == KI_DTYPE_INT8) {
    for (const auto* scales : {&key_scale_, &value_scale_}) {
      parts.push_back({test::data_of(*scales), rows * case_.scale_bytes()});
    }
  }
  for (const Part& part : parts) {
    if (part.bytes % kStep != 0)
      throw std::logic_error("a block of the cache is no multiple of what is read at a time");
  }
  const auto read_lines = target_ == "avx3" ? read_avx3 : read_avx2;
  std::vector<double> seconds(static_cast<std::size_t>(threads_));
  std::vector<std::uint64_t> results(seconds.size());
  {
    std::barrier start(threads_);
    std::vector<std::jthread> threads;
    for (int t = 0; t < threads_; ++t) {
      threads.emplace_back([&, t] {
        const Pinned pinned(1, t);
        std::uint64_t result = 0;
        start.arrive_and_wait();
        const auto begin = std::chrono::steady_clock::now();
        for (std::int64_t i = blocks * t / threads_; i < blocks * (t + 1) / threads_; ++i) {
          const std::int64_t block = case_.page_size == 0 ? i : pages_[static_cast<std::size_t>(i)];
          for (const Part& part : parts) result += read_lines(part.data + block * part.bytes, part.bytes);
        }
        results[static_cast<std::size_t>(t)] = result;
        seconds[static_cast<std::size_t>(t)] =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      });
    }
  }
  volatile std::uint64_t used = std::accumulate(results.begin(), results.end(), std::uint64_t{0});
  static_cast<void>(used);
  return *std::max_element(seconds.begin(), seconds.end());
}

}  // namespace ki::bench
