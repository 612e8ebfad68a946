// How an operator's host side starts a kernel.
#pragma once

#include <cstddef>

#include "core/backend.h"

namespace ki::cuda {

struct Dim3 {
  unsigned x = 1, y = 1, z = 1;
};

// A kernel that was compiled; one line of an operator's table of instantiations.
struct Kernel {
  const char* module;             // as ki_cuda_module names it
  const char* entry;              // extern "C" name of the kernel
  unsigned threads;               // of a block
  unsigned dynamic_shared_bytes;  // of a block
};

// Whether this build has compiled kernels and this machine their file. Without, launch() says why.
bool have_modules();

// Queues a kernel on a stream of a CUDA device. `params` is the kernel's one parameter, a plain struct, which is copied.
// The kernel's module is loaded when the stream's context first needs it.
void launch(Stream& stream, const Kernel& kernel, Dim3 grid, const void* params, std::size_t params_bytes);

}  // namespace ki::cuda
