// The combine operator against the formula in double precision, on every device, instruction set and number of threads.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "support/backends.h"
#include "support/dtype.h"
#include "support/handles.h"
#include "support/random.h"
#include "support/staging.h"
#include "support/tensor_data.h"
#include "support/tolerance.h"

namespace ki::test {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

struct CombineCase {
  const char* name;
  ki_dtype parts_dtype = KI_DTYPE_FLOAT32, output_dtype = KI_DTYPE_FLOAT32;
  std::int64_t parts = 3, batch = 2, seq_q = 3, heads = 5, head_dim = 64;
  bool accumulate = false;
  bool strided = false;
  bool aligned = false;  // to 64 bytes, rather than to an element
  bool with_logsumexp = true;
};

std::ostream& operator<<(std::ostream& out, const CombineCase& c) { return out << c.name; }

// A problem's tensors, and what they held before they were written to.
struct CombineData {
  explicit CombineData(const CombineCase& c)
      : outputs(c.parts_dtype, {c.parts, c.batch, c.seq_q, c.heads, c.head_dim}, layout(c, {2, 0, 3, 1, 4})),
        logsumexps(KI_DTYPE_FLOAT32, {c.parts, c.batch, c.heads, c.seq_q}, layout(c, {0, 1, 2, 3})),
        output(c.output_dtype, {c.batch, c.seq_q, c.heads, c.head_dim}, layout(c, {2, 1, 0, 3})),
        logsumexp(KI_DTYPE_FLOAT32, {c.batch, c.heads, c.seq_q}, layout(c, {0, 1, 2})) {
    Random random(seed_of(c.name));
    const auto fill = [&](TensorData& tensor) {
      Array values(tensor.shape());
      for (double& x : values.values) x = random.normal();
      tensor.write(values);
    };
    fill(outputs);
    fill(output);
    Array parts(logsumexps.shape()), before(logsumexp.shape());
    for (double& l : parts.values) l = random.below(4) == 0 ? -kInfinity : 20 * random.normal();
    for (double& l : before.values) l = random.below(3) == 0 ? -kInfinity : 20 * random.normal();
    // Row 0 of every head is empty in all parts.
    for (std::int64_t b = 0; b < c.batch; ++b) {
      for (std::int64_t h = 0; h < c.heads; ++h) {
        before({b, h, 0}) = -kInfinity;
        for (std::int64_t p = 0; p < c.parts; ++p) parts({p, b, h, 0}) = -kInfinity;
      }
    }
    logsumexps.write(parts);
    logsumexp.write(before);
    // What parts without keys hold is not looked at.
    Array values = outputs.read(), old = output.read();
    for (std::size_t i = 0; i < values.values.size(); ++i) {
      const auto at = values.index(i);
      if (parts({at[0], at[1], at[3], at[2]}) == -kInfinity) values.values[i] = kNan;
    }
    for (std::size_t i = 0; i < old.values.size(); ++i) {
      const auto at = old.index(i);
      if (!c.accumulate || before({at[0], at[2], at[1]}) == -kInfinity) old.values[i] = kNan;
    }
    outputs.write(values);
    output.write(old);
  }

  // The same order of dimensions for the last one, which stays contiguous.
  static Layout layout(const CombineCase& c, std::vector<int> order) {
    Layout layout;
    if (c.strided) layout = {.order = std::move(order), .row_gap = 3};
    if (c.aligned) layout.misalign = 0;
    return layout;
  }

