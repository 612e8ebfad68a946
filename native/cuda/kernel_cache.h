// Kernels that are loaded, per context.
#pragma once

#include "cuda/driver.h"
#include "cuda/launch.h"

namespace ki::cuda {

// The kernel in the current context, whose id this is; loads its module if this is the first use, and sees to it that it
// may have its dynamic shared memory. Safe to call from any thread.
FunctionHandle loaded_kernel(unsigned long long context_id, const Kernel& kernel);

// Drops what is remembered of a context that was destroyed, and its modules with it.
void forget_kernels(unsigned long long context_id) noexcept;

}  // namespace ki::cuda
