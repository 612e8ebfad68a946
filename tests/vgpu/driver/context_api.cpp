// Contexts: the primary ones, those of the program, and which of them is current.
#include <algorithm>

#include "driver/capture.h"
#include "driver/driver.h"

using namespace vgpu::driver;

namespace {

constexpr unsigned kKnownFlags = CU_CTX_FLAGS_MASK;

void check_flags(unsigned flags) {
  const unsigned scheduling = flags & CU_CTX_SCHED_MASK;
  require((flags & ~kKnownFlags) == 0 && (scheduling & (scheduling - 1)) == 0);
}

std::shared_ptr<Context> find_context(Driver& driver, CUcontext handle) {
  require(handle != nullptr, CUDA_ERROR_INVALID_CONTEXT);
  auto context = driver.contexts.find(handle);
  require(context != nullptr, CUDA_ERROR_INVALID_CONTEXT);
  return context;
}

CUresult create(CUcontext* pctx, unsigned flags, CUdevice dev) {
  return entry([&](Call& call) {
    out(pctx);
    call.driver.device(dev);
    check_flags(flags);
    *pctx = call.driver.make_context(dev, flags)->handle;
    call.driver.context_stack().push_back(*pctx);
  });
}

}  // namespace

CUresult cuDevicePrimaryCtxRetain(CUcontext* pctx, CUdevice dev) {
  return entry([&](Call& call) {
    out(pctx);
    Device& device = call.driver.device(dev);
    if (!device.primary) {
      device.primary = call.driver.make_context(dev, device.primary_flags);
      device.primary->primary = true;
    }
    ++device.retained;
    *pctx = device.primary->handle;
  });
}

CUresult cuDevicePrimaryCtxRelease(CUdevice dev) {
  return entry([&](Call& call) {
    Device& device = call.driver.device(dev);
    require(device.retained > 0, CUDA_ERROR_INVALID_CONTEXT);
    if (--device.retained > 0) return;
    const auto context = std::move(device.primary);
    device.primary = nullptr;
    call.driver.tear_down(call, *context);
  });
}

// All that lives in the context ends; whoever retained it must retain it again.
CUresult cuDevicePrimaryCtxReset(CUdevice dev) {
  return entry([&](Call& call) {
    Device& device = call.driver.device(dev);
    if (!device.primary) return;
    const auto context = std::move(device.primary);
    device.primary = nullptr;
    device.retained = 0;
    call.driver.tear_down(call, *context);
  });
}

CUresult cuDevicePrimaryCtxSetFlags(CUdevice dev, unsigned int flags) {
  return entry([&](Call& call) {
    Device& device = call.driver.device(dev);
    check_flags(flags);
    device.primary_flags = flags;
    if (device.primary) device.primary->flags = flags;
  });
}

CUresult cuDevicePrimaryCtxGetState(CUdevice dev, unsigned int* flags, int* active) {
  return entry([&](Call& call) {
    const Device& device = call.driver.device(dev);
    out(flags) = device.primary_flags;
    out(active) = device.primary != nullptr;
  });
}

CUresult cuCtxCreate(CUcontext* pctx, unsigned int flags, CUdevice dev) { return create(pctx, flags, dev); }

CUresult cuCtxCreate_v3(CUcontext* pctx, CUexecAffinityParam*, int numParams, unsigned int flags, CUdevice dev) {
  if (numParams != 0) return CUDA_ERROR_UNSUPPORTED_EXEC_AFFINITY;
  return create(pctx, flags, dev);
}

CUresult cuCtxDestroy(CUcontext ctx) {
  return entry([&](Call& call) {
    const auto context = find_context(call.driver, ctx);
    require(!context->primary, CUDA_ERROR_INVALID_CONTEXT);
    auto& stack = call.driver.context_stack();
    if (!stack.empty() && stack.back() == ctx) stack.pop_back();
    call.driver.tear_down(call, *context);
  });
}

CUresult cuCtxPushCurrent(CUcontext ctx) {
  return entry([&](Call& call) {
    find_context(call.driver, ctx);
    call.driver.context_stack().push_back(ctx);
  });
}

CUresult cuCtxPopCurrent(CUcontext* pctx) {
  return entry([&](Call& call) {
    auto& stack = call.driver.context_stack();
    require(!stack.empty(), CUDA_ERROR_INVALID_CONTEXT);
    if (pctx != nullptr) *pctx = stack.back();
    stack.pop_back();
  });
}

CUresult cuCtxSetCurrent(CUcontext ctx) {
  return entry([&](Call& call) {
    if (ctx != nullptr) find_context(call.driver, ctx);
    auto& stack = call.driver.context_stack();
    if (!stack.empty()) stack.pop_back();
    if (ctx != nullptr) stack.push_back(ctx);
  });
}

