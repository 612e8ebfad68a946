// CUTLASS's tensor-core products for sm_80 give right answers without a finding, under either rounding.
#include <cmath>
#include <random>

#include "arithmetic/half_bits.h"
#include "third_party/gpu.h"

namespace vgpu::third_party {
namespace {

struct Problem {
  int m, n, k;
  // Once its pipeline is full, CUTLASS fills nothing into the rows of a tile that lie outside the matrix. It multiplies
  // whatever shared memory holds there, and stores none of that.
  bool reads_unwritten_rows = false;
};

// Multiples of the 16 bytes that CUTLASS loads at a time, but not of the tiles: 64 x 64 and 32 (f16) or 64 (s8) deep.
constexpr Problem kProblems[] = {{64, 64, 64}, {8, 8, 16}, {72, 104, 48}, {128, 192, 304}, {200, 136, 304, true}};

class CutlassGemm : public testing::TestWithParam<Settings> {
 protected:
  // D = alpha A B + beta C.
  template <class AB, class CD, class Scalar>
  std::vector<CD> multiply(Gpu& gpu, const Problem& p, const std::vector<AB>& a, int lda, const std::vector<AB>& b,
                           int ldb, const std::vector<CD>& c, Scalar alpha, Scalar beta) {
    if (p.reads_unwritten_rows) gpu.expect(FindingKind::uninitialised_read, "mma_multistage.h");
    const auto facts = gpu.allocate<int>(5);
    gpu.launch("gemm_facts", 1, 1, facts);
    const auto fact = gpu.download(facts);
    // Written beforehand, for the kernel leaves the padding between members alone.
    const auto params = gpu.upload(std::vector<std::byte>(fact[0]));
    const auto d = gpu.allocate<CD>(p.m * p.n);
    gpu.launch("gemm_params", 1, 1, params, p.m, p.n, p.k, gpu.upload(a), lda, gpu.upload(b), ldb, gpu.upload(c), d,
               p.n, alpha, beta);
    const Dim3 grid{static_cast<std::uint32_t>((p.m + fact[3] - 1) / fact[3]),
                    static_cast<std::uint32_t>((p.n + fact[4] - 1) / fact[4]), 1};
    gpu.launch_packed(gpu.kernel_with("cutlass"), grid, fact[2], fact[1], gpu.download(params));
    EXPECT_GT(gpu.counters.tensor_instructions, 0u);
    return gpu.download(d);
  }

  // Of magnitudes between 2^-6 and 1.
  std::vector<std::uint16_t> random_halves(std::size_t count) {
    std::vector<std::uint16_t> halves(count);
    for (auto& bits : halves) bits = static_cast<std::uint16_t>((random_() & 0x8000) | (0x2400 + random_() % 0x1800));
    return halves;
  }

  void expect_f16(const std::string& module, bool b_in_rows) {
    for (const Problem& p : kProblems) {
      Gpu gpu(module, GetParam());
      const auto a = random_halves(p.m * p.k), b = random_halves(p.k * p.n), c = random_halves(p.m * p.n);
      const float alpha = 0.5f, beta = p.m == 72 ? 2.0f : 0.0f;
      const auto d = multiply(gpu, p, a, p.k, b, b_in_rows ? p.n : p.k, c, alpha, beta);
      for (int i = 0; i < p.m; ++i) {
        for (int j = 0; j < p.n; ++j) {
          double sum = 0, magnitude = 0;
          for (int k = 0; k < p.k; ++k) {
            const std::uint16_t b_bits = b_in_rows ? b[k * p.n + j] : b[j * p.k + k];
            const double product =
                double{arithmetic::float_from_f16(a[i * p.k + k])} * arithmetic::float_from_f16(b_bits);
            sum += product;
            magnitude += std::fabs(product);
          }
          const double c_term = beta * double{arithmetic::float_from_f16(c[i * p.n + j])};
          const double expected = alpha * sum + c_term;
          // Half an ulp of the result, and what f32 sums that are truncated may lose.
          const double tolerance = 0x1p-11 * std::fabs(expected) + p.k * 0x1p-23 * (magnitude + std::fabs(c_term));
          const double actual = arithmetic::float_from_f16(d[i * p.n + j]);
          ASSERT_NEAR(actual, expected, tolerance) << p.m << 'x' << p.n << 'x' << p.k << " at " << i << ", " << j;
        }
      }
    }
  }

  std::mt19937 random_{4};
};

TEST_P(CutlassGemm, MultipliesF16WithColumns) { expect_f16("cutlass_gemm_f16_columns", false); }
TEST_P(CutlassGemm, MultipliesF16WithRows) { expect_f16("cutlass_gemm_f16_rows", true); }

TEST_P(CutlassGemm, MultipliesS8) {
  for (const Problem& p : kProblems) {
    Gpu gpu("cutlass_gemm_s8", GetParam());
    std::vector<std::int8_t> a(p.m * p.k), b(p.k * p.n);
    for (auto* matrix : {&a, &b}) {
      for (auto& x : *matrix) x = static_cast<std::int8_t>(random_());
    }
    std::vector<std::int32_t> c(p.m * p.n);
    for (auto& x : c) x = static_cast<std::int32_t>(random_() % 100000) - 50000;
    const int alpha = 2, beta = p.m == 72 ? -3 : 0;  // with C and without: two ways through the kernel
    const auto d = multiply(gpu, p, a, p.k, b, p.k, c, alpha, beta);
    for (int i = 0; i < p.m; ++i) {
      for (int j = 0; j < p.n; ++j) {
        std::int32_t sum = 0;
        for (int k = 0; k < p.k; ++k) sum += a[i * p.k + k] * b[j * p.k + k];
        ASSERT_EQ(d[i * p.n + j], alpha * sum + beta * c[i * p.n + j])
            << p.m << 'x' << p.n << 'x' << p.k << " at " << i << ", " << j;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Schedules, CutlassGemm, testing::ValuesIn(every_schedule_and_rounding()), name_of);

}  // namespace
}  // namespace vgpu::third_party
