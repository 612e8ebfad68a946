// Before and at cuInit, names of errors, devices and what they say of themselves.
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <set>

#include "driver/test_support.h"

namespace {

TEST(Initialisation, NothingButTheVersionWorksBeforeInit) {
  int version = 0, count = 0;
  EXPECT_OK(cuDriverGetVersion(&version));
  EXPECT_EQ(version, 12040);
  CUcontext context = nullptr;
  CUdeviceptr address = 0;
  EXPECT_RESULT(CUDA_ERROR_NOT_INITIALIZED, cuDeviceGetCount(&count));
  EXPECT_RESULT(CUDA_ERROR_NOT_INITIALIZED, cuCtxGetCurrent(&context));
  EXPECT_RESULT(CUDA_ERROR_NOT_INITIALIZED, cuMemAlloc(&address, 16));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuInit(1));
  EXPECT_RESULT(CUDA_ERROR_NOT_INITIALIZED, cuDeviceGetCount(&count));
  EXPECT_OK(cuInit(0));
  EXPECT_OK(cuInit(0));
  EXPECT_OK(cuDeviceGetCount(&count));
  EXPECT_EQ(count, 1);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuDriverGetVersion(nullptr));
}

TEST(Initialisation, AChildOfForkMustNotGoOn) {
  ASSERT_OK(cuInit(0));
  CUcontext context = nullptr;
  ASSERT_OK(cuDevicePrimaryCtxRetain(&context, 0));
  ASSERT_OK(cuCtxSetCurrent(context));
  CUdeviceptr address = 0;
  ASSERT_OK(cuMemAlloc(&address, 4));
  ASSERT_OK(cuMemsetD32(address, 7, 1));
  ASSERT_OK(cuCtxSynchronize());
  const pid_t child = fork();
  if (child == 0) {
    int value = 0;
    const bool refused =
        cuMemcpyDtoH(&value, address, 4) == CUDA_ERROR_NOT_INITIALIZED && cuInit(0) == CUDA_ERROR_NOT_INITIALIZED;
    _exit(refused ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  int value = 0;
  EXPECT_OK(cuMemcpyDtoH(&value, address, 4));
  EXPECT_EQ(value, 7);
}

TEST(Initialisation, AForkBeforeInitIsFree) {
  const pid_t child = fork();
  if (child == 0) _exit(cuInit(0) == CUDA_SUCCESS ? 0 : 1);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(ErrorNames, AreThoseOfTheHeader) {
  const char* name = nullptr;
  EXPECT_OK(cuGetErrorName(CUDA_SUCCESS, &name));
  EXPECT_STREQ(name, "CUDA_SUCCESS");
  EXPECT_OK(cuGetErrorName(CUDA_ERROR_ILLEGAL_ADDRESS, &name));
  EXPECT_STREQ(name, "CUDA_ERROR_ILLEGAL_ADDRESS");
  EXPECT_OK(cuGetErrorName(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, &name));
  EXPECT_STREQ(name, "CUDA_ERROR_STREAM_CAPTURE_IMPLICIT");
  std::set<std::string> names;
  for (int code = 0; code < 1000; ++code) {
    const char* text = nullptr;
    if (cuGetErrorName(static_cast<CUresult>(code), &name) != CUDA_SUCCESS) {
      EXPECT_EQ(name, nullptr);
      continue;
    }
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_OK(cuGetErrorString(static_cast<CUresult>(code), &text));
    EXPECT_GT(std::strlen(text), 0u);
  }
  EXPECT_GT(names.size(), 90u);  // exports_test.cpp compares them with the header
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGetErrorName(static_cast<CUresult>(12345), &name));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGetErrorString(CUDA_SUCCESS, nullptr));
}

using Device = DriverTest;

TEST_F(Device, SaysWhatItIs) {
  CUdevice device = -1;
  EXPECT_OK(cuDeviceGet(&device, 0));
  EXPECT_EQ(device, 0);
  EXPECT_RESULT(CUDA_ERROR_INVALID_DEVICE, cuDeviceGet(&device, 1));
  EXPECT_RESULT(CUDA_ERROR_INVALID_DEVICE, cuDeviceGet(&device, -1));
  char name[64] = {}, small[4] = {'x', 'x', 'x', 'x'};
  EXPECT_OK(cuDeviceGetName(name, sizeof name, 0));
  EXPECT_STREQ(name, "Virtual GPU");
  EXPECT_OK(cuDeviceGetName(small, sizeof small, 0));
  EXPECT_STREQ(small, "Vir");
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuDeviceGetName(nullptr, 4, 0));
  std::size_t bytes = 0, free = 0, total = 0;
  EXPECT_OK(cuDeviceTotalMem(&bytes, 0));
  EXPECT_OK(cuMemGetInfo(&free, &total));
  EXPECT_EQ(bytes, total);
  EXPECT_EQ(free, total);
  CUuuid uuid;
  EXPECT_OK(cuDeviceGetUuid(&uuid, 0));
  EXPECT_EQ(std::memcmp(uuid.bytes, "VIRTUAL GPU", 11), 0);
  char bus[16];
  EXPECT_OK(cuDeviceGetPCIBusId(bus, sizeof bus, 0));
  EXPECT_OK(cuDeviceGetByPCIBusId(&device, bus));
  EXPECT_EQ(device, 0);
  EXPECT_RESULT(CUDA_ERROR_INVALID_DEVICE, cuDeviceGetByPCIBusId(&device, "0000:77:00.0"));
}

TEST_F(Device, HasTheAttributesOfSm80) {
  const struct {
    CUdevice_attribute attribute;
    int expected;
  } table[] = {
      {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 8},
      {CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 0},
      {CU_DEVICE_ATTRIBUTE_WARP_SIZE, 32},
      {CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, 108},
      {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK, 49152},
      {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN, 166912},
      {CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR, 167936},
      {CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK, 1024},
      {CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z, 64},
      {CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X, 2147483647},
      {CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y, 65535},
      {CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING, 1},
      {CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY, 0},
      {CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH, 0},
      {CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED, 1},
  };
  for (const auto& [attribute, expected] : table) {
    int value = -1;
    EXPECT_OK(cuDeviceGetAttribute(&value, attribute, 0));
    EXPECT_EQ(value, expected) << attribute;
  }
  int value = 0;
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuDeviceGetAttribute(&value, static_cast<CUdevice_attribute>(9999), 0));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuDeviceGetAttribute(nullptr, CU_DEVICE_ATTRIBUTE_WARP_SIZE, 0));
  EXPECT_RESULT(CUDA_ERROR_INVALID_DEVICE, cuDeviceGetAttribute(&value, CU_DEVICE_ATTRIBUTE_WARP_SIZE, 5));
}

}  // namespace
