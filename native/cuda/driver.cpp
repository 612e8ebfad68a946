#include "cuda/driver.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>

#include <atomic>

namespace ki::cuda {
namespace {

constexpr char kVariable[] = "KERNELS_INTEROP_CUDA_DRIVER";
constexpr char kForked[] =
    "this process was forked from one that had initialised CUDA, which does not survive a fork; fork first, or start a "
    "new program in the child";

std::atomic<bool> forked{false};

std::string version_text(int version) { return concat(version / 1000, ".", version % 1000 / 10); }

// The path that the loader found the library at.
std::string path_of(void* library, const std::string& asked_for) {
  link_map* map = nullptr;
  if (dlinfo(library, RTLD_DI_LINKMAP, &map) != 0 || map->l_name[0] == '\0') return asked_for;
  return map->l_name;
}

template <typename Function>
bool resolve(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
  return function != nullptr;
}

// The first function the library lacks, or null.
const char* resolve_all(void* library, Driver& functions) {
#define KI_CUDA_RESOLVE(name, exported, parameters) \
  if (!resolve(library, exported, functions.name)) return exported;
  KI_CUDA_DRIVER_FUNCTIONS(KI_CUDA_RESOLVE)
#undef KI_CUDA_RESOLVE
  return nullptr;
}

std::string text_of(Result (*lookup)(Result, const char**), Result result) {
  const char* text = nullptr;
  if (lookup == nullptr || lookup(result, &text) != kSuccess || text == nullptr) return "";
  return text;
}

std::string describe(const Driver& functions, Result result) {
  const std::string name = text_of(functions.cuGetErrorName, result);
  if (name.empty()) return concat("CUDA error ", static_cast<unsigned>(result));
  return concat(name, " (", text_of(functions.cuGetErrorString, result), ")");
}

DriverSearch search() {
  DriverSearch found;
  const char* named = secure_getenv(kVariable);
  const bool is_named = named != nullptr && named[0] != '\0';
  found.file = is_named ? named : "libcuda.so.1";
  const std::string by = is_named ? concat(" (named by ", kVariable, ")") : "";
  const auto give_up = [&](ki_status status, const std::string& why) {
    found.status = status;
    found.detail = why;
    return found;
  };

  void* library = dlopen(found.file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return give_up(KI_STATUS_DEVICE_NOT_FOUND, concat("no CUDA driver: ", dlerror(), by));
  const std::string place = path_of(library, found.file) + by;
  Driver& functions = found.functions;
  const auto let_go = [&](const std::string& why) {
    dlclose(library);  // nothing of it has run yet
    return give_up(KI_STATUS_NOT_SUPPORTED, concat(place, " ", why));
  };

  int version = 0;
  if (!resolve(library, "cuDriverGetVersion", functions.cuDriverGetVersion)) {
    return let_go("is no CUDA driver: it has no cuDriverGetVersion");
  }
  const Result asked = functions.cuDriverGetVersion(&version);
  if (asked != kSuccess) return let_go(concat("does not tell its version: error ", static_cast<unsigned>(asked)));
  if (version < kOldestDriver) {
    return let_go(concat("supports CUDA ", version_text(version), ", and ", version_text(kOldestDriver),
                         " or newer is needed: update the NVIDIA driver"));
  }
  if (const char* missing = resolve_all(library, functions)) {
    return let_go(concat("is no complete CUDA driver: it has no ", missing));
  }

  // From here on the driver stays loaded, and a forked child must not use it.
  pthread_atfork(nullptr, nullptr, [] { forked.store(true, std::memory_order_relaxed); });
  const Result initialised = functions.cuInit(0);
  if (initialised != kSuccess) {
    return give_up(initialised == kNoDevice ? KI_STATUS_DEVICE_NOT_FOUND : KI_STATUS_DEVICE_ERROR,
                   concat(place, " cannot be initialised: ", describe(functions, initialised)));
  }
  found.detail = concat(place, ", supports CUDA ", version_text(version));
  return found;
}

}  // namespace

const DriverSearch& find_driver() {
  static const DriverSearch found = search();
  return found;
}

bool in_forked_child() noexcept { return forked.load(std::memory_order_relaxed); }

const Driver& driver() {
  if (in_forked_child()) throw Error(KI_STATUS_DEVICE_ERROR, "", kForked);
  const DriverSearch& found = find_driver();
  if (found.status != KI_STATUS_OK) throw Error(found.status, "", found.detail);
  return found.functions;
}

ki_status status_of(Result result) noexcept {
  switch (result) {
    case kSuccess: return KI_STATUS_OK;
    case kOutOfMemory: return KI_STATUS_OUT_OF_MEMORY;
    default: return KI_STATUS_DEVICE_ERROR;
  }
}

std::string describe(Result result) { return describe(find_driver().functions, result); }

void check(Result result, const char* what) {
  if (result != kSuccess) throw Error(status_of(result), "", concat(what, ": ", describe(result)));
}

}  // namespace ki::cuda
