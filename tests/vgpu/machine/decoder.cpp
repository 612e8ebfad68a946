// Reads modifiers and operands on behalf of the decoders of instruction families.
#include "machine/decoder.h"

#include <algorithm>
#include <bit>

#include "machine/instructions/adapters.h"

namespace vgpu::machine {
namespace {

using Kind = ptx::Operand::Kind;

std::vector<std::string_view> split(std::string_view opcode) {
  std::vector<std::string_view> words;
  std::size_t begin = 0;
  while (true) {
    const std::size_t dot = opcode.find('.', begin);
    words.push_back(opcode.substr(begin, dot - begin));
    if (dot == std::string_view::npos) return words;
    begin = dot + 1;
  }
}

std::uint64_t truncated(std::uint64_t bits, Width width) {
  const std::uint32_t size = element_bytes(width) * 8;
  return size == 64 ? bits : bits & ((std::uint64_t{1} << size) - 1);
}

std::optional<Special> static_special(std::string_view name) {
  static const std::unordered_map<std::string_view, Special> kNames = {
      {"%tid.x", Special::tid_x},
      {"%tid.y", Special::tid_y},
      {"%tid.z", Special::tid_z},
      {"%ntid.x", Special::ntid_x},
      {"%ntid.y", Special::ntid_y},
      {"%ntid.z", Special::ntid_z},
      {"%ctaid.x", Special::ctaid_x},
      {"%ctaid.y", Special::ctaid_y},
      {"%ctaid.z", Special::ctaid_z},
      {"%nctaid.x", Special::nctaid_x},
      {"%nctaid.y", Special::nctaid_y},
      {"%nctaid.z", Special::nctaid_z},
      {"%laneid", Special::laneid},
      {"%warpid", Special::warpid},
      {"%nwarpid", Special::nwarpid},
      {"%smid", Special::smid},
      {"%nsmid", Special::nsmid},
      {"%gridid", Special::gridid},
      {"%lanemask_eq", Special::lanemask_eq},
      {"%lanemask_le", Special::lanemask_le},
      {"%lanemask_lt", Special::lanemask_lt},
      {"%lanemask_ge", Special::lanemask_ge},
      {"%lanemask_gt", Special::lanemask_gt},
      {"%dynamic_smem_size", Special::dynamic_smem_size},
      {"%total_smem_size", Special::total_smem_size},
      {"%aggr_smem_size", Special::total_smem_size},
  };
  const auto found = kNames.find(name);
  return found == kNames.end() ? std::nullopt : std::optional(found->second);
}

void count_mentions(const ptx::Operand& operand, std::vector<std::uint32_t>& mentions) {
  using Kind = ptx::Operand::Kind;
  const bool names_register = operand.kind == Kind::reg || (operand.kind == Kind::address && operand.base == Kind::reg);
  if (names_register) ++mentions.at(static_cast<std::size_t>(operand.index));
  for (const ptx::Operand& element : operand.elements) count_mentions(element, mentions);
}

std::vector<std::uint32_t> count_mentions(const ptx::Function& function) {
  std::vector<std::uint32_t> mentions(function.registers.size());
  for (const ptx::Instruction& instruction : function.body) {
    if (instruction.predicate >= 0) ++mentions.at(static_cast<std::size_t>(instruction.predicate));
    for (const ptx::Operand& operand : instruction.operands) count_mentions(operand, mentions);
  }
  return mentions;
}

}  // namespace

Width width_of(ptx::Type type) {
  switch (ptx::size_bytes(type)) {
    case 1: return Width::bits8;
    case 2: return Width::bits16;
    case 4: return Width::bits32;
    case 8: return Width::bits64;
    default: return Width::predicate;
  }
}

bool is_signed_integer(ptx::Type type) {
  return type == ptx::Type::s8 || type == ptx::Type::s16 || type == ptx::Type::s32 || type == ptx::Type::s64;
}

Decoder::Decoder(const ptx::Module& module, const ptx::Function& function, const KernelLayout& layout, Kernel& kernel,
                 KernelValues& values)
    : module_(module), function_(function), layout_(layout), kernel_(kernel), values_(values) {
  widths_.reserve(function.registers.size());
  for (const ptx::Type type : function.registers) widths_.push_back(width_of(type));
}

void Decoder::decode() {
  mentions_ = count_mentions(function_);
  for (std::uint32_t i = 0; i < function_.body.size(); ++i) {
    first_draft_.push_back(static_cast<std::uint32_t>(drafts_.size()));
    decode_instruction(i);
  }
  // A label may stand behind the last instruction, and what ends without `ret` returns.
  first_draft_.push_back(static_cast<std::uint32_t>(drafts_.size()));
  static const ptx::Instruction kEnd = [] {
    ptx::Instruction end;
    end.opcode = "ret";
    end.text = "ret;";
    return end;
  }();
  instruction_ = &kEnd;
  index_ = static_cast<std::uint32_t>(function_.body.empty() ? 0 : function_.body.size() - 1);
  words_ = {"ret"};
  word_ = 1;
  decode_table().at("ret")(*this);
  drafts_.back().is_counted = false;
}

void Decoder::decode_instruction(std::uint32_t index) {
  index_ = index;
  instruction_ = &function_.body[index];
  words_ = split(instruction_->opcode);
  word_ = 1;
  const auto family = decode_table().find(words_.front());
  if (family == decode_table().end()) fail("unknown instruction");
  const std::size_t first = drafts_.size();
  family->second(*this);
  finish_modifiers();
  drafts_.insert(drafts_.end(), behind_.begin(), behind_.end());
  behind_.clear();
  if (drafts_.size() > first) {
    // Helpers come before and after; one op stands for the instruction.
    drafts_[first].is_counted = true;
  }
}

void Decoder::fail(const std::string& why) const {
  throw ptx::ParseError(instruction_->line, why + ": `" + std::string(instruction_->text) + "`");
}

bool Decoder::accept(std::string_view modifier) {
  if (peek() != modifier) return false;
  ++word_;
  return true;
}

std::string_view Decoder::next() {
  if (word_ >= words_.size()) fail("a modifier is missing");
  return words_[word_++];
}

std::optional<ptx::Type> Decoder::accept_type() {
  const auto type = ptx::type_named(peek());
  if (type) ++word_;
  return type;
}

ptx::Type Decoder::next_type() {
  const auto type = accept_type();
  if (!type) fail("a type is missing");
  return *type;
}

ptx::Type Decoder::last_type() const { return ptx::type_named(words_.back()).value_or(ptx::Type::none); }

Value Decoder::carry() {
  if (!carry_) carry_ = temporary(Width::predicate);
  return *carry_;
}

void Decoder::finish_modifiers() {
  if (word_ < words_.size()) fail("the modifier '." + std::string(words_[word_]) + "' is not supported here");
}

const ptx::Operand& Decoder::operand(std::size_t i) const {
  if (i >= instruction_->operands.size()) fail("an operand is missing");
  return instruction_->operands[i];
}

void Decoder::expect_operands(std::size_t least, std::size_t most) const {
  if (operand_count() < least || operand_count() > most) fail("the wrong number of operands");
}

Draft Decoder::make_draft(Handler run, std::vector<Value> operands, std::uint64_t immediate, const void* extra) const {
  Draft draft;
  draft.run = run;
  draft.operands = std::move(operands);
  draft.immediate = immediate;
  draft.extra = extra;
  draft.instruction = index_;
  if (instruction_->predicate >= 0) {
    draft.guard = {Value::Kind::reg, false, static_cast<std::uint32_t>(instruction_->predicate)};
    draft.flip = instruction_->predicate_negated;
  }
  return draft;
}

Draft& Decoder::emit(Handler run, std::vector<Value> operands, std::uint64_t immediate, const void* extra) {
  return drafts_.emplace_back(make_draft(run, std::move(operands), immediate, extra));
}

Value Decoder::temporary(Width width) {
  widths_.push_back(width);
  return {Value::Kind::reg, false, static_cast<std::uint32_t>(widths_.size() - 1)};
}

Value Decoder::written(Value value) {
  value.is_written = true;
  return value;
}

Value Decoder::constant(std::uint64_t bits, Width width) {
  return {Value::Kind::constant, false, values_.constant(truncated(bits, width), width)};
}

Value Decoder::special(Special which, Width width) {
  return {Value::Kind::special, false, values_.special(which, width)};
}

Width Decoder::width_of_operand(const ptx::Operand& operand) const {
  if (operand.kind != Kind::reg) fail("a register is expected");
  return widths_[static_cast<std::size_t>(operand.index)];
}

std::uint64_t Decoder::address_of(const ptx::Operand& variable) const {
  if (variable.kind == Kind::function) return ModuleLayout::function_address(static_cast<std::size_t>(variable.index));
  const Kind kind = variable.kind == Kind::address ? variable.base : variable.kind;
  const auto index = static_cast<std::size_t>(variable.index);
  const ptx::Variable& target = kind == Kind::variable ? function_.variables[index] : module_.variables[index];
  std::uint64_t address = static_cast<std::uint64_t>(variable.offset);
  if (target.space == ptx::Space::global || target.space == ptx::Space::constant) {
    if (kind == Kind::variable) fail("a global variable inside a function is not supported");
    return address + layout_.module_layout.variables[index];
  }
  return address + layout_.offsets.at(&target);
}

Value Decoder::read(const ptx::Operand& operand, ptx::Type type) {
  const Width width = width_of(type);
  if (operand.negated) fail("only predicates can be negated");
  switch (operand.kind) {
    case Kind::reg: {
      const Value value{Value::Kind::reg, false, static_cast<std::uint32_t>(operand.index)};
      const Width have = widths_[value.index];
      if (have == width) return value;
      if (have == Width::predicate || width == Width::predicate || have < width) {
        fail("the register '" + std::string(operand.text) + "' does not fit the type");
      }
      const Value narrow = temporary(width);
      emit(adapters::resize(have, width, false), {written(narrow), value});
      return narrow;
    }
    case Kind::integer: {
      if (type == ptx::Type::f32)
        return constant(std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<std::int64_t>(operand.bits))),
                        width);
      if (type == ptx::Type::f64)
        return constant(std::bit_cast<std::uint64_t>(static_cast<double>(static_cast<std::int64_t>(operand.bits))),
                        width);
      return constant(operand.bits, width);
    }
    case Kind::float32:
      if (width == Width::bits64) {
        const double value = std::bit_cast<float>(static_cast<std::uint32_t>(operand.bits));
        return constant(std::bit_cast<std::uint64_t>(value), width);
      }
      return constant(operand.bits, width);
    case Kind::float64:
      if (width == Width::bits32) {
        const auto value = static_cast<float>(std::bit_cast<double>(operand.bits));
        return constant(std::bit_cast<std::uint32_t>(value), width);
      }
      return constant(operand.bits, width);
    case Kind::special: {
      if (operand.text == "WARP_SZ") return constant(32, width);
      if (const auto which = static_special(operand.text)) return special(*which, width);
      const Value clock = temporary(width);
      const bool is_high = operand.text.ends_with("_hi");
      if (operand.text.starts_with("%clock")) {
        emit(adapters::read_clock(width, is_high), {written(clock)});
      } else if (operand.text.starts_with("%globaltimer")) {
        emit(adapters::read_timer(width, is_high), {written(clock)});
      } else {
        fail("the special register '" + std::string(operand.text) + "' is not supported");
      }
      return clock;
    }
    case Kind::variable:
    case Kind::module_variable:
    case Kind::function: return constant(address_of(operand), width);
    default: fail("the operand '" + std::string(operand.text) + "' cannot stand here");
  }
}

