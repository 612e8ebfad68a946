// vgpu.h: settings, counters, findings, mutations.
#include <cstdlib>
#include <fstream>

#include "driver/sha256.h"
#include "driver/test_support.h"

namespace {

using VgpuTest = DriverTest;

TEST_F(VgpuTest, SettingsTakeWhatTheyKnow) {
  EXPECT_EQ(vgpu_interface(), VGPU_INTERFACE);
  const struct {
    const char *name, *value;
    bool known;
  } table[] = {
      {"schedule", "random", true}, {"schedule", "sideways", false}, {"seed", "18446744073709551615", true},
      {"seed", "-1", false},        {"rounding", "ampere", true},    {"rounding", "hopper", false},
      {"checks", "0", true},        {"checks", "yes", false},        {"watchdog", "5000", true},
      {"watchdog", "0", false},     {"patience", "3", true},         {"mutation", "drop bar.sync 3", true},
      {"mutation", "drop", false},  {"colour", "blue", false},
  };
  for (const auto& [name, value, known] : table) {
    EXPECT_EQ(vgpu_set(name, value), known ? 0 : -1) << name << " " << value;
    if (known) {
      EXPECT_STREQ(vgpu_get(name), value);
    }
  }
  EXPECT_STREQ(vgpu_get("schedule"), "random");  // a refused value changes nothing
  EXPECT_EQ(vgpu_get("colour"), nullptr);
  EXPECT_EQ(vgpu_set(nullptr, "1"), -1);
}

TEST_F(VgpuTest, CountersComeOnlyWhenAsked) {
  const CUdeviceptr p = upload({1, 2, 3});
  ASSERT_OK(launch_add_to(p, 1, 3));
  ASSERT_OK(cuCtxSynchronize());
  EXPECT_STREQ(vgpu_counters_json(), "[]");
  ASSERT_EQ(vgpu_set("counters", "1"), 0);
  ASSERT_OK(launch_add_to(p, 1, 3));
  ASSERT_OK(cuCtxSynchronize());
  const std::string json = vgpu_counters_json();
  EXPECT_NE(json.find("\"add_to\""), std::string::npos) << json;
  EXPECT_NE(json.find("ld.global"), std::string::npos) << json;
  vgpu_clear_counters();
  EXPECT_STREQ(vgpu_counters_json(), "[]");
}

TEST_F(VgpuTest, FindingsAreKeptUntilCleared) {
  CUdeviceptr zero = 0;
  void* params[] = {&zero};
  ASSERT_OK(cuLaunchKernel(function("write_at"), 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr));
  EXPECT_RESULT(CUDA_ERROR_ILLEGAL_ADDRESS, cuCtxSynchronize());
  ASSERT_GE(vgpu_finding_count(), 1);
  EXPECT_NE(std::string(vgpu_finding_text(0)).find("write_at"), std::string::npos) << vgpu_finding_text(0);
  EXPECT_EQ(vgpu_finding_text(vgpu_finding_count()), nullptr);
  EXPECT_EQ(vgpu_finding_kind(-1), nullptr);
  vgpu_clear_findings();
  EXPECT_EQ(vgpu_finding_count(), 0);
  EXPECT_EQ(vgpu_finding_text(0), nullptr);
}

// A race is no fault: hardware would go on, so the launch succeeds and only the finding tells.
TEST_F(VgpuTest, AMutationIsMadeAtLoadAndItsRaceIsFoundWithoutAnError) {
  ASSERT_EQ(vgpu_mutate("drop bar.sync 0"), 0);
  const CUfunction sum = function("shared_sum");
  EXPECT_EQ(vgpu_mutated_modules(), 1);
  CUdeviceptr p = upload({0});
  void* params[] = {&p};
  ASSERT_OK(cuLaunchKernel(sum, 1, 1, 1, 128, 1, 1, 512, nullptr, params, nullptr));
  EXPECT_OK(cuCtxSynchronize());
  ASSERT_GE(vgpu_finding_count(), 1);
  EXPECT_STREQ(vgpu_finding_kind(0), "shared_race");
  vgpu_clear_findings();
  // A module without such an instruction stays as it is, and is not counted.
  ASSERT_EQ(vgpu_mutate("drop bar.sync 7"), 0);
  ASSERT_OK(cuModuleLoadData(&module, kTestKernels));
  EXPECT_EQ(vgpu_mutated_modules(), 1);
  ASSERT_EQ(vgpu_mutate(""), 0);
}

TEST_F(VgpuTest, MutationsOfATextAreListed) {
  const std::string list = vgpu_list_mutations(kTestKernels);
  EXPECT_NE(list.find("drop bar.sync 0\t"), std::string::npos) << list;
  EXPECT_EQ(list.find("drop bar.sync 1\t"), std::string::npos) << list;
  EXPECT_STREQ(vgpu_list_mutations(nullptr), "");
}

// The text with lines stands in the folder of sources under the hash of the one without.
TEST_F(VgpuTest, FindingsHaveSourceLinesWhenTheSourcesAreKnown) {
  const std::string stripped =
      ".version 8.4\n.target sm_80\n.address_size 64\n.visible .entry k()\n{\n"
      ".reg .b32 %r<2>;\n.reg .b64 %rd<2>;\nmov.u64 %rd1, 0;\nmov.u32 %r1, 1;\nst.global.u32 [%rd1], %r1;\nret;\n}\n";
  std::string lined = stripped;
  lined.insert(lined.find("st.global"), ".loc 1 4711 3\n");
  lined += ".file 1 \"somewhere/kernel.cu\"\n";
  const std::string folder = testing::TempDir();
  const std::string path = folder + "/" + vgpu::driver::sha256(stripped) + ".ptx";
  std::ofstream(path) << lined;
  ASSERT_EQ(vgpu_set("sources", folder.c_str()), 0);
  ASSERT_OK(cuModuleLoadData(&module, stripped.c_str()));
  std::remove(path.c_str());
  ASSERT_OK(cuLaunchKernel(function("k"), 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
  EXPECT_RESULT(CUDA_ERROR_ILLEGAL_ADDRESS, cuCtxSynchronize());
  ASSERT_EQ(vgpu_finding_count(), 1);
  EXPECT_NE(std::string(vgpu_finding_text(0)).find("kernel.cu:4711"), std::string::npos) << vgpu_finding_text(0);
  vgpu_clear_findings();
}

// The environment is read when the library is first used; a child process sees it afresh.
TEST(VgpuEnvironment, SetsDevicesMemoryAndSchedule) {
  setenv("VGPU_DEVICES", "3", 1);
  setenv("VGPU_MEMORY_MIB", "64", 1);
  setenv("VGPU_SCHEDULE", "reverse", 1);
  setenv("VGPU_SEED", "99", 1);
  ASSERT_OK(cuInit(0));
  int count = 0;
  EXPECT_OK(cuDeviceGetCount(&count));
  EXPECT_EQ(count, 3);
  std::size_t bytes = 0;
  EXPECT_OK(cuDeviceTotalMem(&bytes, 2));
  EXPECT_EQ(bytes, 64u << 20);
  EXPECT_STREQ(vgpu_get("schedule"), "reverse");
  EXPECT_STREQ(vgpu_get("seed"), "99");
  ASSERT_EQ(vgpu_set("patience", "3600000"), 0);
  CUcontext contexts[2] = {};
  CUdeviceptr memory[2] = {};
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK(cuCtxCreate(&contexts[i], 0, i + 1));
    EXPECT_RESULT(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc(&memory[i], 65 << 20));
    ASSERT_OK(cuMemAlloc(&memory[i], 60 << 20));
    ASSERT_OK(cuMemsetD32(memory[i], static_cast<unsigned>(i + 10), 1));
  }
  int value = 0, peer = 0, ordinal = 0;
  EXPECT_OK(cuDeviceCanAccessPeer(&peer, 1, 2));
  EXPECT_EQ(peer, 1);
  EXPECT_OK(cuCtxEnablePeerAccess(contexts[0], 0));
  EXPECT_RESULT(CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED, cuCtxEnablePeerAccess(contexts[0], 0));
  // The fill of the other context is still queued; the copy comes after it.
  EXPECT_OK(cuMemcpyPeer(memory[1], contexts[1], memory[0], contexts[0], 4));
  EXPECT_OK(cuMemcpyDtoH(&value, memory[1], 4));
  EXPECT_EQ(value, 10);
  EXPECT_OK(cuPointerGetAttribute(&ordinal, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, memory[0]));
  EXPECT_EQ(ordinal, 1);
}

TEST(VgpuEnvironment, NoDeviceIsAnAnswer) {
  setenv("VGPU_DEVICES", "0", 1);
  EXPECT_RESULT(CUDA_ERROR_NO_DEVICE, cuInit(0));
}

}  // namespace