CUresult cuCtxGetCurrent(CUcontext* pctx) {
  return entry([&](Call& call) { out(pctx) = call.driver.current_handle(); });
}

CUresult cuCtxGetDevice(CUdevice* device) {
  return entry([&](Call& call) { out(device) = call.driver.current_context()->device; });
}

CUresult cuCtxGetFlags(unsigned int* flags) {
  return entry([&](Call& call) { out(flags) = call.driver.current_context()->flags; });
}

CUresult cuCtxSetFlags(unsigned int flags) {
  return entry([&](Call& call) {
    check_flags(flags);
    call.driver.current_context()->flags = flags;
  });
}

CUresult cuCtxGetId(CUcontext ctx, unsigned long long* ctxId) {
  return entry([&](Call& call) {
    const auto context = ctx == nullptr ? call.driver.current_context() : find_context(call.driver, ctx);
    out(ctxId) = context->id;
  });
}

CUresult cuCtxGetApiVersion(CUcontext ctx, unsigned int* version) {
  return entry([&](Call& call) {
    const auto context = ctx == nullptr ? call.driver.current_context() : find_context(call.driver, ctx);
    out(version) = context->api_version;
  });
}

CUresult cuCtxSynchronize() {
  return entry([&](Call& call) {
    const auto context = call.driver.healthy_context();
    forbid_capturing(call.driver, *context);
    forbid_unsafe(call.driver);
    call.driver.scheduler.wait_all(call.lock, *context);
    require(context->sticky == CUDA_SUCCESS, context->sticky);
  });
}

CUresult cuCtxSetLimit(CUlimit limit, size_t value) {
  return entry([&](Call& call) {
    const auto context = call.driver.healthy_context();
    const auto found = context->limits.find(limit);
    require(found != context->limits.end(), CUDA_ERROR_UNSUPPORTED_LIMIT);
    found->second = value;
  });
}

CUresult cuCtxGetLimit(size_t* pvalue, CUlimit limit) {
  return entry([&](Call& call) {
    const auto context = call.driver.healthy_context();
    const auto found = context->limits.find(limit);
    require(found != context->limits.end(), CUDA_ERROR_UNSUPPORTED_LIMIT);
    out(pvalue) = found->second;
  });
}

CUresult cuCtxGetCacheConfig(CUfunc_cache* pconfig) {
  return entry([&](Call& call) { out(pconfig) = call.driver.healthy_context()->cache; });
}

CUresult cuCtxSetCacheConfig(CUfunc_cache config) {
  return entry([&](Call& call) {
    require(config >= CU_FUNC_CACHE_PREFER_NONE && config <= CU_FUNC_CACHE_PREFER_EQUAL);
    call.driver.healthy_context()->cache = config;
  });
}

CUresult cuCtxGetSharedMemConfig(CUsharedconfig* pConfig) {
  return entry([&](Call& call) { out(pConfig) = call.driver.healthy_context()->shared_config; });
}

// The banks of this generation are 4 bytes wide and stay so; like a driver it takes the wish and ignores it.
CUresult cuCtxSetSharedMemConfig(CUsharedconfig config) {
  return entry([&](Call& call) {
    require(config >= CU_SHARED_MEM_CONFIG_DEFAULT_BANK_SIZE && config <= CU_SHARED_MEM_CONFIG_EIGHT_BYTE_BANK_SIZE);
    call.driver.healthy_context();
  });
}

CUresult cuCtxGetStreamPriorityRange(int* leastPriority, int* greatestPriority) {
  return entry([&](Call& call) {
    call.driver.healthy_context();
    if (leastPriority != nullptr) *leastPriority = 0;
    if (greatestPriority != nullptr) *greatestPriority = -5;
  });
}

CUresult cuCtxResetPersistingL2Cache() {
  return entry([&](Call& call) { call.driver.healthy_context(); });
}

// All devices share one address space, so that an access needs no enabling; the calls keep the order that a driver
// asks.
CUresult cuCtxEnablePeerAccess(CUcontext peerContext, unsigned int flags) {
  return entry([&](Call& call) {
    const auto context = call.driver.healthy_context();
    const auto peer = find_context(call.driver, peerContext);
    require(flags == 0);
    require(peer->device != context->device, CUDA_ERROR_INVALID_DEVICE);
    require(context->peers.insert(peerContext).second, CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED);
  });
}

CUresult cuCtxDisablePeerAccess(CUcontext peerContext) {
  return entry([&](Call& call) {
    const auto context = call.driver.healthy_context();
    find_context(call.driver, peerContext);
    require(context->peers.erase(peerContext) == 1, CUDA_ERROR_PEER_ACCESS_NOT_ENABLED);
  });
}
