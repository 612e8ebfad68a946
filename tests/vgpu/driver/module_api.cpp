// Modules and functions.
#include <cstdlib>
#include <string_view>

#include "driver/capture.h"
#include "driver/modules.h"

using namespace vgpu::driver;

namespace {

// Loading allocates, which no capture sees.
std::shared_ptr<Context> context_for_loading(Driver& driver) {
  auto context = driver.healthy_context();
  forbid_unsafe(driver);
  return context;
}

CUresult load(CUmodule* module, const void* image, unsigned count, const CUjit_option* options, void** values) {
  return entry([&](Call& call) {
    out(module);
    const auto context = context_for_loading(call.driver);
    JitLog log(count, options, values);
    *module = load_module(call.driver, context, text_of_image(image, log), log)->handle;
  });
}

}  // namespace

CUresult cuModuleLoadData(CUmodule* module, const void* image) { return load(module, image, 0, nullptr, nullptr); }

CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned int numOptions, CUjit_option* options,
                            void** optionValues) {
  return load(module, image, numOptions, options, optionValues);
}

CUresult cuModuleLoadFatBinary(CUmodule* module, const void* fatCubin) {
  return load(module, fatCubin, 0, nullptr, nullptr);
}

CUresult cuModuleLoad(CUmodule* module, const char* fname) {
  return entry([&](Call& call) {
    out(module);
    const auto context = context_for_loading(call.driver);
    const std::string content = read_module_file(fname);
    JitLog log(0, nullptr, nullptr);
    *module = load_module(call.driver, context, text_of_image(content.c_str(), log), log)->handle;
  });
}

CUresult cuModuleUnload(CUmodule hmod) {
  return entry([&](Call& call) {
    const auto module = find_module(call.driver, hmod);
    call.driver.healthy_context();
    forbid_unsafe(call.driver);
    unload_module(call.driver, module);
  });
}

CUresult cuModuleGetLoadingMode(CUmoduleLoadingMode* mode) {
  return entry([&](Call&) {
    const char* wanted = std::getenv("CUDA_MODULE_LOADING");
    out(mode) =
        wanted != nullptr && std::string_view(wanted) == "EAGER" ? CU_MODULE_EAGER_LOADING : CU_MODULE_LAZY_LOADING;
  });
}

CUresult cuModuleGetFunction(CUfunction* hfunc, CUmodule hmod, const char* name) {
  return entry([&](Call& call) {
    out(hfunc);
    const auto module = find_module(call.driver, hmod);
    call.driver.healthy_context();
    *hfunc = get_function(call.driver, module, name)->handle;
  });
}

CUresult cuModuleGetGlobal(CUdeviceptr* dptr, size_t* bytes, CUmodule hmod, const char* name) {
  return entry([&](Call& call) {
    const auto module = find_module(call.driver, hmod);
    call.driver.healthy_context();
    require(name != nullptr);
    const vgpu::Program::Symbol* symbol = module->program->variable(name);
    require(symbol != nullptr, CUDA_ERROR_NOT_FOUND);
    if (dptr != nullptr) *dptr = symbol->address;
    if (bytes != nullptr) *bytes = symbol->size_bytes;
  });
}

CUresult cuFuncGetAttribute(int* pi, CUfunction_attribute attrib, CUfunction hfunc) {
  return entry([&](Call& call) { out(pi) = function_attribute(*find_function(call.driver, hfunc), attrib); });
}

CUresult cuFuncSetAttribute(CUfunction hfunc, CUfunction_attribute attrib, int value) {
  return entry([&](Call& call) { set_function_attribute(*find_function(call.driver, hfunc), attrib, value); });
}

// A wish about the split between cache and shared memory; there is nothing here that it could change.
CUresult cuFuncSetCacheConfig(CUfunction hfunc, CUfunc_cache config) {
  return entry([&](Call& call) {
    find_function(call.driver, hfunc);
    require(config >= CU_FUNC_CACHE_PREFER_NONE && config <= CU_FUNC_CACHE_PREFER_EQUAL);
  });
}

CUresult cuFuncSetSharedMemConfig(CUfunction hfunc, CUsharedconfig config) {
  return entry([&](Call& call) {
    find_function(call.driver, hfunc);
    require(config >= CU_SHARED_MEM_CONFIG_DEFAULT_BANK_SIZE && config <= CU_SHARED_MEM_CONFIG_EIGHT_BYTE_BANK_SIZE);
  });
}

CUresult cuFuncGetModule(CUmodule* hmod, CUfunction hfunc) {
  return entry([&](Call& call) { out(hmod) = find_function(call.driver, hfunc)->module->handle; });
}

CUresult cuFuncGetName(const char** name, CUfunction hfunc) {
  return entry([&](Call& call) { out(name) = find_function(call.driver, hfunc)->name.c_str(); });
}

CUresult cuFuncGetParamInfo(CUfunction func, size_t paramIndex, size_t* paramOffset, size_t* paramSize) {
  return entry([&](Call& call) {
    const auto parameters = facts(*find_function(call.driver, func)).parameters;
    require(paramIndex < parameters.size());
    out(paramOffset) = parameters[paramIndex].offset;
    if (paramSize != nullptr) *paramSize = parameters[paramIndex].size_bytes;
  });
}

CUresult cuFuncIsLoaded(CUfunctionLoadingState* state, CUfunction function) {
  return entry([&](Call& call) {
    find_function(call.driver, function);
    out(state) = CU_FUNCTION_LOADING_STATE_LOADED;
  });
}

CUresult cuFuncLoad(CUfunction function) {
  return entry([&](Call& call) { find_function(call.driver, function); });
}
