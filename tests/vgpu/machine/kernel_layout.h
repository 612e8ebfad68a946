// Where the variables of a kernel and of the functions it reaches are, in each space; and the constants and special
// registers that its ops name.
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "machine/draft.h"
#include "machine/kernel.h"
#include "ptx/module.h"

namespace vgpu::machine {

// Of global and constant variables, by index in the module; and the values that pointers to functions have.
struct ModuleLayout {
  std::vector<std::uint64_t> variables;
  static constexpr std::uint64_t kFirstFunction = 0x1000;
  static std::uint64_t function_address(std::size_t index) { return kFirstFunction + 16 * index; }
};

struct KernelLayout {
  KernelLayout(const ptx::Module& module, const ptx::Function& entry, const ModuleLayout& variables);

  const ModuleLayout& module_layout;
  // Functions to decode: those called come before those that call them, the kernel is last.
  std::vector<const ptx::Function*> functions;
  std::unordered_map<const ptx::Variable*, std::uint64_t> offsets;       // of shared, local and parameter variables
  std::unordered_map<const ptx::Function*, std::uint64_t> return_slots;  // in local memory: where a call goes back to
  std::uint32_t static_shared_bytes = 0, dynamic_shared_offset = 0, local_bytes = 0, parameter_bytes = 0;
  std::vector<KernelFacts::Parameter> parameters;

 private:
  void collect(const ptx::Module& module, const ptx::Function& function, std::vector<const ptx::Function*>& path);
  void place(const ptx::Module& module, const ptx::Function& entry);
};

class KernelValues {
 public:
  std::uint32_t constant(std::uint64_t bits, Width width);
  std::uint32_t special(Special which, Width width);

  // Gives each a place in the arena.
  void place(Kernel& kernel) const;
  std::uint32_t constant_offset(std::uint32_t index) const { return constant_offsets_[index]; }
  std::uint32_t special_offset(std::uint32_t index) const { return special_offsets_[index]; }

 private:
  std::vector<std::pair<std::uint64_t, Width>> constants_;
  std::map<std::pair<std::uint64_t, Width>, std::uint32_t> constant_index_;
  std::vector<std::pair<Special, Width>> specials_;
  std::map<std::pair<Special, Width>, std::uint32_t> special_index_;
  mutable std::vector<std::uint32_t> constant_offsets_, special_offsets_;
};

}  // namespace vgpu::machine
