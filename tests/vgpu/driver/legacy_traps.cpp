// Traps under the plain names that cuda.h maps to newer symbols. A program that was compiled against cuda.h never calls
// them; one that looks up `cuMemAlloc` by that name gets a function with 32-bit types from a real driver. This file
// does not see cuda.h, where the names are declared otherwise.
#include "driver/reporting.h"
#include "driver/versioned_symbols.h"

#define VGPU_TRAP(name, symbol, since)                           \
  extern "C" __attribute__((visibility("default"))) int name() { \
    return vgpu::driver::legacy_symbol_called(#name, #symbol);   \
  }
#define VGPU_OLD_TRAP(name)                                      \
  extern "C" __attribute__((visibility("default"))) int name() { \
    return vgpu::driver::legacy_symbol_called(#name, nullptr);   \
  }

VGPU_VERSIONED_SYMBOLS(VGPU_TRAP)
VGPU_OLD_SYMBOLS(VGPU_OLD_TRAP)
