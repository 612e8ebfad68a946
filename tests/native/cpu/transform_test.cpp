// The transforms of long convolutions, against sums in double precision.
#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

#include "cpu/aligned_memory.h"
#include "cpu/simd_functions.h"
#include "long_convolution/cpu/transform_kernel.h"

namespace ki::long_convolution::cpu {
namespace {

using ki::cpu::EveryTarget;
using Number = std::complex<double>;

// Floats that begin at a cache line, as spectra do.
class Floats {
 public:
  explicit Floats(std::int64_t count) : memory_(ki::cpu::allocate(static_cast<std::uint64_t>(count) * sizeof(float))) {}
  float* data() const { return reinterpret_cast<float*>(memory_.get()); }

 private:
  ki::cpu::AlignedMemory memory_;
};

std::vector<float> noise(std::int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = uniform(generator);
  return values;
}

double norm(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += double{value} * value;
  return std::sqrt(sum);
}

// The bound of docs/long-convolution.md for one transform: |error| <= 2 log2(points) 2^-24 |x|.
double allowed(std::int64_t points, double size) { return 2 * std::log2(static_cast<double>(points)) * 0x1p-24 * size; }

class Transforms : public EveryTarget {
 protected:
  // Multiples of the core that need every radix, alone and with others.
  std::vector<std::int64_t> sizes() const {
    std::vector<std::int64_t> sizes;
    for (const int cores : {1, 2, 3, 4, 5, 6, 8, 9, 15, 16, 20, 24, 25})
      sizes.push_back(cores * core_points(GetParam()));
    return sizes;
  }
  // A size's transforms: as small ones are made and, if there are two stages outside of the core, as large ones are.
  std::vector<Transform> forms(std::int64_t points, Transform::Kind kind) const {
    std::vector<Transform> forms;
    forms.emplace_back(points, kind, GetParam());
    EXPECT_EQ(forms.back().outer(), nullptr) << points;
    Transform large(points, kind, GetParam(), 0);
    if (large.outer() != nullptr) forms.push_back(std::move(large));
    return forms;
  }
  const TransformKernels& kernels() const { return transform_kernels(GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(, Transforms, ki::cpu::usable_targets(), ki::cpu::target_name);

Number root(std::int64_t numerator, std::int64_t denominator) {
  return std::polar(
      1.0, -2 * std::numbers::pi * static_cast<double>(numerator % denominator) / static_cast<double>(denominator));
}

TEST_P(Transforms, CyclicIsTheDftInItsOwnOrder) {
  for (const std::int64_t points : sizes()) {
    const std::vector<float> re = noise(points, 1), im = noise(points, 2);
    for (const Transform& transform : forms(points, Transform::Kind::cyclic)) {
      const Floats z(2 * points);
      kernels().forward(transform, {re.data(), im.data()}, z.data());
      const double bound = allowed(points, std::hypot(norm(re), norm(im)));
      std::vector<bool> seen(static_cast<std::size_t>(points));
      for (std::int64_t place = 0; place < points; ++place) {
        const std::int64_t f = transform.frequency(place);
        ASSERT_FALSE(seen.at(static_cast<std::size_t>(f)));
        seen[static_cast<std::size_t>(f)] = true;
        if (place % 7 != 0) continue;  // the sums take long
        Number expected;
        for (std::int64_t n = 0; n < points; ++n) expected += Number(re[n], im[n]) * root(f * n, points);
        const float* found = z.data() + transform.float_index(place);
        ASSERT_NEAR(found[0], expected.real(), bound) << points << " points, frequency " << f;
        ASSERT_NEAR(found[transform.lanes()], expected.imag(), bound) << points << " points, frequency " << f;
      }
    }
  }
}

TEST_P(Transforms, NegacyclicIsTheDftAQuarterOfAFrequencyBelow) {
  for (const std::int64_t points : sizes()) {
    const std::vector<float> row = noise(2 * points, 3);
    for (const Transform& transform : forms(points, Transform::Kind::negacyclic)) {
      const Floats z(2 * points);
      kernels().forward(transform, {row.data(), row.data() + points}, z.data());
      const double bound = allowed(points, norm(row));
      for (std::int64_t place = 0; place < points; place += 7) {
        const std::int64_t f = transform.frequency(place);
        Number expected;
        for (std::int64_t n = 0; n < 2 * points; ++n) expected += double{row[n]} * root((4 * f - 1) * n, 4 * points);
        const float* found = z.data() + transform.float_index(place);
        ASSERT_NEAR(found[0], expected.real(), bound) << points << " points, frequency " << f;
        ASSERT_NEAR(found[transform.lanes()], expected.imag(), bound) << points << " points, frequency " << f;
      }
    }
  }
}

TEST_P(Transforms, InverseUndoesForward) {
  for (const Transform::Kind kind : {Transform::Kind::cyclic, Transform::Kind::negacyclic}) {
    for (const std::int64_t points : sizes()) {
      const std::vector<float> row = noise(2 * points, 4);
      for (const Transform& transform : forms(points, kind)) {
        const Floats z(2 * points), back(2 * points);
        kernels().forward(transform, {row.data(), row.data() + points}, z.data());
        kernels().scale(z.data(), 1.0f / static_cast<float>(points), points);
        kernels().inverse(transform, z.data(), {back.data(), back.data() + points});
        const double bound = 2 * allowed(points, norm(row)) / std::sqrt(static_cast<double>(points));
        for (std::int64_t n = 0; n < 2 * points; ++n) ASSERT_NEAR(back.data()[n], row[n], bound) << points << ", " << n;
      }
    }
  }
}

// sum over j of k[j] x[n - j], or of k[j] x[n + j], in a row that comes round with the sign given.
double convolved(const std::vector<float>& x, const std::vector<float>& k, std::int64_t n, Product product, int sign) {
  const auto count = static_cast<std::int64_t>(x.size());
  double sum = 0;
  for (std::int64_t j = 0; j < static_cast<std::int64_t>(k.size()); ++j) {
    const std::int64_t at = product == Product::convolve ? n - j : n + j;
    const bool round = at < 0 || at >= count;
    sum += double{k[j]} * x[(at + count) % count] * (round ? sign : 1);
  }
  return sum;
}

class Filtering : public Transforms {
 protected:
  // The row x, and with it y if the transform takes two, filtered with k, which is as long.
  void check(Transform::Kind kind, Product product, std::int64_t points) const {
    for (const Transform& transform : forms(points, kind)) check(transform, product);
  }

  void check(const Transform& transform, Product product) const {
    const std::int64_t points = transform.points();
    const bool pair = transform.kind() == Transform::Kind::cyclic;
    const std::int64_t count = pair ? points : 2 * points;
    const std::vector<float> x = noise(count, 5), y = noise(count, 6), k = noise(count, 7);
    const Floats z(2 * points), spectrum(2 * points), out(2 * points);
    kernels().forward(transform, {k.data(), pair ? nullptr : k.data() + points}, spectrum.data());
    kernels().scale(spectrum.data(), 1.0f / static_cast<float>(points), points);
    kernels().filter(transform, {x.data(), pair ? y.data() : x.data() + points}, spectrum.data(), product, z.data(),
                     {out.data(), out.data() + points});
    const double bound = 3 * allowed(points, std::hypot(norm(x), norm(y)) * norm(k));
    for (std::int64_t n = 0; n < count; n += 5) {
      ASSERT_NEAR(out.data()[n], convolved(x, k, n, product, pair ? 1 : -1), bound) << points << " points, " << n;
      if (!pair) continue;
      ASSERT_NEAR(out.data()[points + n], convolved(y, k, n, product, 1), bound) << points << " points, " << n;
    }
  }
};

INSTANTIATE_TEST_SUITE_P(, Filtering, ki::cpu::usable_targets(), ki::cpu::target_name);

TEST_P(Filtering, TwoRowsAreConvolvedAndCorrelatedCyclically) {
  for (const std::int64_t points : sizes()) {
    check(Transform::Kind::cyclic, Product::convolve, points);
    check(Transform::Kind::cyclic, Product::correlate, points);
  }
}

TEST_P(Filtering, OneRowIsConvolvedAndCorrelatedNegacyclically) {
  for (const std::int64_t points : sizes()) {
    check(Transform::Kind::negacyclic, Product::convolve, points);
    check(Transform::Kind::negacyclic, Product::correlate, points);
  }
}

// Rows whose imaginary parts are absent take shorter ways in and out.
TEST_P(Filtering, AbsentImaginaryPartsCountAsZero) {
  for (const std::int64_t points : sizes()) {
    const std::vector<float> x = noise(points, 8), k = noise(points, 9);
    for (const Transform& transform : forms(points, Transform::Kind::negacyclic)) {
      std::vector<float> zeros(static_cast<std::size_t>(points));
      const Floats z(2 * points), spectrum(2 * points), whole(2 * points), half(points);
      kernels().forward(transform, {k.data(), nullptr}, spectrum.data());
      kernels().filter(transform, {x.data(), zeros.data()}, spectrum.data(), Product::convolve, z.data(),
                       {whole.data(), whole.data() + points});
      kernels().filter(transform, {x.data(), nullptr}, spectrum.data(), Product::convolve, z.data(),
                       {half.data(), nullptr});
      const double bound = allowed(points, norm(x) * norm(k) * static_cast<double>(points));
      for (std::int64_t n = 0; n < points; ++n)
        ASSERT_NEAR(half.data()[n], whole.data()[n], bound) << points << ", " << n;
    }
  }
}

// What is behind a row's end is not read, and what is outside of a span is not written.
TEST_P(Filtering, RowsMayBeShorterThanTheTransform) {
  for (const std::int64_t points : sizes()) {
    const std::vector<float> row = noise(2 * points, 12), k = noise(2 * points, 13);
    for (const Transform& transform : forms(points, Transform::Kind::negacyclic)) {
      const std::int64_t re_count = points - 5, im_count = points / 2 + 3;
      const Span re_span{7, points - 1}, im_span{points / 3, points / 3 + 1};
      std::vector<float> zeros_behind = row, nan_behind = row;
      for (std::int64_t n = 0; n < 2 * points; ++n) {
        if (n % points < (n < points ? re_count : im_count)) continue;
        zeros_behind[n] = 0;
        nan_behind[n] = NAN;
      }
      const Floats z(2 * points), spectrum(2 * points), whole(2 * points), part(2 * points);
      kernels().forward(transform, {k.data(), k.data() + points}, spectrum.data());
      kernels().filter(transform, {zeros_behind.data(), zeros_behind.data() + points}, spectrum.data(),
                       Product::convolve, z.data(), {whole.data(), whole.data() + points});
      std::fill_n(part.data(), 2 * points, -1.0f);
      kernels().filter(transform, {nan_behind.data(), nan_behind.data() + points, re_count, im_count}, spectrum.data(),
                       Product::convolve, z.data(), {part.data(), part.data() + points, re_span, im_span});
      for (std::int64_t n = 0; n < 2 * points; ++n) {
        const Span span = n < points ? re_span : im_span;
        const bool wanted = n % points >= span.first && n % points < span.last;
        ASSERT_EQ(part.data()[n], wanted ? whole.data()[n] : -1.0f) << points << " points, " << n;
      }
    }
  }
}

// However the steps are cut into slices, and in whatever order these are done, the last bit is the same.
TEST_P(Filtering, SlicesGiveTheSameBits) {
  const std::int64_t points = 60 * core_points(GetParam());
  for (const Transform& transform : forms(points, Transform::Kind::negacyclic)) {
    const std::vector<float> row = noise(2 * points, 10), k = noise(2 * points, 11);
    const RowIn in{row.data(), row.data() + points};
    const Floats z(2 * points), spectrum(2 * points), whole(2 * points), sliced(2 * points);
    kernels().forward(transform, {k.data(), k.data() + points}, spectrum.data());
    kernels().filter(transform, in, spectrum.data(), Product::convolve, z.data(),
                     {whole.data(), whole.data() + points});
    for (const std::int64_t count : {2, 7, 1000}) {
      std::fill_n(z.data(), 2 * points, NAN);
      std::fill_n(sliced.data(), 2 * points, NAN);
      for (std::int64_t i = count; i-- > 0;) kernels().begin(transform, in, z.data(), {i, count});
      for (std::int64_t i = count; i-- > 0;) {
        kernels().filter_parts(transform, spectrum.data(), Product::convolve, z.data(), {i, count});
      }
      for (std::int64_t i = count; i-- > 0;) {
        kernels().finish(transform, z.data(), {sliced.data(), sliced.data() + points}, {i, count});
      }
      ASSERT_TRUE(std::equal(whole.data(), whole.data() + 2 * points, sliced.data())) << count << " slices";
    }
  }
}

TEST_P(Transforms, LargeOnesTakeTwoStagesAtOnce) {
  const Transform large(core_points(GetParam()) << 12, Transform::Kind::negacyclic, GetParam(), 1 << 15);
  ASSERT_NE(large.outer(), nullptr);
  EXPECT_EQ(large.parts(), 64);
}

TEST_P(Transforms, SizesAreMultiplesOfTheCore) {
  const std::int64_t core = core_points(GetParam());
  EXPECT_TRUE(is_supported(core, GetParam()));
  EXPECT_TRUE(is_supported(core * 1024 * 15, GetParam()));
  EXPECT_FALSE(is_supported(core / 2, GetParam()));
  EXPECT_FALSE(is_supported(core * 7, GetParam()));
  EXPECT_FALSE(is_supported(core + 16, GetParam()));
  EXPECT_FALSE(is_supported(0, GetParam()));
}

}  // namespace
}  // namespace ki::long_convolution::cpu
