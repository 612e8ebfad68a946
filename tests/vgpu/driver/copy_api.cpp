// Copies in one, two and three dimensions. A `_ptds` or `_ptsz` name takes the calling thread's stream where the plain
// one takes the legacy stream.
#include "driver/capture.h"
#include "driver/copies.h"

using namespace vgpu::driver;

namespace {

constexpr CUstream kLegacy = nullptr;
const CUstream kOwn = CU_STREAM_PER_THREAD;

CUstream own(CUstream stream) { return stream == nullptr ? kOwn : stream; }

// `make` gives the work once the driver may be used.
template <typename Make>
CUresult now(CUstream stream, Make&& make) {
  return entry([&](Call& call) {
    call.driver.healthy_context();
    copy_now(call, make(call.driver), stream);
  });
}

template <typename Make>
CUresult queued(CUstream stream, Make&& make) {
  return entry([&](Call& call) { copy(call, stream, make(call.driver), Wait::none); });
}

auto unified(CUdeviceptr to, CUdeviceptr from, std::size_t bytes) {
  return [=](Driver& driver) { return linear(unified_place(driver, to), unified_place(driver, from), bytes); };
}

auto to_device(CUdeviceptr to, const void* from, std::size_t bytes) {
  return [=](Driver&) { return linear(device_place(to), host_place(from), bytes); };
}

auto to_host(void* to, CUdeviceptr from, std::size_t bytes) {
  return [=](Driver&) { return linear(host_place(to), device_place(from), bytes); };
}

auto on_device(CUdeviceptr to, CUdeviceptr from, std::size_t bytes) {
  return [=](Driver&) { return linear(device_place(to), device_place(from), bytes); };
}

auto between_peers(CUdeviceptr to, CUcontext to_context, CUdeviceptr from, CUcontext from_context, std::size_t bytes) {
  return [=](Driver& driver) {
    require(driver.contexts.find(to_context) && driver.contexts.find(from_context), CUDA_ERROR_INVALID_CONTEXT);
    return linear(device_place(to), device_place(from), bytes);
  };
}

// Between contexts a synchronous copy comes after all work of both, and the call waits for it.
CUresult peer_now(CUstream stream, CUdeviceptr to, CUcontext to_context, CUdeviceptr from, CUcontext from_context,
                  std::size_t bytes) {
  return entry([&](Call& call) {
    Driver& driver = call.driver;
    driver.healthy_context();
    const CopyWork work = between_peers(to, to_context, from, from_context, bytes)(driver);
    for (const CUcontext handle : {to_context, from_context}) {
      const auto context = driver.contexts.find(handle);
      require(context != nullptr, CUDA_ERROR_CONTEXT_IS_DESTROYED);
      forbid_capturing(driver, *context);
      driver.scheduler.wait_all(call.lock, *context);
      require(context->sticky == CUDA_SUCCESS, context->sticky);
    }
    copy(call, stream, work, Wait::host);
  });
}

template <typename Descriptor>
auto described(const Descriptor* descriptor) {
  return [=](Driver& driver) {
    require(descriptor != nullptr);
    return from_descriptor(driver, *descriptor);
  };
}

}  // namespace

// Defines a synchronous copy under both of its names, and an asynchronous one.
#define VGPU_COPY(name, parameters, work)                 \
  CUresult name parameters { return now(kLegacy, work); } \
  extern "C" __attribute__((visibility("default"))) CUresult name##_ptds parameters { return now(kOwn, work); }
#define VGPU_COPY_ASYNC(name, parameters, work)                                       \
  CUresult name parameters { return queued(stream, work); }                           \
  extern "C" __attribute__((visibility("default"))) CUresult name##_ptsz parameters { \
    return queued(own(stream), work);                                                 \
  }

#undef cuMemcpyHtoD
#undef cuMemcpyDtoH
#undef cuMemcpyDtoD
#undef cuMemcpyHtoDAsync
#undef cuMemcpyDtoHAsync
#undef cuMemcpyDtoDAsync
#undef cuMemcpy2D
#undef cuMemcpy2DUnaligned
#undef cuMemcpy3D
#undef cuMemcpy2DAsync
#undef cuMemcpy3DAsync

VGPU_COPY(cuMemcpy, (CUdeviceptr dst, CUdeviceptr src, size_t bytes), unified(dst, src, bytes))
VGPU_COPY(cuMemcpyHtoD_v2, (CUdeviceptr dst, const void* src, size_t bytes), to_device(dst, src, bytes))
VGPU_COPY(cuMemcpyDtoH_v2, (void* dst, CUdeviceptr src, size_t bytes), to_host(dst, src, bytes))
VGPU_COPY(cuMemcpyDtoD_v2, (CUdeviceptr dst, CUdeviceptr src, size_t bytes), on_device(dst, src, bytes))
VGPU_COPY(cuMemcpy2D_v2, (const CUDA_MEMCPY2D* copy), described(copy))
VGPU_COPY(cuMemcpy2DUnaligned_v2, (const CUDA_MEMCPY2D* copy), described(copy))
VGPU_COPY(cuMemcpy3D_v2, (const CUDA_MEMCPY3D* copy), described(copy))

VGPU_COPY_ASYNC(cuMemcpyAsync, (CUdeviceptr dst, CUdeviceptr src, size_t bytes, CUstream stream),
                unified(dst, src, bytes))
VGPU_COPY_ASYNC(cuMemcpyHtoDAsync_v2, (CUdeviceptr dst, const void* src, size_t bytes, CUstream stream),
                to_device(dst, src, bytes))
VGPU_COPY_ASYNC(cuMemcpyDtoHAsync_v2, (void* dst, CUdeviceptr src, size_t bytes, CUstream stream),
                to_host(dst, src, bytes))
VGPU_COPY_ASYNC(cuMemcpyDtoDAsync_v2, (CUdeviceptr dst, CUdeviceptr src, size_t bytes, CUstream stream),
                on_device(dst, src, bytes))
VGPU_COPY_ASYNC(cuMemcpyPeerAsync,
                (CUdeviceptr dst, CUcontext to, CUdeviceptr src, CUcontext from, size_t bytes, CUstream stream),
                between_peers(dst, to, src, from, bytes))
VGPU_COPY_ASYNC(cuMemcpy2DAsync_v2, (const CUDA_MEMCPY2D* copy, CUstream stream), described(copy))
VGPU_COPY_ASYNC(cuMemcpy3DAsync_v2, (const CUDA_MEMCPY3D* copy, CUstream stream), described(copy))

CUresult cuMemcpyPeer(CUdeviceptr dst, CUcontext to, CUdeviceptr src, CUcontext from, size_t bytes) {
  return peer_now(kLegacy, dst, to, src, from, bytes);
}
extern "C" __attribute__((visibility("default"))) CUresult cuMemcpyPeer_ptds(CUdeviceptr dst, CUcontext to,
                                                                             CUdeviceptr src, CUcontext from,
                                                                             size_t bytes) {
  return peer_now(kOwn, dst, to, src, from, bytes);
}
