#include "cuda/modules.h"

#include <dlfcn.h>

#include <cstring>

#include "core/error.h"

namespace ki::cuda {
namespace {

constexpr char kFileName[] = "libkernels_interop_cuda12.so";

struct Table {
  const char* hash;
  std::uint64_t count;
  Module modules[];
};

// The folder that this library was loaded from, with its slash; empty if that is not known.
std::string own_folder() {
  Dl_info info{};
  if (dladdr(kModulesHash, &info) == 0 || info.dli_fname == nullptr) return "";
  const std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/') + 1);  // npos + 1 is 0
}

ModulesFile open_modules() {
  ModulesFile opened;
  const auto give_up = [&](ki_status status, const std::string& why) {
    opened.status = status;
    opened.detail = why;
    return opened;
  };
  opened.file = own_folder() + kFileName;
  if (kModulesHash[0] == '\0') {
    return give_up(KI_STATUS_NOT_SUPPORTED, "this library was built without the CUDA kernels");
  }
  void* library = dlopen(opened.file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return give_up(KI_STATUS_NOT_SUPPORTED, concat("the file of compiled CUDA kernels cannot be opened: ", dlerror()));
  }
  const auto* table = static_cast<const Table*>(dlsym(library, "ki_cuda_modules"));
  if (table == nullptr || std::strcmp(table->hash, kModulesHash) != 0) {
    dlclose(library);
    return give_up(KI_STATUS_NOT_SUPPORTED, concat("the file of compiled CUDA kernels, ", opened.file,
                                                   ", belongs to another build of this library"));
  }
  opened.modules = {table->modules, table->count};
  opened.detail = concat(table->count, table->count == 1 ? " compiled module" : " compiled modules");
  return opened;
}

}  // namespace

const ModulesFile& modules_file() {
  static const ModulesFile opened = open_modules();
  return opened;
}

const Module& find_module(const char* name) {
  const ModulesFile& opened = modules_file();
  if (opened.status != KI_STATUS_OK) throw Error(opened.status, "", opened.detail);
  for (const Module& module : opened.modules) {
    if (std::strcmp(module.name, name) == 0) return module;
  }
  throw Error(KI_STATUS_INTERNAL, "", concat("no compiled CUDA module is called ", name));
}

}  // namespace ki::cuda