  TensorData outputs, logsumexps, output, logsumexp;
};

struct Combined {
  Array output, logsumexp;
  Array magnitude;  // sums of the terms' absolute values
};

Combined formula(const CombineCase& c, const CombineData& data) {
  const Array outputs = data.outputs.read(), logsumexps = data.logsumexps.read();
  const Array old = data.output.read(), old_logsumexp = data.logsumexp.read();
  Combined result{Array(old.shape), Array(old_logsumexp.shape), Array(old.shape)};
  for (std::size_t i = 0; i < old.values.size(); ++i) {
    const auto at = old.index(i);
    std::vector<std::pair<double, double>> terms;  // logsumexp and output of the parts that count
    if (c.accumulate) terms.emplace_back(old_logsumexp({at[0], at[2], at[1]}), old.values[i]);
    for (std::int64_t p = 0; p < c.parts; ++p) {
      terms.emplace_back(logsumexps({p, at[0], at[2], at[1]}), outputs({p, at[0], at[1], at[2], at[3]}));
    }
    std::erase_if(terms, [](const auto& term) { return term.first == -kInfinity; });
    double sum = 0, largest = -kInfinity;
    for (const auto& [l, x] : terms) largest = std::max(largest, l);
    for (const auto& [l, x] : terms) sum += std::exp(l - largest);
    for (const auto& [l, x] : terms) {
      const double weight = std::exp(l - largest) / sum;
      result.output.values[i] += weight * x;
      result.magnitude.values[i] += weight * std::fabs(x);
    }
    result.logsumexp({at[0], at[2], at[1]}) = terms.empty() ? -kInfinity : largest + std::log(sum);
  }
  return result;
}

void run(const CombineCase& c, CombineData& data, const Backend& backend) {
  const Device device = backend.open();
  const Stream stream = create_stream(device);
  for (TensorData* tensor : {&data.outputs, &data.logsumexps, &data.output, &data.logsumexp}) {
    tensor->memory()->remember();
  }
  Staging staging(device, stream.get());
  const ki_tensor outputs = staging.upload(data.outputs), logsumexps = staging.upload(data.logsumexps),
                  output = staging.upload(data.output), logsumexp = staging.upload(data.logsumexp);
  ki_attention_combine_problem problem{};
  problem.struct_size = sizeof(problem);
  problem.flags = c.accumulate ? KI_ATTENTION_COMBINE_ACCUMULATE : KI_ATTENTION_COMBINE_NONE;
  problem.partial_outputs = &outputs;
  problem.partial_logsumexps = &logsumexps;
  problem.output = &output;
  problem.logsumexp = c.with_logsumexp ? &logsumexp : nullptr;
  check(ki_attention_combine(stream.get(), &problem));
  staging.download();
  const TensorData* written[] = {&data.output, &data.logsumexp};
  EXPECT_EQ(staging.changed_outside(written), std::nullopt);
}

// In the combine operator a sum of float32 products is all that is rounded: the formula itself is the naive computation.
void expect_formula(const CombineCase& c, const CombineData& data, const Combined& want) {
  EXPECT_TRUE(matches(c.output_dtype, data.output.read(), {want.output, want.output, want.magnitude}));
  if (!c.with_logsumexp) return;
  Array magnitude = want.logsumexp;
  for (double& x : magnitude.values) x = std::isfinite(x) ? std::fabs(x) : 0;
  EXPECT_TRUE(matches(KI_DTYPE_FLOAT32, data.logsumexp.read(), {want.logsumexp, want.logsumexp, magnitude}));
}

std::vector<CombineCase> cases() {
  const auto f16 = KI_DTYPE_FLOAT16, bf16 = KI_DTYPE_BFLOAT16;
  return {
      {.name = "f32"},
      {.name = "f32_accumulate", .accumulate = true},
      {.name = "f32_accumulate_strided", .heads = 4, .head_dim = 33, .accumulate = true, .strided = true},
      {.name = "f32_without_logsumexp", .with_logsumexp = false},
      {.name = "one_part", .parts = 1},
      {.name = "two_hundred_parts", .parts = 200, .head_dim = 17},
      {.name = "no_part", .parts = 0},
      {.name = "no_part_accumulate", .parts = 0, .accumulate = true},
      {.name = "one_column", .head_dim = 1, .accumulate = true},
      {.name = "widest_row", .head_dim = 256},
      {.name = "many_rows", .parts = 2, .batch = 3, .seq_q = 90, .heads = 7, .head_dim = 40},
      {.name = "aligned", .accumulate = true, .aligned = true},
      {.name = "aligned_strided", .head_dim = 29, .accumulate = true, .strided = true, .aligned = true},
      {.name = "aligned_in_part", .head_dim = 30, .aligned = true},
      {.name = "f32_to_f16_aligned", .output_dtype = f16, .head_dim = 100, .aligned = true},
      {.name = "f32_to_bf16_aligned", .output_dtype = bf16, .accumulate = true, .aligned = true},
      {.name = "f16_aligned", .parts_dtype = f16, .output_dtype = f16, .head_dim = 256, .aligned = true},
      {.name = "bf16_aligned", .parts_dtype = bf16, .output_dtype = bf16, .accumulate = true, .aligned = true},
      {.name = "f32_to_f16", .output_dtype = f16},
      {.name = "f32_to_bf16", .output_dtype = bf16, .accumulate = true, .strided = true},
      {.name = "f16", .parts_dtype = f16, .output_dtype = f16, .head_dim = 41, .strided = true},
      {.name = "f16_accumulate", .parts_dtype = f16, .output_dtype = f16, .accumulate = true},
      {.name = "bf16", .parts_dtype = bf16, .output_dtype = bf16, .head_dim = 129},
      {.name = "bf16_accumulate", .parts_dtype = bf16, .output_dtype = bf16, .accumulate = true},
  };
}

class Combine : public testing::TestWithParam<CombineCase> {};
INSTANTIATE_TEST_SUITE_P(, Combine, testing::ValuesIn(cases()), [](const auto& info) { return info.param.name; });

TEST_P(Combine, MergesPartsAsTheFormulaSays) {
  const CombineCase& c = GetParam();
  ASSERT_FALSE(backends().empty());
  std::string target;
  std::vector<std::uint32_t> bits;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    CombineData data(c);
    const Combined want = formula(c, data);
    run(c, data, backend);
    expect_formula(c, data, want);
    if (!target.empty() && backend.target == target) {
      EXPECT_TRUE(bits == data.output.read_bits()) << "bits depend on the number of threads";
    }
    target = backend.target;
    bits = data.output.read_bits();
  }
}

