#include "attention/attention_append.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>

#include "attention/attention_sequences.h"
#include "support/dtype.h"

namespace ki::test {
namespace {

/// Roundings of float32 that a rotary embedding may lose, relative to the largest element of its row.
constexpr double kRoundings = 4;

/// Calls visit(b, i, row) for each new key, `row` being its row in the cache.
template <class Visit>
void for_each_new(const AttentionData& data, Visit visit) {
  const AttentionCase& c = data.attention_case;
  for (std::int64_t b = 0; b < c.sequence_count(); ++b) {
    const std::int64_t count = c.seq_new_of(b), cached = c.seq_k_of(b) - count;
    for (std::int64_t i = 0; i < count; ++i) visit(b, i, data.key_row(b, cached + i));
  }
}

TensorData row_of(const TensorData& cache, std::int64_t row) {
  return cache.at(row / cache.shape()[1]).at(row % cache.shape()[1]);
}

/// One head's row against what it should be, with its scale if it is int8.
std::optional<std::string> compare(ki_dtype dtype, const double* got, std::optional<double> scale, const double* want,
                                   std::int64_t dim, bool is_turned) {
  double largest = 0;
  for (std::int64_t c = 0; c < dim; ++c) largest = std::max(largest, std::fabs(want[c]));
  const double slack = is_turned ? kRoundings * 0x1p-24 * 2 * largest : 0;
  if (scale && !(std::fabs(*scale - largest / 127) <= 2 * half_ulp(KI_DTYPE_FLOAT32, largest / 127) + slack)) {
    return "scale is " + std::to_string(*scale) + ", want " + std::to_string(largest / 127);
  }
  for (std::int64_t c = 0; c < dim; ++c) {
    // Of an int8, 0.5 is what rounding loses, and the division before it may lose a few of float32's.
    const double error = std::fabs((scale ? got[c] * *scale : got[c]) - want[c]);
    const double allowed = scale ? *scale * (0.5 + 127 * kRoundings * 0x1p-24) : half_ulp(dtype, want[c]);
    if (error <= allowed + slack && (!scale || std::fabs(got[c]) <= 127)) continue;
    return "element " + std::to_string(c) + " is " + std::to_string(got[c]) +
           (scale ? " * " + std::to_string(*scale) : "") + ", want " + std::to_string(want[c]);
  }
  return std::nullopt;
}

}  // namespace

std::vector<TensorData> appended_rows(const AttentionData& data) {
  std::vector<TensorData> rows;
  for_each_new(data, [&](std::int64_t, std::int64_t, std::int64_t row) {
    rows.push_back(row_of(data.key, row));
    rows.push_back(row_of(data.value, row));
    if (data.key_scale) rows.push_back(row_of(*data.key_scale, row));
    if (data.value_scale) rows.push_back(row_of(*data.value_scale, row));
  });
  return rows;
}

testing::AssertionResult appended_rightly(const AttentionData& after) {
  testing::AssertionResult result = testing::AssertionSuccess();
  const auto check_rows = [&](const char* name, const TensorData& cache, const std::optional<TensorData>& scale,
                              bool is_turned, auto new_row) {
    for_each_new(after, [&](std::int64_t b, std::int64_t i, std::int64_t row) {
      const Array want = new_row(after, b, i), got = row_of(cache, row).read();
      const std::optional<Array> scales = scale ? std::optional(row_of(*scale, row).read()) : std::nullopt;
      for (std::int64_t g = 0; g < want.shape[0] && result; ++g) {
        const auto wrong = compare(cache.dtype(), got.row({g}), scales ? std::optional((*scales)({g})) : std::nullopt,
                                   want.row({g}), want.shape[1], is_turned);
        if (!wrong) continue;
        result = testing::AssertionFailure()
                 << "new " << name << " " << i << " of sequence " << b << ", head " << g << ": " << *wrong;
      }
    });
  };
  check_rows("key", after.key, after.key_scale, after.rotary_cos.has_value(), new_key_of);
  check_rows("value", after.value, after.value_scale, false, new_value_of);
  return result;
}

}  // namespace ki::test
