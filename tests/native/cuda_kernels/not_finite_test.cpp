// The bit arithmetic that finds elements which are not finite, on every pair of interest.
#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>

#include "cuda/device/finite.cuh"

namespace ki::cuda {
namespace {

struct Binary16 {
  static constexpr std::uint16_t kExponent = 0x7C00;
};
struct BFloat16 {
  static constexpr std::uint16_t kExponent = 0x7F80;
};

template <class T>
class NotFinite : public testing::Test {};
using Types = testing::Types<Binary16, BFloat16>;
TYPED_TEST_SUITE(NotFinite, Types);

TYPED_TEST(NotFinite, FlagsEachHalfOfAPairByItself) {
  const auto is_special = [](std::uint32_t bits) { return (bits & TypeParam::kExponent) == TypeParam::kExponent; };
  for (std::uint32_t x = 0; x < 0x10000; ++x) {
    for (const std::uint32_t other :
         {0x0000u, 0x8000u, 0x3C00u, 0x7FFFu, 0xFFFFu, 0x7C00u, 0xFF80u, 0x7BFFu, 0x7F7Fu}) {
      const std::uint32_t flags = (is_special(other) ? 0x80000000u : 0u) | (is_special(x) ? 0x8000u : 0u);
      ASSERT_EQ(not_finite<TypeParam>(other << 16 | x), flags) << std::hex << other << " " << x;
      const std::uint32_t kept = (is_special(other) ? 0u : other << 16) | (is_special(x) ? 0u : x);
      ASSERT_EQ(finite_part<TypeParam>(other << 16 | x), kept) << std::hex << other << " " << x;
    }
  }
}

}  // namespace
}  // namespace ki::cuda
