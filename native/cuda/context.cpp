#include "cuda/context.h"

#include "cuda/kernel_cache.h"

namespace ki::cuda {

PrimaryContext::PrimaryContext(DeviceHandle device) : device_(device) {
  check(driver().cuDevicePrimaryCtxRetain(&context_, device), "cuDevicePrimaryCtxRetain");
  const Result result = driver().cuCtxGetId(context_, &id_);
  if (result == kSuccess) return;
  driver().cuDevicePrimaryCtxRelease(device);
  check(result, "cuCtxGetId");
}

PrimaryContext::~PrimaryContext() {
  if (in_forked_child()) return;
  const Driver& functions = find_driver().functions;
  functions.cuDevicePrimaryCtxRelease(device_);
  // Somebody else may hold it too; then the modules stay loaded in it, and in the cache.
  unsigned flags = 0;
  int active = 1;
  if (functions.cuDevicePrimaryCtxGetState(device_, &flags, &active) == kSuccess && active == 0) forget_kernels(id_);
}

}  // namespace ki::cuda
