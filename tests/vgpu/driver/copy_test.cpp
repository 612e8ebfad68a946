// Every form of copy and fill against plain loops.
#include <cstring>
#include <numeric>

#include "driver/test_support.h"

namespace {

using Copy = DriverTest;

std::vector<int> counting(std::size_t count) {
  std::vector<int> values(count);
  std::iota(values.begin(), values.end(), 100);
  return values;
}

TEST_F(Copy, LinearInAllDirections) {
  const std::vector<int> source = counting(1000);
  const CUdeviceptr a = upload(source), b = allocate(4000);
  ASSERT_OK(cuMemcpyDtoD(b, a, 4000));
  EXPECT_EQ(download(b, 1000), source);
  std::vector<int> result(1000);
  ASSERT_OK(cuMemcpy(reinterpret_cast<CUdeviceptr>(result.data()), a, 4000));
  EXPECT_EQ(result, source);
  ASSERT_OK(cuMemsetD8(b, 0, 4000));
  ASSERT_OK(cuMemcpy(b, reinterpret_cast<CUdeviceptr>(source.data()), 2000));
  EXPECT_EQ(download(b, 500), counting(500));
  ASSERT_OK(cuMemcpy(b + 2000, a, 2000));
  EXPECT_EQ(download(b + 2000, 500), counting(500));
  ASSERT_OK(cuMemcpyPeer(b, context, a, context, 4000));
  EXPECT_EQ(download(b, 1000), source);
  std::vector<int> other(1000);
  ASSERT_OK(cuMemcpy(reinterpret_cast<CUdeviceptr>(other.data()), reinterpret_cast<CUdeviceptr>(source.data()), 4000));
  EXPECT_EQ(other, source);
}

TEST_F(Copy, InAStream) {
  CUstream stream = nullptr;
  ASSERT_OK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  const std::vector<int> source = counting(256);
  const CUdeviceptr a = allocate(1024), b = allocate(1024), c = allocate(1024);
  std::vector<int> result(256);
  ASSERT_OK(cuMemcpyHtoDAsync(a, source.data(), 1024, stream));
  ASSERT_OK(cuMemcpyDtoDAsync(b, a, 1024, stream));
  ASSERT_OK(cuMemcpyAsync(c, b, 1024, stream));
  ASSERT_OK(cuMemcpyPeerAsync(a, context, c, context, 1024, stream));
  ASSERT_OK(cuMemcpyDtoHAsync(result.data(), a, 1024, stream));  // pageable: waits
  EXPECT_EQ(result, source);
}

TEST_F(Copy, PageableMemoryIsReadAtTheCallAndPinnedMemoryLater) {
  ASSERT_EQ(vgpu_set("patience", "3600000"), 0);
  CUstream stream = nullptr;
  ASSERT_OK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
  const CUdeviceptr a = allocate(4), b = allocate(4);
  int pageable = 1;
  void* memory = nullptr;
  ASSERT_OK(cuMemAllocHost(&memory, 4));
  int& pinned = *static_cast<int*>(memory) = 1;
  ASSERT_OK(cuMemcpyHtoDAsync(a, &pageable, 4, stream));
  ASSERT_OK(cuMemcpyHtoDAsync(b, &pinned, 4, stream));
  pageable = pinned = 2;
  ASSERT_OK(cuStreamSynchronize(stream));
  EXPECT_EQ(download(a, 1)[0], 1);
  EXPECT_EQ(download(b, 1)[0], 2);
}

TEST_F(Copy, BadAddressesAreRefusedAtTheCall) {
  const CUdeviceptr a = allocate(1000), b = allocate(1000);
  std::vector<char> host(2000);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(a, host.data(), 1001));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoH(host.data(), a + 1, 1000));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoD(a, b + 999, 2));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(a, nullptr, 4));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(0, host.data(), 4));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoD(a, reinterpret_cast<void*>(b), 4));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemcpyHtoDAsync(a, host.data(), 1001, nullptr));
  EXPECT_RESULT(CUDA_ERROR_INVALID_HANDLE, cuMemcpyHtoDAsync(a, host.data(), 10, reinterpret_cast<CUstream>(77)));
  EXPECT_OK(cuMemcpyHtoD(a, host.data(), 0));
  EXPECT_OK(cuMemFree(b));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemcpyDtoD(a, b, 4));
}

