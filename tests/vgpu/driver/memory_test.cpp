// Memory: device, host, stream-ordered; what addresses are.
#include <cstring>
#include <memory>

#include "driver/test_support.h"

namespace {

using Memory = DriverTest;

TEST_F(Memory, IsCountedAndGivenBack) {
  std::size_t free_before = 0, free = 0, total = 0;
  ASSERT_OK(cuMemGetInfo(&free_before, &total));
  CUdeviceptr address = 0;
  ASSERT_OK(cuMemAlloc(&address, 1 << 20));
  EXPECT_EQ(address % 256, 0u);
  EXPECT_OK(cuMemGetInfo(&free, &total));
  EXPECT_EQ(free, free_before - (1 << 20));
  EXPECT_OK(cuMemFree(address));
  EXPECT_OK(cuMemGetInfo(&free, &total));
  EXPECT_EQ(free, free_before);
  EXPECT_OK(cuMemFree(0));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemFree(address));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemAlloc(&address, 0));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemAlloc(nullptr, 16));
  EXPECT_RESULT(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc(&address, total + 1));
  EXPECT_RESULT(CUDA_ERROR_OUT_OF_MEMORY, cuMemAlloc(&address, SIZE_MAX));
  ASSERT_OK(cuMemAlloc(&address, 1 << 20));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemFree(address + 256));
  EXPECT_OK(cuMemFree(address));
}

TEST_F(Memory, AHugeAllocationCostsWhatIsTouched) {
  const std::size_t size = 16ull << 30;
  const CUdeviceptr address = allocate(size);
  ASSERT_OK(cuMemsetD8(address + size - 4, 0x5A, 4));
  int value = 0;
  ASSERT_OK(cuMemcpyDtoH(&value, address + size - 4, 4));
  EXPECT_EQ(value, 0x5A5A5A5A);
  EXPECT_OK(cuMemFree(address));
}

TEST_F(Memory, PitchIsAlignedAndHoldsTheRows) {
  CUdeviceptr address = 0;
  std::size_t pitch = 0, size = 0;
  ASSERT_OK(cuMemAllocPitch(&address, &pitch, 1000, 7, 4));
  EXPECT_GE(pitch, 1000u);
  EXPECT_EQ(pitch % 512, 0u);
  CUdeviceptr base = 0;
  EXPECT_OK(cuMemGetAddressRange(&base, &size, address + 3));
  EXPECT_EQ(base, address);
  EXPECT_EQ(size, pitch * 7);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemAllocPitch(&address, &pitch, 1000, 7, 3));
  EXPECT_RESULT(CUDA_ERROR_NOT_FOUND, cuMemGetAddressRange(&base, &size, address + size));
}

TEST_F(Memory, HostMemoryHasOneAddressOnBothSides) {
  void* host = nullptr;
  CUdeviceptr device = 0;
  unsigned flags = 0;
  ASSERT_OK(cuMemHostAlloc(&host, 4096, CU_MEMHOSTALLOC_PORTABLE));
  std::memset(host, 1, 4096);
  EXPECT_OK(cuMemHostGetDevicePointer(&device, host, 0));
  EXPECT_EQ(device, reinterpret_cast<CUdeviceptr>(host));
  EXPECT_OK(cuMemHostGetFlags(&flags, host));
  EXPECT_TRUE(flags & CU_MEMHOSTALLOC_PORTABLE);
  // A kernel may use it.
  static_cast<int*>(host)[0] = 41;
  ASSERT_OK(launch_add_to(device, 1, 1));
  ASSERT_OK(cuCtxSynchronize());
  EXPECT_EQ(static_cast<int*>(host)[0], 42);
  EXPECT_OK(cuMemFreeHost(host));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemFreeHost(host));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemHostAlloc(&host, 16, 0x100));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemHostAlloc(&host, 0, 0));
  int local = 0;
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemHostGetDevicePointer(&device, &local, 0));
}

TEST_F(Memory, RegisteredHostMemoryIsThePrograms) {
  const auto buffer = std::make_unique<int[]>(1024);
  buffer[0] = 4;
  ASSERT_OK(cuMemHostRegister(buffer.get(), 4096, 0));
  EXPECT_RESULT(CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED, cuMemHostRegister(buffer.get(), 4096, 0));
  CUdeviceptr device = 0;
  EXPECT_OK(cuMemHostGetDevicePointer(&device, buffer.get(), 0));
  ASSERT_OK(launch_add_to(device, 3, 1));
  ASSERT_OK(cuCtxSynchronize());
  EXPECT_EQ(buffer[0], 7);
  EXPECT_OK(cuMemHostUnregister(buffer.get()));
  EXPECT_RESULT(CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED, cuMemHostUnregister(buffer.get()));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemHostRegister(nullptr, 16, 0));
}

