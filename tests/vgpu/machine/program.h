// A loaded module: its variables in device memory, its kernels decoded when they are first needed.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "machine/execution.h"
#include "machine/kernel.h"
#include "machine/kernel_layout.h"
#include "machine/launch.h"
#include "ptx/module.h"

namespace vgpu::machine {

class LoadedProgram : public Program {
 public:
  LoadedProgram(std::string_view ptx, DeviceMemory& memory);
  ~LoadedProgram() override;
  LoadedProgram(const LoadedProgram&) = delete;
  LoadedProgram& operator=(const LoadedProgram&) = delete;

  const Symbol* variable(std::string_view name) const override;
  int kernel(std::string_view name) const override;
  const KernelFacts& facts(int kernel) const override;

  const std::string& kernel_name(int kernel) const { return entry(kernel).name; }
  // Throws ptx::ParseError for what it does not know.
  const Kernel& decoded(int kernel) const;

 private:
  const ptx::Function& entry(int kernel) const;
  void place_variables();
  void free_variables();
  void write_initial_value(const ptx::Variable& variable, std::uint64_t address) const;
  std::uint64_t address_of_symbol(std::string_view name) const;
  std::unique_ptr<Kernel> decode(const ptx::Function& entry) const;

  ptx::Module module_;
  DeviceMemory& memory_;
  ModuleLayout layout_;
  std::vector<Symbol> symbols_;
  std::vector<int> kernels_;  // functions
  struct Slot {
    std::unique_ptr<Kernel> decoded;
    std::unique_ptr<KernelFacts> facts;
    std::vector<KernelFacts::Parameter> parameters;
  };
  mutable std::vector<Slot> slots_;
  mutable std::mutex mutex_;
};

void add_counts(const Execution& execution, Counters& counters);

}  // namespace vgpu::machine
