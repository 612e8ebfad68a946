// Which functions a kernel reaches, and where its variables are.
#include "machine/kernel_layout.h"

#include <algorithm>

namespace vgpu::machine {
namespace {

std::uint64_t aligned(std::uint64_t offset, std::uint64_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

template <class F>
void for_each_operand(const std::vector<ptx::Operand>& operands, const F& f) {
  for (const ptx::Operand& operand : operands) {
    f(operand);
    for_each_operand(operand.elements, f);
  }
}

}  // namespace

KernelLayout::KernelLayout(const ptx::Module& module, const ptx::Function& entry, const ModuleLayout& variables)
    : module_layout(variables) {
  std::vector<const ptx::Function*> path;
  collect(module, entry, path);
  place(module, entry);
}

void KernelLayout::collect(const ptx::Module& module, const ptx::Function& function,
                           std::vector<const ptx::Function*>& path) {
  if (std::find(functions.begin(), functions.end(), &function) != functions.end()) return;
  if (std::find(path.begin(), path.end(), &function) != path.end()) {
    throw ptx::ParseError(function.body.empty() ? 0 : function.body.front().line,
                          "the function '" + function.name + "' calls itself, which is not supported");
  }
  path.push_back(&function);
  bool calls_indirectly = false;
  for (const ptx::Instruction& instruction : function.body) {
    const bool is_call = instruction.opcode.starts_with("call");
    for_each_operand(instruction.operands, [&](const ptx::Operand& operand) {
      if (operand.kind == ptx::Operand::Kind::function) {
        const ptx::Function& callee = module.functions[static_cast<std::size_t>(operand.index)];
        // The address of a kernel is taken for launches from the device, which are refused where they are made.
        if (callee.is_defined && !callee.is_entry) collect(module, callee, path);
      }
      if (is_call && operand.kind == ptx::Operand::Kind::prototype) calls_indirectly = true;
    });
  }
  if (calls_indirectly) {
    // Whatever has its address in a variable may be reached.
    for (const ptx::Variable& variable : module.variables) {
      for (const auto& relocation : variable.relocations) {
        for (const ptx::Function& callee : module.functions) {
          const bool is_reached = callee.name == relocation.symbol && callee.is_defined && !callee.is_entry;
          if (is_reached) collect(module, callee, path);
        }
      }
    }
  }
  path.pop_back();
  functions.push_back(&function);
}

void KernelLayout::place(const ptx::Module& module, const ptx::Function& entry) {
  std::uint64_t shared = 0, local = 0, parameter = 0, dynamic_alignment = 16;
  std::vector<const ptx::Variable*> dynamic;
  const auto place_shared = [&](const ptx::Variable& variable) {
    if (offsets.contains(&variable)) return;
    if (variable.is_extern || variable.size_bytes == 0) {
      offsets[&variable] = 0;
      dynamic.push_back(&variable);
      dynamic_alignment = std::max(dynamic_alignment, variable.alignment);
      return;
    }
    shared = aligned(shared, variable.alignment);
    offsets[&variable] = shared;
    shared += variable.size_bytes;
  };
  const auto place_in = [&](const ptx::Variable& variable, std::uint64_t& end) {
    end = aligned(end, variable.alignment);
    offsets[&variable] = end;
    end += variable.size_bytes;
  };
  for (const std::uint32_t index : entry.parameters) {
    const ptx::Variable& variable = entry.variables[index];
    place_in(variable, parameter);
    parameters.push_back(
        {static_cast<std::uint32_t>(offsets[&variable]), static_cast<std::uint32_t>(variable.size_bytes)});
  }
  for (const ptx::Function* function : functions) {
    local = aligned(local, 4);
    return_slots[function] = local;
    if (!function->is_entry) local += 4;
    for (const ptx::Variable& variable : function->variables) {
      if (offsets.contains(&variable)) continue;
      if (variable.space == ptx::Space::shared) {
        place_shared(variable);
      } else {
        place_in(variable, local);
      }
    }
    for (const ptx::Instruction& instruction : function->body) {
      for_each_operand(instruction.operands, [&](const ptx::Operand& operand) {
        const auto kind = operand.kind == ptx::Operand::Kind::address ? operand.base : operand.kind;
        if (kind != ptx::Operand::Kind::module_variable) return;
        const ptx::Variable& variable = module.variables[static_cast<std::size_t>(operand.index)];
        if (variable.space == ptx::Space::shared) place_shared(variable);
        if (variable.space == ptx::Space::local && !offsets.contains(&variable)) place_in(variable, local);
      });
    }
  }
  static_shared_bytes = static_cast<std::uint32_t>(shared);
  dynamic_shared_offset = static_cast<std::uint32_t>(dynamic.empty() ? shared : aligned(shared, dynamic_alignment));
  for (const ptx::Variable* variable : dynamic) offsets[variable] = dynamic_shared_offset;
  local_bytes = static_cast<std::uint32_t>(aligned(local, 16));
  parameter_bytes = static_cast<std::uint32_t>(parameter);
}

std::uint32_t KernelValues::constant(std::uint64_t bits, Width width) {
  const auto [entry, is_new] =
      constant_index_.emplace(std::pair(bits, width), static_cast<std::uint32_t>(constants_.size()));
  if (is_new) constants_.emplace_back(bits, width);
  return entry->second;
}

std::uint32_t KernelValues::special(Special which, Width width) {
  const auto [entry, is_new] =
      special_index_.emplace(std::pair(which, width), static_cast<std::uint32_t>(specials_.size()));
  if (is_new) specials_.emplace_back(which, width);
  return entry->second;
}

void KernelValues::place(Kernel& kernel) const {
  const auto next = [&](Width width) {
    const std::uint32_t alignment = std::min(lanes_bytes(width), 64u);
    kernel.arena_bytes = static_cast<std::uint32_t>(aligned(kernel.arena_bytes, alignment));
    const std::uint32_t offset = kernel.arena_bytes;
    kernel.arena_bytes += lanes_bytes(width);
    return offset;
  };
  for (const auto& [bits, width] : constants_) {
    constant_offsets_.push_back(next(width));
    kernel.constants.push_back({constant_offsets_.back(), width, bits});
  }
  for (const auto& [which, width] : specials_) {
    special_offsets_.push_back(next(width));
    kernel.specials.push_back({special_offsets_.back(), width, which});
  }
}

}  // namespace vgpu::machine
