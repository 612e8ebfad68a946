// cuGetProcAddress: the symbol that fits a name and a version of CUDA.
#include <dlfcn.h>

#include <regex>
#include <string>

#include "driver/api.h"
#include "driver/versioned_symbols.h"

using namespace vgpu::driver;

namespace {

struct Version {
  const char *name, *symbol;
  int since;
};

constexpr Version kVersions[] = {
#define VGPU_ROW(name, symbol, since) {#name, #symbol, since},
    VGPU_VERSIONED_SYMBOLS(VGPU_ROW) VGPU_NEWER_SYMBOLS(VGPU_ROW)
#undef VGPU_ROW
};

// This library, however it was opened.
void* self() {
  static void* const handle = [] {
    Dl_info info;
    if (dladdr(reinterpret_cast<void*>(&cuInit), &info) == 0) return static_cast<void*>(nullptr);
    return dlopen(info.dli_fname, RTLD_NOLOAD | RTLD_LAZY);
  }();
  return handle;
}

bool is_versioned(const std::string& name) {
  static const std::regex& suffix = *new std::regex("(_v[0-9]+|_ptds|_ptsz)$");
  return std::regex_search(name, suffix);
}

// The newest symbol for a name that the version has; empty if the version is too old.
std::string symbol_for(const std::string& name, int version) {
  const Version* best = nullptr;
  for (const Version& candidate : kVersions) {
    if (name != candidate.name) continue;
    if (candidate.since <= version && (best == nullptr || candidate.since > best->since)) best = &candidate;
  }
  if (best != nullptr) return best->symbol;
    // Some names are symbols themselves that got a newer version later; old functions are under a trap.
#define VGPU_TRAPPED(plain, symbol, since) \
  if (name == #plain) return "";
  VGPU_VERSIONED_SYMBOLS(VGPU_TRAPPED)
#undef VGPU_TRAPPED
  return name;
}

}  // namespace

CUresult cuGetProcAddress(const char* symbol, void** pfn, int cudaVersion, cuuint64_t flags,
                          CUdriverProcAddressQueryResult* symbolStatus) {
  return guarded([&] {
    require(symbol != nullptr);
    out(pfn) = nullptr;
    const auto answer = [&](CUdriverProcAddressQueryResult status) {
      if (symbolStatus != nullptr) *symbolStatus = status;
      require(status == CU_GET_PROC_ADDRESS_SUCCESS, CUDA_ERROR_NOT_FOUND);
    };
    require((flags & ~cuuint64_t{CU_GET_PROC_ADDRESS_LEGACY_STREAM | CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM}) ==
            0);
    const std::string name = symbol;
    if (name.substr(0, 2) != "cu" || is_versioned(name)) answer(CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
    const std::string chosen = symbol_for(name, cudaVersion);
    if (chosen.empty()) answer(CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT);
    void* address = nullptr;
    if ((flags & CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM) != 0) {
      address = dlsym(self(), (chosen + "_ptsz").c_str());
      if (address == nullptr) address = dlsym(self(), (chosen + "_ptds").c_str());
    }
    if (address == nullptr) address = dlsym(self(), chosen.c_str());
    answer(address != nullptr ? CU_GET_PROC_ADDRESS_SUCCESS : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
    *pfn = address;
  });
}
