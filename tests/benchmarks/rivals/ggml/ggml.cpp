#include "ggml.h"

#include <dlfcn.h>

#include <stdexcept>

namespace ki::bench::ggml {
namespace {

void* open(const std::filesystem::path& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throw std::runtime_error(dlerror());
  return library;
}

Symbol found(void* address, const std::string& function) {
  if (address == nullptr) throw std::runtime_error("this ggml has no function " + function);
  return {address};
}

}  // namespace

Library::Library(const std::filesystem::path& path)
    : library_(open(path)), cpu_([&] {
        void (*const load_all)(const char*) = find("ggml_backend_load_all_from_path");
        Registration* (*const by_name)(const char*) = find("ggml_backend_reg_by_name");
        load_all(path.parent_path().c_str());
        Registration* cpu = by_name("CPU");
        if (cpu == nullptr)
          throw std::runtime_error("ggml found no CPU library that runs here beside " + path.string());
        return cpu;
      }()) {}

// Also those of the libraries that this one needs.
Symbol Library::find(const char* function) const { return found(dlsym(library_, function), function); }

Symbol Library::find_in_cpu_library(const char* function) const {
  void* (*const get)(Registration*, const char*) = find("ggml_backend_reg_get_proc_address");
  return found(get(cpu_, function), function);
}

std::string Library::name() const {
  const char* (*const version)() = find("ggml_version");
  Dl_info cpu_library{};
  dladdr(reinterpret_cast<void*>(threadpool_new), &cpu_library);
  return std::string("ggml ") + version() + ", " + std::filesystem::path(cpu_library.dli_fname).filename().string();
}

}  // namespace ki::bench::ggml
