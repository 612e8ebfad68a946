// Checks of a launch before it is queued, and how many blocks a multiprocessor holds.
#pragma once

#include <cstdint>

#include "driver/modules.h"

namespace vgpu::driver {

struct Geometry {
  Dim3 grid, block;
  std::uint32_t dynamic_shared_bytes = 0;
};

// Reads the parameters now, as a driver does. Fails with INVALID_VALUE for a geometry, an amount of shared memory or
// parameters that the kernel cannot have, and with COOPERATIVE_LAUNCH_TOO_LARGE.
KernelWork make_launch(Driver& driver, const std::shared_ptr<Function>& function, const Geometry& geometry,
                       void** params, void** extra, bool cooperative);

// By threads, blocks and shared memory, and by registers where they are known.
int blocks_per_multiprocessor(const Function& function, std::uint64_t threads, std::uint64_t dynamic_shared_bytes);

}  // namespace vgpu::driver
