// The work of a graph's node from the parameters that a caller gives, checked as a call of its own would be.
#pragma once

#include "driver/driver.h"

namespace vgpu::driver {

KernelWork kernel_work(Driver& driver, const CUDA_KERNEL_NODE_PARAMS& params);
CopyWork copy_work(Driver& driver, const CUDA_MEMCPY3D& params);
FillWork fill_work(Driver& driver, const CUDA_MEMSET_NODE_PARAMS& params);
HostWork host_work(const CUDA_HOST_NODE_PARAMS& params);

}  // namespace vgpu::driver
