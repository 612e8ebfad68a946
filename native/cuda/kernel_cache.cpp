#include "cuda/kernel_cache.h"

#include <array>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "cuda/context.h"
#include "cuda/modules.h"

namespace ki::cuda {
namespace {

struct LoadedKernel {
  FunctionHandle function = nullptr;
  unsigned dynamic_shared_bytes = 0;  // that it may have
};

struct LoadedModule {
  ModuleHandle handle = nullptr;
  std::map<std::string, LoadedKernel, std::less<>> kernels;
};

// What every kernel may have without asking.
constexpr unsigned kUsualDynamicSharedBytes = 48 * 1024;

// One for the process: a module stays loaded until its context is destroyed, whoever owns that. Never destroyed itself, as
// streams may be closed while the process ends.
struct Cache {
  std::mutex mutex;
  std::map<unsigned long long, std::map<std::string, LoadedModule, std::less<>>> contexts;
};

Cache& cache() {
  static auto* const all = new Cache;
  return *all;
}

// Whether a driver says with this that an image is not for it, and another might be.
bool is_foreign(Result result) { return result == kNoBinaryForGpu || result == kInvalidImage || result == kInvalidPtx; }

ModuleHandle load(const Module& module) {
  const Driver& functions = driver();
  const DuringCapture during_capture;
  ModuleHandle handle = nullptr;
  const Result of_cubin = functions.cuModuleLoadDataEx(&handle, module.cubin, 0, nullptr, nullptr);
  if (of_cubin == kSuccess) return handle;
  if (!is_foreign(of_cubin)) check(of_cubin, concat("loading the CUDA module ", module.name).c_str());

  std::array<char, 8192> log{};
  std::array options{kErrorLogBuffer, kErrorLogBufferBytes};
  std::array<void*, 2> values{log.data(), reinterpret_cast<void*>(log.size() - 1)};
  const Result of_ptx =
      functions.cuModuleLoadDataEx(&handle, module.ptx, options.size(), options.data(), values.data());
  if (of_ptx == kSuccess) return handle;
  throw Error(status_of(of_ptx), "",
              concat("loading the CUDA module ", module.name, ": its machine code: ", describe(of_cubin),
                     "; its PTX: ", describe(of_ptx), log[0] == '\0' ? "" : ": ", log.data()));
}

LoadedKernel& find_or_load(unsigned long long context_id, const Kernel& kernel) {
  auto& modules = cache().contexts[context_id];
  auto module = modules.find(kernel.module);
  if (module == modules.end()) {
    const ModuleHandle handle = load(find_module(kernel.module));
    module = modules.emplace(kernel.module, LoadedModule{handle, {}}).first;
  }
  auto& kernels = module->second.kernels;
  auto loaded = kernels.find(kernel.entry);
  if (loaded == kernels.end()) {
    FunctionHandle function = nullptr;
    check(driver().cuModuleGetFunction(&function, module->second.handle, kernel.entry),
          concat("finding the kernel ", kernel.entry, " in the CUDA module ", kernel.module).c_str());
    loaded = kernels.emplace(kernel.entry, LoadedKernel{function, kUsualDynamicSharedBytes}).first;
  }
  return loaded->second;
}

}  // namespace

FunctionHandle loaded_kernel(unsigned long long context_id, const Kernel& kernel) {
  const std::lock_guard lock(cache().mutex);
  LoadedKernel& loaded = find_or_load(context_id, kernel);
  if (kernel.dynamic_shared_bytes > loaded.dynamic_shared_bytes) {
    check(driver().cuFuncSetAttribute(loaded.function, kMaxDynamicSharedBytes,
                                      static_cast<int>(kernel.dynamic_shared_bytes)),
          concat("giving the kernel ", kernel.entry, " ", kernel.dynamic_shared_bytes, " bytes of shared memory")
              .c_str());
    loaded.dynamic_shared_bytes = kernel.dynamic_shared_bytes;
  }
  return loaded.function;
}

void forget_kernels(unsigned long long context_id) noexcept {
  const std::lock_guard lock(cache().mutex);
  cache().contexts.erase(context_id);
}

}  // namespace ki::cuda
