// The CUDA driver, found at run time: the library links nothing of CUDA.
#pragma once

#include <string>

#include "core/error.h"
#include "cuda/driver_functions.h"

namespace ki::cuda {

// The oldest CUDA version whose driver has all that this library calls, as the driver counts: 1000 * major + 10 * minor.
inline constexpr int kOldestDriver = 12000;

struct Driver {
#define KI_CUDA_MEMBER(name, exported, parameters) Result(*name) parameters = nullptr;
  KI_CUDA_DRIVER_FUNCTIONS(KI_CUDA_MEMBER)
#undef KI_CUDA_MEMBER
};

// What looking for the driver led to.
struct DriverSearch {
  ki_status status = KI_STATUS_OK;
  std::string file;    // as it was asked for
  std::string detail;  // where it was found and what it is, or why there is none to use
  Driver functions;    // to be called only if the status is OK
};

// Looks for the driver when first called: the file named by KERNELS_INTEROP_CUDA_DRIVER if that is set (a process with
// privileges of its own does not read it), else `libcuda.so.1` wherever the system keeps it.
const DriverSearch& find_driver();

// The driver; throws what find_driver() found wrong, or that this process must not use it.
const Driver& driver();

// Whether this process was forked from one that had initialised CUDA, which no driver survives.
bool in_forked_child() noexcept;

// The status that a driver's answer means to callers.
ki_status status_of(Result result) noexcept;

// `CUDA_ERROR_INVALID_VALUE (invalid argument)`
std::string describe(Result result);

// Throws if the driver reports an error; `what` is the function that was called.
void check(Result result, const char* what);

}  // namespace ki::cuda
