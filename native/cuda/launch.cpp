#include "cuda/launch.h"

#include "cuda/context.h"
#include "cuda/cuda_stream.h"
#include "cuda/kernel_cache.h"
#include "cuda/modules.h"

namespace ki::cuda {

bool have_modules() { return modules_file().status == KI_STATUS_OK; }

void launch(Stream& stream, const Kernel& kernel, Dim3 grid, const void* params, std::size_t params_bytes) {
  const auto& on = static_cast<const CudaStream&>(stream);
  const CurrentContext current(on.context());
  const FunctionHandle function = loaded_kernel(on.context_id(), kernel);
  // Given as one block of bytes, so that the driver knows their number too.
  void* extra[] = {kLaunchBuffer, const_cast<void*>(params), kLaunchBufferBytes, &params_bytes, kLaunchEnd};
  const Result result = driver().cuLaunchKernel(function, grid.x, grid.y, grid.z, kernel.threads, 1, 1,
                                                kernel.dynamic_shared_bytes, on.handle(), nullptr, extra);
  if (result != kSuccess) check(result, concat("launching the kernel ", kernel.entry).c_str());
}

}  // namespace ki::cuda
