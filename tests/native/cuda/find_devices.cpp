// find_devices LIBRARY: loads the library, prints what its probe says and what becomes of opening devices. The search for a
// driver happens once per process, so tests of it run this program. One fact a line, fields separated by tabs.
#include <dlfcn.h>
#include <sys/auxv.h>

#include <cstdio>
#include <initializer_list>

#include "kernels_interop.h"

namespace {

template <typename Function>
Function* find(void* library, const char* name, Function*) {
  return reinterpret_cast<Function*>(dlsym(library, name));
}
#define KI_FIND(function) find(library, #function, &function)

void print(void*, const ki_probe_entry* entry) {
  std::printf("probe\t%s\t%d\t%s\t%s\n", entry->kind == KI_DEVICE_KIND_CUDA ? "cuda" : "cpu",
              static_cast<int>(entry->status), entry->subject, entry->detail);
}

void try_to_open(void* library, const char* name) {
  ki_device* device = nullptr;
  const ki_status status = KI_FIND(ki_device_open)(name, nullptr, &device);
  if (status != KI_STATUS_OK) {
    std::printf("open\t%s\t%d\t%s\n", name, static_cast<int>(status), KI_FIND(ki_last_error_message)());
    return;
  }
  ki_device_info info{};
  info.struct_size = sizeof info;
  KI_FIND(ki_device_get_info)(device, &info);
  std::printf("open\t%s\t%d\t%s: %s\n", name, static_cast<int>(status), info.name, info.reason);
  KI_FIND(ki_device_close)(device);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  void* library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  std::printf("privileged\t%d\n", getauxval(AT_SECURE) != 0);
  KI_FIND(ki_probe)(print, nullptr);
  int32_t count = 0;
  KI_FIND(ki_device_count)(&count);
  std::printf("count\t%d\n", count);
  for (const char* name : {"cpu", "cuda:0", "cuda:99", "auto"}) try_to_open(library, name);
  return 0;
}
