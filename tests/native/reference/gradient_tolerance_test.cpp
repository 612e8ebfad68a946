// Whether the tolerance of gradients, which counts more than the rounding of a sum, still tells right from wrong.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "reference/attention_gradients.h"
#include "reference/attention_scores.h"
#include "support/dtype.h"
#include "support/random.h"
#include "support/tolerance.h"

namespace ki::test {
namespace {

Array random_array(Random& random, Shape shape) {
  Array array(std::move(shape));
  for (double& x : array.values) x = random.normal();
  return array;
}

struct Problem {
  ki_dtype dtype;
  AttentionArguments arguments;
  Array grad_output;
  AttentionGradients reference, naive, magnitude;

  Problem(ki_dtype storage, double scale) : dtype(storage) {
    Random random(seed_of(std::string(dtype_name(storage)) + std::to_string(scale)));
    arguments.query = random_array(random, {45, 2, 20});
    arguments.key = random_array(random, {71, 1, 20});
    arguments.value = random_array(random, {71, 1, 18});
    arguments.scale = scale;
    arguments = in_storage(arguments, storage);
    grad_output = random_array(random, {45, 2, 18});
    reference = gradients_reference(arguments, grad_output);
    naive = gradients_naive(arguments, grad_output, storage);
    magnitude = gradients_magnitude(arguments, grad_output);
  }

  bool accepts(Array AttentionGradients::*part, Array got) const {
    Array rounded = naive.*part;
    for (Array* array : {&got, &rounded}) {
      for (double& x : array->values) x = round_to(dtype, static_cast<float>(x));
    }
    return matches(dtype, got, {reference.*part, rounded, magnitude.*part});
  }
};

constexpr std::int64_t kAny = -1;

/// The gradients without what a query and a key give each other.
AttentionGradients without(const Problem& problem, std::int64_t query, std::int64_t key) {
  const AttentionArguments& a = problem.arguments;
  AttentionGradients result = problem.reference;
  for (std::int64_t h = 0; h < a.heads_q(); ++h) {
    for (std::int64_t i = 0; i < a.seq_q(); ++i) {
      const Softmax p(a, Exact{}, h, i);
      for (std::int64_t j = 0; j < a.seq_k(); ++j) {
        if ((query != kAny && i != query) || (key != kAny && j != key)) continue;
        const double ds = a.scale * problem.reference.bias({h, i, j});
        const auto take = [&](double* from, double factor, const double* row, std::int64_t count) {
          for (std::int64_t c = 0; c < count; ++c) from[c] -= factor * row[c];
        };
        take(result.query.row({i, h}), ds, a.key.row({j, 0}), 20);
        take(result.key.row({j, 0}), ds, a.query.row({i, h}), 20);
        take(result.value.row({j, 0}), p.weights[static_cast<std::size_t>(j)], problem.grad_output.row({i, h}), 18);
      }
    }
  }
  return result;
}

constexpr double kUsualScale = 0.2236;  // 1 / sqrt(20)
constexpr ki_dtype kDtypes[] = {KI_DTYPE_FLOAT32, KI_DTYPE_FLOAT16, KI_DTYPE_BFLOAT16};
constexpr auto kParts = {&AttentionGradients::query, &AttentionGradients::key, &AttentionGradients::value};

TEST(GradientTolerance, AcceptsWhatIsRight) {
  for (const ki_dtype dtype : kDtypes) {
    for (const double scale : {kUsualScale, 1.0, 3.0, 10.0}) {
      const Problem problem(dtype, scale);
      for (const auto part : kParts) {
        EXPECT_TRUE(problem.accepts(part, problem.reference.*part));
        EXPECT_TRUE(problem.accepts(part, problem.naive.*part));
      }
    }
  }
}

/// Scores of 40 and more, whose exponentials have lost the most, included.
TEST(GradientTolerance, SeesAWrongFactor) {
  struct Factor {
    ki_dtype dtype;
    double scale, factor;
  };
  for (const Factor& wrong :
       {Factor{KI_DTYPE_FLOAT32, kUsualScale, 1 + 0x1p-14}, Factor{KI_DTYPE_FLOAT32, 3, 1 + 0x1p-13},
        Factor{KI_DTYPE_FLOAT32, 10, 1 + 0x1p-10}, Factor{KI_DTYPE_FLOAT16, kUsualScale, 1 + 0x1p-6},
        Factor{KI_DTYPE_FLOAT16, 3, 1 + 0x1p-5}, Factor{KI_DTYPE_BFLOAT16, kUsualScale, 1 + 0x1p-4}}) {
    const Problem problem(wrong.dtype, wrong.scale);
    for (const auto part : kParts) {
      Array got = problem.reference.*part;
      for (double& x : got.values) x *= wrong.factor;
      EXPECT_FALSE(problem.accepts(part, got)) << dtype_name(wrong.dtype) << ", scale " << wrong.scale;
    }
  }
}

TEST(GradientTolerance, SeesThatAKeyOrAQueryIsMissing) {
  for (const ki_dtype dtype : kDtypes) {
    const Problem problem(dtype, kUsualScale);
    for (std::int64_t j = 0; j < problem.arguments.seq_k(); ++j) {
      EXPECT_FALSE(problem.accepts(&AttentionGradients::query, without(problem, kAny, j).query)) << "key " << j;
    }
    for (std::int64_t i = 0; i < problem.arguments.seq_q(); ++i) {
      const AttentionGradients got = without(problem, i, kAny);
      EXPECT_FALSE(problem.accepts(&AttentionGradients::key, got.key)) << "query " << i;
      EXPECT_FALSE(problem.accepts(&AttentionGradients::value, got.value)) << "query " << i;
    }
  }
}

TEST(GradientTolerance, SeesInFloat32ThatOneScoreIsMissing) {
  const Problem problem(KI_DTYPE_FLOAT32, kUsualScale);
  for (std::int64_t i = 0; i < problem.arguments.seq_q(); ++i) {
    EXPECT_FALSE(problem.accepts(&AttentionGradients::query, without(problem, i, i + 7).query)) << "query " << i;
  }
}

}  // namespace
}  // namespace ki::test
