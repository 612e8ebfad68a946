// The compiled kernels: a file of bytes beside this library, without code. cmake/CudaModules.cmake makes it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "kernels_interop.h"

namespace ki::cuda {

// As the file's table has it.
struct Module {
  const char* name;
  const char* ptx;  // ends in a zero byte, which is not counted
  std::uint64_t ptx_bytes;
  const void* cubin;
  std::uint64_t cubin_bytes;
};

struct ModulesFile {
  ki_status status = KI_STATUS_OK;
  std::string file;
  std::string detail;  // what it holds, or why it cannot be used
  std::span<const Module> modules;
};

// Hash of the modules that belong to this library; empty if it was built without any. Made with the modules.
extern const char kModulesHash[];

// Opens the file when first called.
const ModulesFile& modules_file();

// Throws if the file cannot be used or has no such module.
const Module& find_module(const char* name);

}  // namespace ki::cuda
