// Modules behind the calls: see modules.h.
#include "driver/modules.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "driver/device_attributes.h"
#include "driver/module_text.h"
#include "driver/mutation.h"
#include "ptx/module.h"

namespace vgpu::driver {

JitLog::JitLog(unsigned count, const CUjit_option* options, void** values) {
  require(count == 0 || (options != nullptr && values != nullptr));
  for (unsigned i = 0; i < count; ++i) {
    switch (options[i]) {
      case CU_JIT_INFO_LOG_BUFFER: info_ = static_cast<char*>(values[i]); break;
      case CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES: info_size_ = &values[i]; break;
      case CU_JIT_ERROR_LOG_BUFFER: error_ = static_cast<char*>(values[i]); break;
      case CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES: error_size_ = &values[i]; break;
      case CU_JIT_WALL_TIME: {
        const float milliseconds = 0;
        std::memcpy(&values[i], &milliseconds, sizeof milliseconds);
        break;
      }
      default: require(options[i] >= CU_JIT_MAX_REGISTERS && options[i] < CU_JIT_NUM_OPTIONS);
    }
  }
}

void JitLog::write(const std::string& text, char* buffer, void** size) {
  if (size == nullptr) return;
  const std::size_t capacity = reinterpret_cast<std::size_t>(*size) & 0xFFFF'FFFF;  // the option is an unsigned int
  std::size_t length = 0;
  if (buffer != nullptr && capacity > 0) {
    length = std::min(text.size(), capacity - 1);
    std::memcpy(buffer, text.data(), length);
    buffer[length] = '\0';
  }
  *size = reinterpret_cast<void*>(length);
}

std::string text_of_image(const void* image, JitLog& log) {
  require(image != nullptr);
  if (kind_of_image(image) == ImageKind::text) return static_cast<const char*>(image);
  log.error("the virtual GPU executes PTX; it has no use for compiled code");
  fail(CUDA_ERROR_NO_BINARY_FOR_GPU);
}

std::string read_module_file(const char* path) {
  require(path != nullptr);
  std::ifstream file(path, std::ios::binary);
  require(file.is_open(), CUDA_ERROR_FILE_NOT_FOUND);
  std::ostringstream content;
  content << file.rdbuf();
  require(!file.bad(), CUDA_ERROR_FILE_NOT_FOUND);
  return content.str();
}

std::shared_ptr<Module> load_module(Driver& driver, const std::shared_ptr<Context>& context, const std::string& text,
                                    JitLog& log) {
  std::string ptx = with_line_information(text, driver.configuration.sources);
  if (!driver.configuration.mutation.empty()) {
    if (auto changed = mutate(ptx, *parse_mutation(driver.configuration.mutation))) {
      ptx = std::move(*changed);
      ++driver.mutated_modules;
    }
  }
  auto module = std::make_shared<Module>();
  module->context = context;
  try {
    module->program = Program::load(ptx, *driver.memory);
  } catch (const ptx::ParseError& error) {
    log.error("vgpu: ptx input, line " + std::to_string(error.line) + "; error: " + error.what());
    std::fprintf(stderr, "vgpu: a module was refused: line %u: %s\n", error.line, error.what());
    fail(CUDA_ERROR_INVALID_PTX);
  }
  log.information("");
  module->handle = driver.modules.add(module);
  return module;
}

void unload_module(Driver& driver, const std::shared_ptr<Module>& module) {
  driver.functions.remove_if([&](const Function& function) { return function.module == module; });
  driver.modules.remove(module->handle);
}

std::shared_ptr<Module> find_module(Driver& driver, CUmodule handle) {
  auto module = driver.modules.find(handle);
  require(module != nullptr, CUDA_ERROR_INVALID_HANDLE);
  return module;
}

std::shared_ptr<Function> get_function(Driver& driver, const std::shared_ptr<Module>& module, const char* name) {
  require(name != nullptr);
  const auto known = module->functions.find(name);
  if (known != module->functions.end()) return driver.functions.find(known->second);
  const int index = module->program->kernel(name);
  require(index >= 0, CUDA_ERROR_NOT_FOUND);
  auto function = std::make_shared<Function>();
  function->module = module;
  function->index = index;
  function->name = name;
  const std::uint32_t fixed = facts(*function).static_shared_bytes;
  function->dynamic_shared_limit = fixed < kSharedPerBlock ? kSharedPerBlock - fixed : 0;
  function->handle = driver.functions.add(function);
  module->functions.emplace(name, function->handle);
  return function;
}

std::shared_ptr<Function> function_of_kernel(Driver& driver, const Kernel& kernel,
                                             const std::shared_ptr<Context>& context) {
  auto& modules = kernel.library->modules;
  std::shared_ptr<Module> module;
  if (const auto found = modules.find(context->handle); found != modules.end())
    module = driver.modules.find(found->second);
  if (!module) {
    JitLog log(0, nullptr, nullptr);
    module = load_module(driver, context, kernel.library->text, log);
    modules[context->handle] = module->handle;
  }
  return get_function(driver, module, kernel.name.c_str());
}

std::shared_ptr<Kernel> find_kernel(Driver& driver, CUkernel handle) {
  auto kernel = driver.kernels.find(handle);
  require(kernel != nullptr, CUDA_ERROR_INVALID_HANDLE);
  return kernel;
}

std::shared_ptr<Function> find_function(Driver& driver, CUfunction handle) {
  if (auto function = driver.functions.find(handle)) return function;
  return function_of_kernel(driver, *find_kernel(driver, reinterpret_cast<CUkernel>(handle)), driver.healthy_context());
}

int function_attribute(const Function& function, CUfunction_attribute attribute) {
  const KernelFacts& kernel = facts(function);
  switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK: return static_cast<int>(kernel.max_threads);
    case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES: return static_cast<int>(kernel.static_shared_bytes);
    case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES: return static_cast<int>(kernel.constant_bytes);
    case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES: return static_cast<int>(kernel.local_bytes);
    case CU_FUNC_ATTRIBUTE_NUM_REGS: return static_cast<int>(kernel.registers);
    case CU_FUNC_ATTRIBUTE_PTX_VERSION:
    case CU_FUNC_ATTRIBUTE_BINARY_VERSION: return 80;
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES: return static_cast<int>(function.dynamic_shared_limit);
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT: return function.shared_carveout;
    case CU_FUNC_ATTRIBUTE_CACHE_MODE_CA:
    case CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT:
    case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH:
    case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
    case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE: return 0;  // this generation has no clusters
    default: fail(CUDA_ERROR_INVALID_VALUE);
  }
}

void set_function_attribute(Function& function, CUfunction_attribute attribute, int value) {
  switch (attribute) {
    case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
      require(value >= 0 &&
              static_cast<std::uint64_t>(value) + facts(function).static_shared_bytes <= kSharedPerBlockOptIn);
      function.dynamic_shared_limit = static_cast<std::uint32_t>(value);
      break;
    case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
      require(value >= -1 && value <= 100);
      function.shared_carveout = value;
      break;
    default: fail(CUDA_ERROR_INVALID_VALUE);
  }
}

}  // namespace vgpu::driver
