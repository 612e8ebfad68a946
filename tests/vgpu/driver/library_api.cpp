// Libraries: modules that are loaded without a context, and their kernels.
#include "driver/capture.h"
#include "driver/modules.h"

using namespace vgpu::driver;

namespace {

std::shared_ptr<Library> find_library(Driver& driver, CUlibrary handle) {
  auto library = driver.libraries.find(handle);
  require(library != nullptr, CUDA_ERROR_INVALID_HANDLE);
  return library;
}

// The library's module in the current context.
std::shared_ptr<Module> module_here(Driver& driver, Library& library) {
  const auto context = driver.healthy_context();
  if (const auto found = library.modules.find(context->handle); found != library.modules.end())
    if (auto module = driver.modules.find(found->second)) return module;
  forbid_unsafe(driver);
  JitLog log(0, nullptr, nullptr);
  auto module = load_module(driver, context, library.text, log);
  library.modules[context->handle] = module->handle;
  return module;
}

void add_library(Driver& driver, CUlibrary* handle, std::string text) {
  auto library = std::make_shared<Library>();
  library->text = std::move(text);
  *handle = library->handle = driver.libraries.add(library);
  // Text that is not understood is refused here if there is a context to try it in, as a driver that loads eagerly
  // does.
  if (driver.current_handle() == nullptr) return;
  try {
    module_here(driver, *library);
  } catch (const Failure&) {
    driver.libraries.remove(*handle);
    *handle = nullptr;
    throw;
  }
}

std::shared_ptr<Function> function_on(Driver& driver, CUkernel kernel, CUdevice dev) {
  const auto context = driver.healthy_context();
  require(context->device == dev, CUDA_ERROR_INVALID_DEVICE);
  return function_of_kernel(driver, *find_kernel(driver, kernel), context);
}

}  // namespace

CUresult cuLibraryLoadData(CUlibrary* library, const void* code, CUjit_option* jitOptions, void** jitOptionsValues,
                           unsigned int numJitOptions, CUlibraryOption*, void**, unsigned int) {
  return entry([&](Call& call) {
    out(library);
    JitLog log(numJitOptions, jitOptions, jitOptionsValues);
    add_library(call.driver, library, text_of_image(code, log));
  });
}

CUresult cuLibraryLoadFromFile(CUlibrary* library, const char* fileName, CUjit_option* jitOptions,
                               void** jitOptionsValues, unsigned int numJitOptions, CUlibraryOption*, void**,
                               unsigned int) {
  return entry([&](Call& call) {
    out(library);
    JitLog log(numJitOptions, jitOptions, jitOptionsValues);
    const std::string content = read_module_file(fileName);
    add_library(call.driver, library, text_of_image(content.c_str(), log));
  });
}

CUresult cuLibraryUnload(CUlibrary library) {
  return entry([&](Call& call) {
    const auto found = find_library(call.driver, library);
    for (const auto& [context, handle] : found->modules)
      if (const auto module = call.driver.modules.find(handle)) unload_module(call.driver, module);
    for (const auto& [name, handle] : found->kernels) call.driver.kernels.remove(handle);
    call.driver.libraries.remove(library);
  });
}

CUresult cuLibraryGetKernel(CUkernel* pKernel, CUlibrary library, const char* name) {
  return entry([&](Call& call) {
    out(pKernel);
    require(name != nullptr);
    const auto found = find_library(call.driver, library);
    if (const auto known = found->kernels.find(name); known != found->kernels.end()) {
      *pKernel = known->second;
      return;
    }
    require(module_here(call.driver, *found)->program->kernel(name) >= 0, CUDA_ERROR_NOT_FOUND);
    auto kernel = std::make_shared<Kernel>();
    kernel->library = found;
    kernel->name = name;
    *pKernel = kernel->handle = call.driver.kernels.add(kernel);
    found->kernels.emplace(name, kernel->handle);
  });
}

CUresult cuLibraryGetModule(CUmodule* pMod, CUlibrary library) {
  return entry([&](Call& call) { out(pMod) = module_here(call.driver, *find_library(call.driver, library))->handle; });
}

CUresult cuLibraryGetGlobal(CUdeviceptr* dptr, size_t* bytes, CUlibrary library, const char* name) {
  return entry([&](Call& call) {
    require(name != nullptr);
    const auto module = module_here(call.driver, *find_library(call.driver, library));
    const auto* symbol = module->program->variable(name);
    require(symbol != nullptr, CUDA_ERROR_NOT_FOUND);
    if (dptr != nullptr) *dptr = symbol->address;
    if (bytes != nullptr) *bytes = symbol->size_bytes;
  });
}

CUresult cuKernelGetFunction(CUfunction* pFunc, CUkernel kernel) {
  return entry([&](Call& call) {
    out(pFunc) =
        function_of_kernel(call.driver, *find_kernel(call.driver, kernel), call.driver.healthy_context())->handle;
  });
}

CUresult cuKernelGetName(const char** name, CUkernel hfunc) {
  return entry([&](Call& call) { out(name) = find_kernel(call.driver, hfunc)->name.c_str(); });
}

CUresult cuKernelGetAttribute(int* pi, CUfunction_attribute attrib, CUkernel kernel, CUdevice dev) {
  return entry([&](Call& call) { out(pi) = function_attribute(*function_on(call.driver, kernel, dev), attrib); });
}

CUresult cuKernelSetAttribute(CUfunction_attribute attrib, int val, CUkernel kernel, CUdevice dev) {
  return entry([&](Call& call) { set_function_attribute(*function_on(call.driver, kernel, dev), attrib, val); });
}

CUresult cuKernelGetParamInfo(CUkernel kernel, size_t paramIndex, size_t* paramOffset, size_t* paramSize) {
  return entry([&](Call& call) {
    const auto function =
        function_of_kernel(call.driver, *find_kernel(call.driver, kernel), call.driver.healthy_context());
    const auto parameters = facts(*function).parameters;
    require(paramIndex < parameters.size());
    out(paramOffset) = parameters[paramIndex].offset;
    if (paramSize != nullptr) *paramSize = parameters[paramIndex].size_bytes;
  });
}
