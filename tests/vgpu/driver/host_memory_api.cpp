// Host memory that the device can use: allocated for it, or registered.
#include <sys/mman.h>

#include "driver/capture.h"
#include "driver/driver.h"

using namespace vgpu::driver;

namespace {

constexpr unsigned kAllocFlags = CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP | CU_MEMHOSTALLOC_WRITECOMBINED;
constexpr unsigned kRegisterFlags = CU_MEMHOSTREGISTER_PORTABLE | CU_MEMHOSTREGISTER_DEVICEMAP;

void remember(Driver& driver, const std::shared_ptr<Context>& context, void* host, std::size_t bytes, unsigned flags,
              Allocation::Kind kind) {
  Allocation& allocation = driver.allocations[reinterpret_cast<std::uint64_t>(host)];
  allocation.kind = kind;
  allocation.size_bytes = bytes;
  allocation.context = context;
  allocation.flags = flags;
  allocation.id = next_handle() & 0xFFFF'FFFF;
}

CUresult allocate(void** pp, std::size_t bytes, unsigned flags) {
  return entry([&](Call& call) {
    out(pp);
    Driver& driver = call.driver;
    const auto context = driver.healthy_context();
    forbid_unsafe(driver);
    require(bytes > 0 && (flags & ~kAllocFlags) == 0);
    void* host = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(host != MAP_FAILED, CUDA_ERROR_OUT_OF_MEMORY);
    if (!driver.memory->pin(host, bytes)) {
      munmap(host, bytes);
      fail(CUDA_ERROR_OUT_OF_MEMORY);
    }
    remember(driver, context, host, bytes, flags | CU_MEMHOSTALLOC_DEVICEMAP, Allocation::Kind::host);
    *pp = host;
  });
}

// The work that may still use it is done first.
CUresult end(void* p, Allocation::Kind kind, CUresult not_ours) {
  return entry([&](Call& call) {
    Driver& driver = call.driver;
    driver.healthy_context();
    forbid_unsafe(driver);
    const auto find = [&] {
      const auto found = driver.allocations.find(reinterpret_cast<std::uint64_t>(p));
      require(found != driver.allocations.end() && found->second.kind == kind, not_ours);
      return found;
    };
    const auto owner = find()->second.context;
    driver.scheduler.wait_all(call.lock, *owner);
    require(owner->sticky == CUDA_SUCCESS, owner->sticky);
    driver.release(find());
  });
}

// A range of pinned host memory that holds this address.
auto find_pinned(Driver& driver, const void* p) {
  const auto found = driver.find_allocation(reinterpret_cast<std::uint64_t>(p));
  require(found != driver.allocations.end() && found->second.kind >= Allocation::Kind::host);
  return found;
}

}  // namespace

CUresult cuMemAllocHost(void** pp, size_t bytesize) { return allocate(pp, bytesize, 0); }

CUresult cuMemHostAlloc(void** pp, size_t bytesize, unsigned int Flags) { return allocate(pp, bytesize, Flags); }

CUresult cuMemFreeHost(void* p) { return end(p, Allocation::Kind::host, CUDA_ERROR_INVALID_VALUE); }

CUresult cuMemHostRegister(void* p, size_t bytesize, unsigned int Flags) {
  return entry([&](Call& call) {
    Driver& driver = call.driver;
    const auto context = driver.healthy_context();
    forbid_unsafe(driver);
    require(p != nullptr && bytesize > 0);
    require((Flags & ~(kRegisterFlags | CU_MEMHOSTREGISTER_IOMEMORY | CU_MEMHOSTREGISTER_READ_ONLY)) == 0);
    require((Flags & ~kRegisterFlags) == 0, CUDA_ERROR_NOT_SUPPORTED);
    require(driver.memory->pin(p, bytesize), CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
    remember(driver, context, p, bytesize, Flags, Allocation::Kind::registered);
  });
}

CUresult cuMemHostUnregister(void* p) {
  return end(p, Allocation::Kind::registered, CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
}

CUresult cuMemHostGetDevicePointer(CUdeviceptr* pdptr, void* p, unsigned int Flags) {
  return entry([&](Call& call) {
    out(pdptr);
    call.driver.healthy_context();
    require(Flags == 0);
    find_pinned(call.driver, p);
    *pdptr = reinterpret_cast<CUdeviceptr>(p);  // one address space
  });
}

CUresult cuMemHostGetFlags(unsigned int* pFlags, void* p) {
  return entry([&](Call& call) {
    out(pFlags);
    call.driver.healthy_context();
    const auto found = find_pinned(call.driver, p);
    require(found->second.kind == Allocation::Kind::host);
    *pFlags = found->second.flags;
  });
}
