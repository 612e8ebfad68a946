#include "long_convolution/cuda/global_rows.h"

#include <algorithm>

#include "cuda/launch.h"
#include "long_convolution/cuda/rows_params.h"

namespace ki::long_convolution::cuda {
namespace {

constexpr const char* kModule = "long_convolution_rows";
// Pairs are transformed so many bytes at a time, unless one alone is larger.
constexpr std::int64_t kBytes = std::int64_t{128} << 20;
constexpr std::int64_t kPointBytes = 2 * sizeof(float);

// Entries by dtype.
struct Entries {
  const char *f32, *f16, *bf16;
  const char* of(ki_dtype dtype) const {
    return dtype == KI_DTYPE_FLOAT32 ? f32 : dtype == KI_DTYPE_FLOAT16 ? f16 : bf16;
  }
};
constexpr Entries kMeasure{"long_convolution_measure_f32", "long_convolution_measure_f16",
                           "long_convolution_measure_bf16"};
constexpr Entries kLoad{"long_convolution_load_f32", "long_convolution_load_f16", "long_convolution_load_bf16"};
constexpr Entries kStore{"long_convolution_store_f32", "long_convolution_store_f16", "long_convolution_store_bf16"};

void launch_rows(Stream& stream, const char* entry, std::int64_t points_of_block, std::int64_t count,
                 const RowsParams& params) {
  const std::int64_t blocks = (params.points + points_of_block - 1) / points_of_block;
  ki::cuda::launch(stream, {kModule, entry, kTransformThreads, 0},
                   {static_cast<unsigned>(blocks), static_cast<unsigned>(count)}, &params, sizeof params);
}

}  // namespace

GlobalRows::GlobalRows(std::int64_t points, std::int64_t pairs, int sets, void* workspace)
    : points_(points), sets_(sets), buffers_{} {
  const std::int64_t most = std::min(std::max<std::int64_t>(pairs, 1), kMaxGridRows);
  together_ = std::clamp<std::int64_t>(kBytes / (2 * sets * points * kPointBytes), 1, most);
  auto* data = static_cast<float*>(workspace);
  for (int set = 0; data != nullptr && set < sets; ++set) {
    buffers_[set] = {data + 4 * set * together_ * points, data + (4 * set + 2) * together_ * points};
  }
  largest_ = data == nullptr ? nullptr : reinterpret_cast<std::uint32_t*>(data + 4 * sets * together_ * points);
}

std::uint64_t GlobalRows::bytes() const {
  const std::int64_t largest = together_ * 2 * std::int64_t{sizeof(std::uint32_t)};
  const auto bytes = static_cast<std::uint64_t>(2 * sets_ * together_ * points_ * kPointBytes + largest);
  return (bytes + kWorkspaceAlignment - 1) / kWorkspaceAlignment * kWorkspaceAlignment;
}

RowsParams GlobalRows::params_of(int set, const FusedParams& params, PairRange pairs) const {
  RowsParams rows{};
  rows.rows = params;
  rows.data = buffers_[set].data;
  rows.largest = largest_;
  rows.first = static_cast<std::uint32_t>(pairs.first);
  rows.points = static_cast<std::int32_t>(points_);
  return rows;
}

void GlobalRows::load(Stream& stream, int set, ki_dtype dtype, const FusedParams& params, PairRange pairs,
                      PointsOf points, Scale scale) const {
  RowsParams rows = params_of(set, params, pairs);
  rows.outputs_only = points == PointsOf::outputs;
  rows.scaled = scale == Scale::scaled;
  if (rows.scaled) {
    stream.fill(largest_, 0, static_cast<std::uint64_t>(pairs.count) * 2 * sizeof(std::uint32_t));
    launch_rows(stream, kMeasure.of(dtype), kRowsPoints, pairs.count, rows);
  }
  launch_rows(stream, kLoad.of(dtype), kRowsPoints, pairs.count, rows);
}

void GlobalRows::transform(Stream& stream, int set, std::int64_t count) {
  transform_rows(stream, buffers_[set], points_, count);
}

void GlobalRows::multiply(Stream& stream, int set, const FusedParams& params, PairRange pairs) const {
  launch_rows(stream, "long_convolution_multiply", kTransformThreads, pairs.count, params_of(set, params, pairs));
}

void GlobalRows::store(Stream& stream, int set, ki_dtype dtype, const FusedParams& params, PairRange pairs) const {
  RowsParams rows = params_of(set, params, pairs);
  rows.scaled = true;
  launch_rows(stream, kStore.of(dtype), kRowsPoints, pairs.count, rows);
}

}  // namespace ki::long_convolution::cuda
