#pragma once

#include <string>
#include <vector>

#include "kernels_interop.h"
#include "support/handles.h"

namespace ki::test {

/// A way to open a device that every operator is tested on.
struct Backend {
  std::string device;  ///< `cpu`, `cuda:0`
  std::string target;  ///< CPU: the instruction set
  int thread_count = 0;

  std::string name() const;
  Device open() const;
};

/// An instruction set the library has CPU kernels for.
struct SimdTarget {
  std::string name;
  bool usable;
  std::string detail;  ///< why it is not usable, in the library's words
};

/// Every instruction set the library knows, in the probe's words.
std::vector<SimdTarget> simd_targets();

/// Names of the devices that work on this machine, `cpu` first. The environment's KI_TEST_DEVICE, if it is set, leaves those
/// that begin with it: `cuda` repeats tests on CUDA devices alone.
const std::vector<std::string>& device_names();

/// Every device of device_names(): the CPU with each of its instruction sets and 1 and 3 threads, and each CUDA device that
/// has compiled kernels.
const std::vector<Backend>& backends();

/// A name without the characters that GoogleTest does not take.
std::string test_name(const std::string& device_name);

}  // namespace ki::test
