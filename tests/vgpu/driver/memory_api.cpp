// Device memory: allocation, the default pool, and stream-ordered allocation.
#include <algorithm>

#include "driver/capture.h"
#include "driver/device_attributes.h"
#include "driver/driver.h"

using namespace vgpu::driver;

namespace {

std::uint64_t allocate_now(Driver& driver, std::size_t bytes) {
  const auto context = driver.healthy_context();
  forbid_unsafe(driver);
  require(bytes > 0);
  return driver.allocate(context, bytes, Allocation::Kind::device);
}

CUresult allocate_async(CUdeviceptr* dptr, std::size_t bytes, CUmemoryPool pool, CUstream hStream) {
  return entry([&](Call& call) {
    out(dptr);
    Driver& driver = call.driver;
    const auto stream = driver.stream(hStream);
    const CUmemoryPool chosen = pool != nullptr ? pool : driver.device(stream->context->device).current_pool;
    const auto found = driver.pools.find(chosen);
    require(found && found->device == stream->context->device);
    require(bytes > 0);
    if (stream->capture) {  // nodes that allocate do not exist here
      stream->capture->invalidated = true;
      fail(CUDA_ERROR_NOT_SUPPORTED);
    }
    *dptr = driver.allocate(stream->context, bytes, Allocation::Kind::stream_ordered);
  });
}

std::shared_ptr<MemoryPool> find_pool(Driver& driver, CUmemoryPool handle) {
  auto pool = driver.pools.find(handle);
  require(pool != nullptr);
  return pool;
}

}  // namespace

CUresult cuMemGetInfo(size_t* free, size_t* total) {
  return entry([&](Call& call) {
    const Device& device = call.driver.device(call.driver.healthy_context()->device);
    const std::uint64_t all = call.driver.configuration.memory_bytes;
    out(free) = all - device.used_bytes;
    out(total) = all;
  });
}

CUresult cuMemAlloc(CUdeviceptr* dptr, size_t bytesize) {
  return entry([&](Call& call) {
    out(dptr);
    *dptr = allocate_now(call.driver, bytesize);
  });
}

CUresult cuMemAllocPitch(CUdeviceptr* dptr, size_t* pPitch, size_t WidthInBytes, size_t Height,
                         unsigned int ElementSizeBytes) {
  return entry([&](Call& call) {
    out(dptr);
    out(pPitch);
    require(ElementSizeBytes == 4 || ElementSizeBytes == 8 || ElementSizeBytes == 16);
    require(WidthInBytes > 0 && Height > 0 && WidthInBytes <= 0x7FFF'FFFF);
    const std::size_t pitch = (WidthInBytes + kPitchAlignment - 1) / kPitchAlignment * kPitchAlignment;
    require(Height <= SIZE_MAX / pitch, CUDA_ERROR_OUT_OF_MEMORY);
    *dptr = allocate_now(call.driver, pitch * Height);
    *pPitch = pitch;
  });
}

// Waits for all work of the context, as a driver does for memory that was not allocated in stream order.
CUresult cuMemFree(CUdeviceptr dptr) {
  return entry([&](Call& call) {
    Driver& driver = call.driver;
    const auto context = driver.healthy_context();
    if (dptr == 0) return;
    forbid_unsafe(driver);
    const auto is_ours = [&] {
      const auto found = driver.allocations.find(dptr);
      return found != driver.allocations.end() && found->second.kind <= Allocation::Kind::stream_ordered &&
             !found->second.free_queued;
    };
    require(is_ours());
    const auto owner = driver.allocations.find(dptr)->second.context;
    if (driver.allocations.find(dptr)->second.kind == Allocation::Kind::device) {
      driver.scheduler.wait_all(call.lock, *owner);
      require(owner->sticky == CUDA_SUCCESS, owner->sticky);
      require(is_ours());  // another thread may have freed it meanwhile
    }
    driver.free_device_memory(dptr);
  });
}

CUresult cuMemGetAddressRange(CUdeviceptr* pbase, size_t* psize, CUdeviceptr dptr) {
  return entry([&](Call& call) {
    call.driver.healthy_context();
    const auto found = call.driver.find_allocation(dptr);
    require(found != call.driver.allocations.end(), CUDA_ERROR_NOT_FOUND);
    if (pbase != nullptr) *pbase = found->first;
    if (psize != nullptr) *psize = found->second.size_bytes;
  });
}

CUresult cuMemAllocAsync(CUdeviceptr* dptr, size_t bytesize, CUstream hStream) {
  return allocate_async(dptr, bytesize, nullptr, hStream);
}

CUresult cuMemAllocFromPoolAsync(CUdeviceptr* dptr, size_t bytesize, CUmemoryPool pool, CUstream hStream) {
  if (pool == nullptr) return CUDA_ERROR_INVALID_VALUE;
  return allocate_async(dptr, bytesize, pool, hStream);
}

CUresult cuMemFreeAsync(CUdeviceptr dptr, CUstream hStream) {
  return entry([&](Call& call) {
    const auto stream = call.driver.stream(hStream);
    const auto found = call.driver.allocations.find(dptr);
    require(found != call.driver.allocations.end() && found->second.kind <= Allocation::Kind::stream_ordered &&
            !found->second.free_queued);
    if (stream->capture) {
      stream->capture->invalidated = true;
      fail(CUDA_ERROR_NOT_SUPPORTED);
    }
    call.driver.submit(*stream, FreeWork{dptr});
    found->second.free_queued = true;
  });
}

CUresult cuDeviceGetDefaultMemPool(CUmemoryPool* pool_out, CUdevice dev) {
  return entry([&](Call& call) { out(pool_out) = call.driver.device(dev).default_pool; });
}

CUresult cuDeviceGetMemPool(CUmemoryPool* pool, CUdevice dev) {
  return entry([&](Call& call) { out(pool) = call.driver.device(dev).current_pool; });
}

CUresult cuDeviceSetMemPool(CUdevice dev, CUmemoryPool pool) {
  return entry([&](Call& call) {
    Device& device = call.driver.device(dev);
    require(find_pool(call.driver, pool)->device == dev);
    device.current_pool = pool;
  });
}

// Memory goes back at once when it is freed, so there is never anything to trim.
CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t) {
  return entry([&](Call& call) { find_pool(call.driver, pool); });
}

CUresult cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void* value) {
  return entry([&](Call& call) {
    const auto found = find_pool(call.driver, pool);
    require(value != nullptr);
    switch (attr) {
      case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD: found->release_threshold = *static_cast<cuuint64_t*>(value); break;
      case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES:
      case CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC:
      case CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES: break;  // permissions, which need not be used
      default: fail(CUDA_ERROR_NOT_SUPPORTED);
    }
  });
}

CUresult cuMemPoolGetAttribute(CUmemoryPool pool, CUmemPool_attribute attr, void* value) {
  return entry([&](Call& call) {
    const auto found = find_pool(call.driver, pool);
    require(value != nullptr);
    require(attr == CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, CUDA_ERROR_NOT_SUPPORTED);
    *static_cast<cuuint64_t*>(value) = found->release_threshold;
  });
}