TEST_F(Copy, Rectangles) {
  // 5 rows of 12 ints on the host; the part of 3 rows of 4 from (2, 1) goes to (1, 2) of a pitched array of 6 x 8.
  const std::vector<int> source = counting(5 * 12);
  CUdeviceptr device = 0;
  std::size_t pitch = 0;
  ASSERT_OK(cuMemAllocPitch(&device, &pitch, 8 * 4, 6, 4));
  ASSERT_OK(cuMemsetD2D32(device, pitch, 0xFFFFFFFF, 8, 6));
  CUDA_MEMCPY2D copy = {};
  copy.srcMemoryType = CU_MEMORYTYPE_HOST;
  copy.srcHost = source.data();
  copy.srcPitch = 12 * 4;
  copy.srcXInBytes = 2 * 4;
  copy.srcY = 1;
  copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.dstDevice = device;
  copy.dstPitch = pitch;
  copy.dstXInBytes = 4;
  copy.dstY = 2;
  copy.WidthInBytes = 4 * 4;
  copy.Height = 3;
  ASSERT_OK(cuMemcpy2D(&copy));
  std::vector<int> result(6 * 8);
  CUDA_MEMCPY2D back = {};
  back.srcMemoryType = CU_MEMORYTYPE_UNIFIED;
  back.srcDevice = device;
  back.srcPitch = pitch;
  back.dstMemoryType = CU_MEMORYTYPE_HOST;
  back.dstHost = result.data();
  back.WidthInBytes = 8 * 4;
  back.Height = 6;
  ASSERT_OK(cuMemcpy2DUnaligned(&back));
  for (std::size_t y = 0; y < 6; ++y)
    for (std::size_t x = 0; x < 8; ++x) {
      const bool inside = y >= 2 && y < 5 && x >= 1 && x < 5;
      EXPECT_EQ(result[y * 8 + x], inside ? source[(y - 2 + 1) * 12 + (x - 1 + 2)] : -1) << y << ", " << x;
    }
  back.Height = 7;
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemcpy2D(&back));
  copy.srcPitch = 8;
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemcpy2D(&copy));
  copy.srcMemoryType = CU_MEMORYTYPE_ARRAY;
  EXPECT_RESULT(CUDA_ERROR_NOT_SUPPORTED, cuMemcpy2D(&copy));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemcpy2D(nullptr));
}

TEST_F(Copy, Boxes) {
  // The box 2 x 3 x 4 (ints wide, rows, slices) from the corner (1, 1, 1) of 4 x 5 x 6, densely.
  const std::vector<int> source = counting(4 * 5 * 6);
  const CUdeviceptr device = allocate(2 * 3 * 4 * 4);
  CUDA_MEMCPY3D copy = {};
  copy.srcMemoryType = CU_MEMORYTYPE_HOST;
  copy.srcHost = source.data();
  copy.srcPitch = 4 * 4;
  copy.srcHeight = 5;
  copy.srcXInBytes = 4;
  copy.srcY = copy.srcZ = 1;
  copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.dstDevice = device;
  copy.WidthInBytes = 2 * 4;
  copy.Height = 3;
  copy.Depth = 4;
  CUstream stream = nullptr;
  ASSERT_OK(cuStreamCreate(&stream, 0));
  ASSERT_OK(cuMemcpy3DAsync(&copy, stream));
  ASSERT_OK(cuStreamSynchronize(stream));
  const std::vector<int> result = download(device, 24);
  for (std::size_t z = 0; z < 4; ++z)
    for (std::size_t y = 0; y < 3; ++y)
      for (std::size_t x = 0; x < 2; ++x)
        EXPECT_EQ(result[(z * 3 + y) * 2 + x], source[((z + 1) * 5 + y + 1) * 4 + x + 1]);
}

TEST_F(Copy, FillsOfAllWidths) {
  const CUdeviceptr a = allocate(64);
  std::vector<unsigned char> bytes(64), expected(64);
  ASSERT_OK(cuMemsetD8(a, 0x11, 64));
  ASSERT_OK(cuMemsetD16(a + 8, 0x2233, 4));
  ASSERT_OK(cuMemsetD32Async(a + 32, 0x44556677, 2, nullptr));
  ASSERT_OK(cuMemcpyDtoH(bytes.data(), a, 64));
  std::memset(expected.data(), 0x11, 64);
  for (int i = 0; i < 4; ++i) expected[8 + 2 * i] = 0x33, expected[9 + 2 * i] = 0x22;
  for (int i = 0; i < 2; ++i) {
    const unsigned char word[] = {0x77, 0x66, 0x55, 0x44};
    std::memcpy(&expected[32 + 4 * i], word, 4);
  }
  EXPECT_EQ(bytes, expected);
  // Two rows of three 16-bit elements, 16 bytes apart.
  ASSERT_OK(cuMemsetD2D16(a, 16, 0xABCD, 3, 2));
  ASSERT_OK(cuMemcpyDtoH(bytes.data(), a, 64));
  for (int row = 0; row < 2; ++row)
    for (int i = 0; i < 3; ++i) expected[16 * row + 2 * i] = 0xCD, expected[16 * row + 2 * i + 1] = 0xAB;
  EXPECT_EQ(bytes, expected);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemsetD32(a + 2, 0, 1));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemsetD32(a, 0, 17));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemsetD2D8(a, 2, 0, 3, 2));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuMemsetD8(0, 0, 1));
}

}  // namespace
