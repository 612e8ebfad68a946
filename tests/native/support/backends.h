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

/// Every device and instruction set that works on this machine: the CPU with 1 and with 3 threads for each, and each
/// CUDA device.
const std::vector<Backend>& backends();

}  // namespace ki::test
