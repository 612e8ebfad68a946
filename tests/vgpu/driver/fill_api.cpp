// cuMemset in all its forms. None of them waits: the memory is the device's.
#include "driver/copies.h"

using namespace vgpu::driver;

namespace {

CUresult set(CUstream stream, CUdeviceptr address, std::uint32_t value, std::uint32_t element_bytes, std::size_t pitch,
             std::size_t width, std::size_t height) {
  return entry([&](Call& call) {
    FillWork work;
    work.address = address;
    work.value = value;
    work.element_bytes = element_bytes;
    work.pitch = height == 1 ? width * element_bytes : pitch;
    work.width = width;
    work.height = height;
    fill(call, stream, work);
  });
}

CUstream own(CUstream stream) { return stream == nullptr ? CU_STREAM_PER_THREAD : stream; }

}  // namespace

#define VGPU_EXPORT extern "C" __attribute__((visibility("default")))

// One width of element: D8, D16 or D32; each in one dimension and in two, at once and in a stream.
#define VGPU_FILL(suffix, type, bytes)                                                                           \
  CUresult cuMemset##suffix##_v2(CUdeviceptr d, type v, size_t n) { return set(nullptr, d, v, bytes, 0, n, 1); } \
  VGPU_EXPORT CUresult cuMemset##suffix##_v2_ptds(CUdeviceptr d, type v, size_t n) {                             \
    return set(CU_STREAM_PER_THREAD, d, v, bytes, 0, n, 1);                                                      \
  }                                                                                                              \
  CUresult cuMemset##suffix##Async(CUdeviceptr d, type v, size_t n, CUstream s) {                                \
    return set(s, d, v, bytes, 0, n, 1);                                                                         \
  }                                                                                                              \
  VGPU_EXPORT CUresult cuMemset##suffix##Async_ptsz(CUdeviceptr d, type v, size_t n, CUstream s) {               \
    return set(own(s), d, v, bytes, 0, n, 1);                                                                    \
  }
#define VGPU_FILL_2D(suffix, type, bytes)                                                                  \
  CUresult cuMemsetD2##suffix##_v2(CUdeviceptr d, size_t p, type v, size_t w, size_t h) {                  \
    return set(nullptr, d, v, bytes, p, w, h);                                                             \
  }                                                                                                        \
  VGPU_EXPORT CUresult cuMemsetD2##suffix##_v2_ptds(CUdeviceptr d, size_t p, type v, size_t w, size_t h) { \
    return set(CU_STREAM_PER_THREAD, d, v, bytes, p, w, h);                                                \
  }                                                                                                        \
  CUresult cuMemsetD2##suffix##Async(CUdeviceptr d, size_t p, type v, size_t w, size_t h, CUstream s) {    \
    return set(s, d, v, bytes, p, w, h);                                                                   \
  }                                                                                                        \
  VGPU_EXPORT CUresult cuMemsetD2##suffix##Async_ptsz(CUdeviceptr d, size_t p, type v, size_t w, size_t h, \
                                                      CUstream s) {                                        \
    return set(own(s), d, v, bytes, p, w, h);                                                              \
  }

VGPU_FILL(D8, unsigned char, 1)
VGPU_FILL(D16, unsigned short, 2)
VGPU_FILL(D32, unsigned int, 4)
VGPU_FILL_2D(D8, unsigned char, 1)
VGPU_FILL_2D(D16, unsigned short, 2)
VGPU_FILL_2D(D32, unsigned int, 4)