// One row of one part, and what becomes of it.
struct Special {
  const char* name;
  std::vector<double> logsumexps, outputs;
  double logsumexp, output;
};

std::ostream& operator<<(std::ostream& out, const Special& s) { return out << s.name; }

class CombineOfSpecialNumbers : public testing::TestWithParam<Special> {};
INSTANTIATE_TEST_SUITE_P(
    , CombineOfSpecialNumbers,
    testing::Values(Special{"OneVisiblePartIsCopied", {-1e30, -kInfinity}, {0.7, kNan}, -1e30, 0.7},
                    Special{"LargeNumbersDoNotOverflow", {3e38, 3e38}, {1, 2}, 3e38, 1.5},
                    Special{"ANanPartStaysOne", {kNan, 1}, {1, 2}, kNan, kNan},
                    Special{"AnInfinitePartDominates", {1, kInfinity}, {1, 2}, kInfinity, kNan},
                    Special{"ANanOutputThatCountsStaysOne", {2, 1}, {kNan, 2}, 2.3132617, kNan}),
    [](const auto& info) { return info.param.name; });

TEST_P(CombineOfSpecialNumbers, IsWhatTheFormulaGives) {
  const Special& s = GetParam();
  const auto parts = static_cast<std::int64_t>(s.outputs.size());
  const CombineCase c{.name = "special", .parts = parts, .batch = 1, .seq_q = 1, .heads = 1, .head_dim = 1};
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    CombineData data(c);
    Array outputs({parts, 1, 1, 1, 1}), logsumexps({parts, 1, 1, 1});
    outputs.values = s.outputs;
    logsumexps.values = s.logsumexps;
    data.outputs.write(outputs);
    data.logsumexps.write(logsumexps);
    run(c, data, backend);
    const auto same = [](double a, double b) {
      return std::isnan(a) ? std::isnan(b) : a == b || std::fabs(a - b) <= 1e-6 * std::fabs(a);
    };
    EXPECT_PRED2(same, s.output, data.output.read().values[0]);
    EXPECT_PRED2(same, s.logsumexp, data.logsumexp.read().values[0]);
  }
}

}  // namespace
}  // namespace ki::test
