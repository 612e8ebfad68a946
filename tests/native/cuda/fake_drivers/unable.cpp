// A CUDA driver that tells its version and fails at everything else, with the error KI_FAKE_ERROR.
#include "cuda/driver_functions.h"

namespace ki::cuda {
namespace {

Result answer(const char* function, void* first_argument) {
  if (__builtin_strcmp(function, "cuDriverGetVersion") != 0) return static_cast<Result>(KI_FAKE_ERROR);
  *static_cast<int*>(first_argument) = 12040;
  return kSuccess;
}

}  // namespace

// Whatever the parameters are, the first arrives where that of this one is looked for.
#define KI_FAKE(name, exported, parameters)                 \
  extern "C" Result fake_##name(void* first) asm(exported); \
  extern "C" Result fake_##name(void* first) { return answer(exported, first); }
KI_CUDA_DRIVER_FUNCTIONS(KI_FAKE)
#undef KI_FAKE

}  // namespace ki::cuda
