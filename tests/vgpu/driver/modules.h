// Loading of modules and look-up of what is in them, for the calls on modules, libraries, functions and kernels alike.
#pragma once

#include <memory>
#include <string>

#include "driver/driver.h"

namespace vgpu::driver {

// The buffers of cuModuleLoadDataEx's options.
class JitLog {
 public:
  JitLog(unsigned count, const CUjit_option* options, void** values);  // fails with INVALID_VALUE for unknown options

  void information(const std::string& text) { write(text, info_, info_size_); }
  void error(const std::string& text) { write(text, error_, error_size_); }

 private:
  static void write(const std::string& text, char* buffer, void** size);

  char *info_ = nullptr, *error_ = nullptr;
  void **info_size_ = nullptr, **error_size_ = nullptr;  // capacity going in, length coming out
};

// The PTX text of an image. Fails with NO_BINARY_FOR_GPU for compiled code.
std::string text_of_image(const void* image, JitLog& log);
std::string read_module_file(const char* path);

// Fails with INVALID_PTX, and says why in the log, for text that is not understood.
std::shared_ptr<Module> load_module(Driver& driver, const std::shared_ptr<Context>& context, const std::string& text,
                                    JitLog& log);
void unload_module(Driver& driver, const std::shared_ptr<Module>& module);

std::shared_ptr<Module> find_module(Driver& driver, CUmodule handle);
// Fails with NOT_FOUND.
std::shared_ptr<Function> get_function(Driver& driver, const std::shared_ptr<Module>& module, const char* name);
// A function, or a kernel of a library for the current context, which a caller may pass in place of one.
std::shared_ptr<Function> find_function(Driver& driver, CUfunction handle);
std::shared_ptr<Function> function_of_kernel(Driver& driver, const Kernel& kernel,
                                             const std::shared_ptr<Context>& context);
std::shared_ptr<Kernel> find_kernel(Driver& driver, CUkernel handle);

inline const KernelFacts& facts(const Function& function) { return function.module->program->facts(function.index); }

int function_attribute(const Function& function, CUfunction_attribute attribute);
void set_function_attribute(Function& function, CUfunction_attribute attribute, int value);

}  // namespace vgpu::driver
