// What the decoders of instruction families work with: the modifiers and operands of one instruction, and a place to put
// the ops that it becomes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "machine/draft.h"
#include "machine/kernel_layout.h"
#include "ptx/module.h"

namespace vgpu::machine {

Width width_of(ptx::Type type);
bool is_signed_integer(ptx::Type type);

class Decoder {
 public:
  Decoder(const ptx::Module& module, const ptx::Function& function, const KernelLayout& layout, Kernel& kernel,
          KernelValues& values);

  // Decodes the whole function.
  void decode();
  std::vector<Draft>& drafts() { return drafts_; }
  const std::vector<std::uint32_t>& first_draft() const { return first_draft_; }
  const std::vector<Width>& widths() const { return widths_; }

  // The modifiers of the opcode, taken from left to right.
  std::string_view mnemonic() const { return words_.front(); }
  bool accept(std::string_view modifier);
  std::string_view peek() const { return word_ < words_.size() ? words_[word_] : std::string_view(); }
  std::string_view next();
  ptx::Type next_type();
  std::optional<ptx::Type> accept_type();
  ptx::Type last_type() const;  // of the opcode; none if its last word is no type
  void finish_modifiers();      // an error if any is left
  [[noreturn]] void fail(const std::string& why) const;
  [[noreturn]] void fail_unsupported() const { fail("this form of " + std::string(mnemonic()) + " is not supported"); }

  const ptx::Instruction& instruction() const { return *instruction_; }
  const ptx::Function& function() const { return function_; }
  const ptx::Module& module() const { return module_; }
  const KernelLayout& layout() const { return layout_; }
  Kernel& kernel() { return kernel_; }
  std::size_t operand_count() const { return instruction_->operands.size(); }
  const ptx::Operand& operand(std::size_t i) const;
  void expect_operands(std::size_t least, std::size_t most) const;

  // Values with exactly the width of a type. Where a register is wider, ops are added that narrow it before, or widen it
  // again behind.
  Value read(const ptx::Operand& operand, ptx::Type type);
  Value write(const ptx::Operand& operand, ptx::Type type);
  Value read(std::size_t i, ptx::Type type) { return read(operand(i), type); }
  Value write(std::size_t i, ptx::Type type) { return write(operand(i), type); }
  Value read_predicate(const ptx::Operand& operand);  // negated ones too
  Value write_predicate(const ptx::Operand& operand);
  Value carry();  // the condition code of add.cc and its kin
  Value temporary(Width width);
  static Value written(Value value);
  Value constant(std::uint64_t bits, Width width);
  Value special(Special which, Width width);
  Width width_of_operand(const ptx::Operand& operand) const;
  // Whether the function names a register more than once: one that is named only where it is written is read nowhere.
  bool is_used(const ptx::Operand& reg) const { return mentions_.at(static_cast<std::size_t>(reg.index)) > 1; }

  struct Address {
    Value base;
    bool is_narrow = false;  // 32 bits
    std::int64_t offset = 0;
    std::optional<std::uint64_t> known;  // the whole address, where no register takes part
    const ptx::Variable* variable = nullptr;
    bool is_function_variable = false;
  };
  Address address(const ptx::Operand& operand);
  std::uint64_t address_of(const ptx::Operand& variable) const;

  // Adds an op. The last op of an instruction that is not a helper is the one counted.
  Draft& emit(Handler run, std::vector<Value> operands, std::uint64_t immediate = 0, const void* extra = nullptr);

  // Keeps what a handler needs for the life of the kernel.
  template <class T>
  const T* keep(T value) {
    auto shared = std::make_shared<T>(std::move(value));
    kernel_.extras.push_back(shared);
    return shared.get();
  }

 private:
  void decode_instruction(std::uint32_t index);
  Draft make_draft(Handler run, std::vector<Value> operands, std::uint64_t immediate, const void* extra) const;

  const ptx::Module& module_;
  const ptx::Function& function_;
  const KernelLayout& layout_;
  Kernel& kernel_;
  KernelValues& values_;
  std::vector<Draft> drafts_;
  std::vector<Draft> behind_;  // ops that widen results
  std::vector<std::uint32_t> first_draft_;
  std::vector<Width> widths_;
  std::vector<std::uint32_t> mentions_;  // of each register of the function
  std::optional<Value> carry_;

  std::uint32_t index_ = 0;
  const ptx::Instruction* instruction_ = nullptr;
  std::vector<std::string_view> words_;
  std::size_t word_ = 0;
};

// Families of instructions enter themselves here, by mnemonic.
using DecodeFunction = void (*)(Decoder& decoder);
using DecodeTable = std::unordered_map<std::string_view, DecodeFunction>;
const DecodeTable& decode_table();

void add_arithmetic_instructions(DecodeTable& table);
void add_logic_instructions(DecodeTable& table);
void add_comparison_instructions(DecodeTable& table);
void add_conversion_instructions(DecodeTable& table);
void add_move_instructions(DecodeTable& table);
void add_memory_instructions(DecodeTable& table);
void add_atomic_instructions(DecodeTable& table);
void add_async_instructions(DecodeTable& table);
void add_control_instructions(DecodeTable& table);
void add_call_instructions(DecodeTable& table);
void add_barrier_instructions(DecodeTable& table);
void add_warp_instructions(DecodeTable& table);
void add_tensor_instructions(DecodeTable& table);

}  // namespace vgpu::machine