TEST_F(Memory, AddressesSayWhatTheyAre) {
  const CUdeviceptr address = allocate(1000);
  unsigned type = 0;
  CUcontext owner = nullptr;
  CUdeviceptr start = 0;
  std::size_t size = 0;
  EXPECT_OK(cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, address + 999));
  EXPECT_EQ(type, unsigned{CU_MEMORYTYPE_DEVICE});
  EXPECT_OK(cuPointerGetAttribute(&owner, CU_POINTER_ATTRIBUTE_CONTEXT, address));
  EXPECT_EQ(owner, context);
  EXPECT_OK(cuPointerGetAttribute(&start, CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, address + 10));
  EXPECT_EQ(start, address);
  EXPECT_OK(cuPointerGetAttribute(&size, CU_POINTER_ATTRIBUTE_RANGE_SIZE, address));
  EXPECT_EQ(size, 1000u);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE,
                cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, address + 1000));
  int local = 0, ordinal = 0;
  const auto unknown = reinterpret_cast<CUdeviceptr>(&local);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, unknown));
  CUpointer_attribute attributes[] = {CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL};
  void* data[] = {&type, &ordinal};
  EXPECT_OK(cuPointerGetAttributes(2, attributes, data, unknown));
  EXPECT_EQ(type, 0u);
  EXPECT_EQ(ordinal, -2);
  void* host = nullptr;
  ASSERT_OK(cuMemAllocHost(&host, 64));
  EXPECT_OK(cuPointerGetAttributes(2, attributes, data, reinterpret_cast<CUdeviceptr>(host)));
  EXPECT_EQ(type, unsigned{CU_MEMORYTYPE_HOST});
  EXPECT_EQ(ordinal, 0);
}

TEST_F(Memory, StreamOrderedMemoryEndsInItsTurn) {
  CUstream stream = nullptr;
  ASSERT_OK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  CUdeviceptr address = 0;
  ASSERT_OK(cuMemAllocAsync(&address, 256, stream));
  ASSERT_OK(cuMemsetD32Async(address, 5, 64, stream));
  int value = 0;
  void* host = nullptr;
  ASSERT_OK(cuMemAllocHost(&host, 4));
  ASSERT_OK(cuMemcpyDtoHAsync(host, address, 4, stream));
  ASSERT_OK(cuMemFreeAsync(address, stream));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemFreeAsync(address, stream));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemFree(address));
  ASSERT_OK(cuStreamSynchronize(stream));
  std::memcpy(&value, host, 4);
  EXPECT_EQ(value, 5);
  CUmemoryPool pool = nullptr, current = nullptr;
  EXPECT_OK(cuDeviceGetDefaultMemPool(&pool, 0));
  EXPECT_OK(cuDeviceGetMemPool(&current, 0));
  EXPECT_EQ(pool, current);
  cuuint64_t threshold = 77, seen = 0;
  EXPECT_OK(cuMemPoolSetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &threshold));
  EXPECT_OK(cuMemPoolGetAttribute(pool, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &seen));
  EXPECT_EQ(seen, 77u);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemAllocFromPoolAsync(&address, 16, nullptr, stream));
  ASSERT_OK(cuMemAllocFromPoolAsync(&address, 16, pool, stream));
  EXPECT_OK(cuMemFreeAsync(address, stream));
}

// Freed in one stream, still used in another that did not wait: what a race on hardware corrupts, shows here.
TEST_F(Memory, UseAfterAnOrderedFreeIsAFinding) {
  ASSERT_EQ(vgpu_set("patience", "3600000"), 0);
  CUstream stream = nullptr;
  ASSERT_OK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  CUdeviceptr address = 0;
  ASSERT_OK(cuMemAllocAsync(&address, 256, stream));
  ASSERT_OK(cuMemsetD32Async(address, 5, 64, stream));
  ASSERT_OK(cuMemFreeAsync(address, stream));
  CUstream other = nullptr;
  ASSERT_OK(cuStreamCreate(&other, CU_STREAM_NON_BLOCKING));
  ASSERT_OK(cuMemsetD32Async(address, 6, 64, other));
  ASSERT_OK(cuStreamSynchronize(stream));
  EXPECT_RESULT(CUDA_ERROR_ILLEGAL_ADDRESS, cuStreamSynchronize(other));
  ASSERT_EQ(vgpu_finding_count(), 1);
  EXPECT_STREQ(vgpu_finding_kind(0), "use_after_free");
  vgpu_clear_findings();
}

TEST_F(Memory, WhatIsMissingSaysSo) {
  CUdeviceptr address = 0;
  EXPECT_RESULT(CUDA_ERROR_NOT_SUPPORTED, cuMemAllocManaged(&address, 16, CU_MEM_ATTACH_GLOBAL));
}

}  // namespace