Value Decoder::write(const ptx::Operand& operand, ptx::Type type) {
  const Width width = width_of(type);
  if (operand.kind == Kind::sink) return written(temporary(width));
  if (operand.kind != Kind::reg) fail("the result '" + std::string(operand.text) + "' is no register");
  const Value value{Value::Kind::reg, true, static_cast<std::uint32_t>(operand.index)};
  const Width have = widths_[value.index];
  if (have == width) return value;
  if (have == Width::predicate || width == Width::predicate || have < width) {
    fail("the register '" + std::string(operand.text) + "' does not fit the type");
  }
  const Value narrow = temporary(width);
  behind_.push_back(make_draft(adapters::resize(width, have, is_signed_integer(type)), {value, narrow}, 0, nullptr));
  return written(narrow);
}

Value Decoder::read_predicate(const ptx::Operand& operand) {
  if (operand.kind == Kind::integer) return constant(operand.bits != 0 ? ~0u : 0, Width::predicate);
  if (width_of_operand(operand) != Width::predicate) fail("'" + std::string(operand.text) + "' is no predicate");
  const Value value{Value::Kind::reg, false, static_cast<std::uint32_t>(operand.index)};
  if (!operand.negated) return value;
  const Value negated = temporary(Width::predicate);
  emit(adapters::negate_predicate, {written(negated), value});
  return negated;
}

