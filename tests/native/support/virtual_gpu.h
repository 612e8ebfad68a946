#pragma once

#include <string>
#include <vector>

// The virtual GPU, where that is this process's CUDA driver. Tests run on it unless KERNELS_INTEROP_CUDA_DRIVER names
// another: `libcuda.so.1` for a real GPU's driver, `none` for no driver at all. Each test gets a schedule and a rounding mode
// that are chosen by its name and the date; VGPU_SCHEDULE, VGPU_SEED and VGPU_ROUNDING choose otherwise. What the virtual
// GPU finds fails the test during which it found it.
namespace ki::test {

/// Kinds of the findings so far, which are then forgotten: for tests that provoke them. Empty on a real GPU.
std::vector<std::string> take_findings();

/// Has the virtual GPU run blocks and warps in this order until the test ends: `forward`, `reverse` or `random`. Nothing on a
/// real GPU.
void choose_schedule(const char* schedule);

}  // namespace ki::test
