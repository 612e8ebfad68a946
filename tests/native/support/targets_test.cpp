#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

#include "support/backends.h"

// One test for each instruction set the library is compiled for, so that the summary says which ran: those the machine
// lacks are listed as skipped, with the reason. And one for the virtual GPU.
namespace ki::test {
namespace {

class SimdTargets : public testing::TestWithParam<const char*> {};

TEST_P(SimdTargets, Runs) {
  const std::vector<SimdTarget> targets = simd_targets();
  const auto target = std::ranges::find(targets, std::string(GetParam()), &SimdTarget::name);
  ASSERT_NE(target, targets.end()) << "the probe does not mention " << GetParam();
  if (!target->usable) GTEST_SKIP() << GetParam() << " did not run: " << target->detail;
  EXPECT_STREQ(info_of(open_device("cpu", GetParam())).target, GetParam());
  std::cout << GetParam() << " ran: " << target->detail << "\n";
}

INSTANTIATE_TEST_SUITE_P(Cpu, SimdTargets, testing::Values("avx2", "avx3"),
                         [](const auto& info) { return info.param; });

TEST(SimdTargetList, TheTestsKnowEveryTargetOfTheLibrary) {
  for (const SimdTarget& target : simd_targets()) EXPECT_TRUE(target.name == "avx2" || target.name == "avx3");
}

#if defined(KI_VIRTUAL_DRIVER)
/// Tests of CUDA devices are skipped where there is none: that must not happen where the virtual GPU was built.
TEST(CudaDevices, IncludeTheVirtualGpu) {
  if (std::string(std::getenv("KERNELS_INTEROP_CUDA_DRIVER")) != KI_VIRTUAL_DRIVER) {
    GTEST_SKIP() << "the tests run on another driver";
  }
  ki_device* device = nullptr;
  EXPECT_EQ(ki_device_open("cuda:0", nullptr, &device), KI_STATUS_OK) << ki_last_error_message();
  ki_device_close(device);
  EXPECT_TRUE(std::ranges::any_of(backends(), [](const Backend& backend) { return backend.device == "cuda:0"; }) ||
              std::getenv("KI_TEST_DEVICE") != nullptr);
}
#endif

}  // namespace
}  // namespace ki::test