Value Decoder::write_predicate(const ptx::Operand& operand) {
  if (operand.kind == Kind::sink) return written(temporary(Width::predicate));
  if (width_of_operand(operand) != Width::predicate) fail("'" + std::string(operand.text) + "' is no predicate");
  return {Value::Kind::reg, true, static_cast<std::uint32_t>(operand.index)};
}

Decoder::Address Decoder::address(const ptx::Operand& operand) {
  if (operand.kind != Kind::address) fail("an address is expected");
  Address address;
  address.offset = operand.offset;
  if (operand.base == Kind::reg) {
    address.base = {Value::Kind::reg, false, static_cast<std::uint32_t>(operand.index)};
    const Width width = widths_[address.base.index];
    if (width != Width::bits32 && width != Width::bits64) fail("an address has 32 or 64 bits");
    address.is_narrow = width == Width::bits32;
    return address;
  }
  if (operand.base == Kind::integer) {
    address.known = operand.bits;
  } else {
    address.known = address_of(operand);
    const auto index = static_cast<std::size_t>(operand.index);
    address.is_function_variable = operand.base == Kind::variable;
    address.variable = address.is_function_variable ? &function_.variables[index] : &module_.variables[index];
  }
  address.offset = 0;
  address.base = constant(*address.known, Width::bits64);
  return address;
}

const DecodeTable& decode_table() {
  static const DecodeTable kTable = [] {
    DecodeTable table;
    add_arithmetic_instructions(table);
    add_logic_instructions(table);
    add_comparison_instructions(table);
    add_conversion_instructions(table);
    add_move_instructions(table);
    add_memory_instructions(table);
    add_atomic_instructions(table);
    add_async_instructions(table);
    add_control_instructions(table);
    add_call_instructions(table);
    add_barrier_instructions(table);
    add_warp_instructions(table);
    add_tensor_instructions(table);
    return table;
  }();
  return kTable;
}

}  // namespace vgpu::machine
