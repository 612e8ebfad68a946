// Loads a module: places its variables and assembles its kernels.
#include "machine/program.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "machine/counted_name.h"
#include "machine/decoder.h"

namespace vgpu::machine {

LoadedProgram::LoadedProgram(std::string_view ptx, DeviceMemory& memory) : module_(ptx::parse(ptx)), memory_(memory) {
  for (std::size_t i = 0; i < module_.functions.size(); ++i) {
    if (module_.functions[i].is_entry && module_.functions[i].is_defined) kernels_.push_back(static_cast<int>(i));
  }
  slots_.resize(kernels_.size());
  for (std::size_t i = 0; i < kernels_.size(); ++i) {
    const ptx::Function& function = entry(static_cast<int>(i));
    const KernelLayout layout(module_, function, layout_);
    auto facts = std::make_unique<KernelFacts>();
    facts->max_threads = std::min(function.max_threads.value_or(1024), function.required_threads.value_or(1024));
    facts->static_shared_bytes = layout.static_shared_bytes;
    facts->local_bytes = layout.local_bytes;
    facts->parameter_bytes = layout.parameter_bytes;
    facts->parameter_count = layout.parameters.size();
    for (const ptx::Variable& variable : module_.variables) {
      if (variable.space == ptx::Space::constant)
        facts->constant_bytes += static_cast<std::uint32_t>(variable.size_bytes);
    }
    // What ptxas makes of virtual registers nobody knows here; a number that never limits a launch.
    facts->registers = 32;
    slots_[i].parameters = layout.parameters;
    facts->parameters = slots_[i].parameters;
    slots_[i].facts = std::move(facts);
  }
  try {
    place_variables();
  } catch (...) {
    free_variables();
    throw;
  }
}

LoadedProgram::~LoadedProgram() { free_variables(); }

void LoadedProgram::free_variables() {
  for (const Symbol& symbol : symbols_) {
    if (symbol.size_bytes != 0) memory_.free(symbol.address);
  }
}

void LoadedProgram::place_variables() {
  layout_.variables.resize(module_.variables.size());
  symbols_.resize(module_.variables.size());
  for (std::size_t i = 0; i < module_.variables.size(); ++i) {
    const ptx::Variable& variable = module_.variables[i];
    if (variable.space != ptx::Space::global && variable.space != ptx::Space::constant) continue;
    if (variable.is_extern || variable.size_bytes == 0) continue;
    const auto address = memory_.allocate(variable.size_bytes, std::max<std::uint64_t>(variable.alignment, 256));
    if (!address) throw std::bad_alloc();
    layout_.variables[i] = *address;
    symbols_[i] = {*address, variable.size_bytes};
  }
  for (std::size_t i = 0; i < module_.variables.size(); ++i) {
    if (symbols_[i].size_bytes != 0) write_initial_value(module_.variables[i], symbols_[i].address);
  }
}

void LoadedProgram::write_initial_value(const ptx::Variable& variable, std::uint64_t address) const {
  std::byte* host = memory_.resolve(address, variable.size_bytes);
  std::memset(host, 0, variable.size_bytes);
  if (!variable.initial_value.empty()) std::memcpy(host, variable.initial_value.data(), variable.initial_value.size());
  for (const ptx::Variable::AddressOf& relocation : variable.relocations) {
    const std::uint64_t value = address_of_symbol(relocation.symbol) + static_cast<std::uint64_t>(relocation.addend);
    std::memcpy(host + relocation.offset, &value, sizeof value);
  }
  memory_.set_initialised(address, variable.size_bytes);
}

std::uint64_t LoadedProgram::address_of_symbol(std::string_view name) const {
  for (std::size_t i = 0; i < module_.variables.size(); ++i) {
    if (module_.variables[i].name == name) return layout_.variables[i];
  }
  for (std::size_t i = 0; i < module_.functions.size(); ++i) {
    if (module_.functions[i].name == name) return ModuleLayout::function_address(i);
  }
  throw ptx::ParseError(0, "an initial value holds the address of '" + std::string(name) + "', which is not declared");
}

const Program::Symbol* LoadedProgram::variable(std::string_view name) const {
  for (std::size_t i = 0; i < module_.variables.size(); ++i) {
    if (module_.variables[i].name == name && symbols_[i].size_bytes != 0) return &symbols_[i];
  }
  return nullptr;
}

const ptx::Function& LoadedProgram::entry(int kernel) const {
  return module_.functions[static_cast<std::size_t>(kernels_[static_cast<std::size_t>(kernel)])];
}

int LoadedProgram::kernel(std::string_view name) const {
  for (std::size_t i = 0; i < kernels_.size(); ++i) {
    if (entry(static_cast<int>(i)).name == name) return static_cast<int>(i);
  }
  return -1;
}

const KernelFacts& LoadedProgram::facts(int kernel) const { return *slots_[static_cast<std::size_t>(kernel)].facts; }

const Kernel& LoadedProgram::decoded(int kernel) const {
  const std::lock_guard lock(mutex_);
  Slot& slot = slots_[static_cast<std::size_t>(kernel)];
  if (!slot.decoded) slot.decoded = decode(entry(kernel));
  return *slot.decoded;
}

namespace {

// Puts the drafts of all functions behind one another and gives every value its offset.
class Assembler {
 public:
  Assembler(Kernel& kernel, const KernelValues& values) : kernel_(kernel), values_(values) {}

  void add(Decoder& decoder) {
    const std::vector<std::uint32_t> offsets =
        place_registers(decoder.drafts(), decoder.first_draft(), decoder.widths(), kernel_.arena_bytes);
    const auto first_op = static_cast<std::uint32_t>(kernel_.ops.size());
    const auto first_line = static_cast<std::uint32_t>(kernel_.lines.size());
    entries_[&decoder.function()] = first_op;
    for (const ptx::Instruction& instruction : decoder.function().body) {
      kernel_.lines.push_back({&decoder.function(), &instruction});
    }
    for (const Draft& draft : decoder.drafts()) {
      Op op;
      op.run = draft.run;
      op.guard = offset_of(draft.guard, offsets);
      op.flip = draft.flip ? ~0u : 0;
      op.immediate = draft.immediate;
      op.extra = draft.extra;
      place_operands(op, draft, offsets);
      const auto pc_of = [&](std::uint32_t instruction) { return first_op + decoder.first_draft()[instruction]; };
      if (!draft.targets.empty()) op.immediate = pc_of(draft.targets.front());
      if (draft.table != nullptr) {
        for (const std::uint32_t target : draft.targets) draft.table->push_back(pc_of(target));
      }
      if (draft.callee != nullptr) op.immediate = entries_.at(draft.callee);
      kernel_.ops.push_back(op);
      kernel_.origins.push_back({first_line + draft.instruction, draft.is_counted});
    }
  }

  std::uint32_t entry_of(const ptx::Function* function) const { return entries_.at(function); }

 private:
  std::uint32_t offset_of(const Value& value, const std::vector<std::uint32_t>& offsets) const {
    switch (value.kind) {
      case Value::Kind::always: return 0;
      case Value::Kind::reg: return offsets[value.index];
      case Value::Kind::constant: return values_.constant_offset(value.index);
      case Value::Kind::special: return values_.special_offset(value.index);
    }
    return 0;
  }

  void place_operands(Op& op, const Draft& draft, const std::vector<std::uint32_t>& offsets) {
    const std::size_t inline_count = std::min(draft.operands.size(), std::size(op.at));
    for (std::size_t i = 0; i < inline_count; ++i) op.at[i] = offset_of(draft.operands[i], offsets);
    if (draft.operands.size() <= std::size(op.at)) return;
    auto& list = kernel_.operand_lists.emplace_back();
    for (const Value& value : draft.operands) list.push_back(offset_of(value, offsets));
    op.all = list.data();
  }

  Kernel& kernel_;
  const KernelValues& values_;
  std::unordered_map<const ptx::Function*, std::uint32_t> entries_;
};

}  // namespace

std::unique_ptr<Kernel> LoadedProgram::decode(const ptx::Function& entry) const {
  const KernelLayout layout(module_, entry, layout_);
  auto kernel = std::make_unique<Kernel>();
  kernel->name = entry.name;
  kernel->module = &module_;
  kernel->local_bytes = layout.local_bytes;
  kernel->static_shared_bytes = layout.static_shared_bytes;
  kernel->dynamic_shared_offset = layout.dynamic_shared_offset;
  kernel->arena_bytes = 64;  // the predicate that is always true

  KernelValues values;
  std::vector<std::unique_ptr<Decoder>> decoders;
  for (const ptx::Function* function : layout.functions) {
    decoders.push_back(std::make_unique<Decoder>(module_, *function, layout, *kernel, values));
    decoders.back()->decode();
  }
  values.place(*kernel);
  Assembler assembler(*kernel, values);
  for (const auto& decoder : decoders) assembler.add(*decoder);
  for (std::size_t i = 0; i < module_.functions.size(); ++i) {
    const ptx::Function* function = &module_.functions[i];
    if (std::find(layout.functions.begin(), layout.functions.end(), function) == layout.functions.end()) continue;
    kernel->function_entries[ModuleLayout::function_address(i)] = assembler.entry_of(function);
  }
  kernel->entry = assembler.entry_of(&entry);
  kernel->arena_bytes = (kernel->arena_bytes + 63) / 64 * 64;
  return kernel;
}

void add_counts(const Execution& execution, Counters& counters) {
  const Kernel& kernel = execution.kernel;
  counters.kernel = kernel.name;
  counters.barriers += execution.barriers;
  counters.local_bytes += execution.local_bytes;
  for (std::size_t pc = 0; pc < kernel.ops.size(); ++pc) {
    const std::uint64_t count = execution.counts[pc];
    if (count == 0 || !kernel.origins[pc].is_counted) continue;
    const std::string mnemonic = counted_name(kernel.lines[kernel.origins[pc].instruction].instruction->opcode, {});
    counters.instructions[mnemonic] += count;
    if (mnemonic == "mma.sync") counters.tensor_instructions += count;
  }
}

}  // namespace vgpu::machine

namespace vgpu {

std::unique_ptr<Program> Program::load(std::string_view ptx, DeviceMemory& memory) {
  return std::make_unique<machine::LoadedProgram>(ptx, memory);
}

}  // namespace vgpu
