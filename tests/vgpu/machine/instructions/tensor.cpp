// mma.sync, ldmatrix, stmatrix and movmatrix: operands and addresses here, arithmetic elsewhere. PTX ISA, section 9.7.14.
#include <charconv>

#include "arithmetic/ldmatrix.h"
#include "arithmetic/mma.h"
#include "machine/execution.h"
#include "machine/instructions/memory.h"
#include "machine/integers.h"
#include "machine/lane_list.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace {

using ptx::Type;

// These need the whole warp. False: not now; the launch may have ended.
bool whole_warp(Warp& warp, u32 mask) {
  if (mask == kAllLanes) [[likely]]
    return true;
  if (!warp.together(mask, kAllLanes)) return false;
  warp.execution().report(FindingKind::divergence, warp, mask,
                          "an instruction of the whole warp is executed without lanes " + lane_list(~mask) +
                              ", which have exited or do not exist");
  return true;
}

struct Product {
  arithmetic::MmaFunction exact, ampere;
  bool is_wide = false;  // registers of 64 bits
};

// operands: D, A, B, C
void multiply(Warp& warp, const Op& op, u32 mask) {
  if (!whole_warp(warp, mask)) return;
  const Product& product = *static_cast<const Product*>(op.extra);
  const auto& function = warp.execution().settings.rounding == Rounding::ampere ? product.ampere : product.exact;
  const u32* at = op.all != nullptr ? op.all : op.at;
  void* registers[4 * 8 + 8];
  const int count = function.d_registers + function.a_registers + function.b_registers + function.c_registers;
  for (int i = 0; i < count; ++i) registers[i] = warp.lanes<std::byte>(at[i]);
  void* const* d = registers;
  const void* const* a = const_cast<const void* const*>(registers) + function.d_registers;
  const void* const* b = a + function.a_registers;
  function.run(d, a, b, b + function.b_registers);
}

std::optional<arithmetic::MmaType> accept_mma_type(Decoder& d) {
  using arithmetic::MmaType;
  static const std::unordered_map<std::string_view, MmaType> kNames = {
      {"f16", MmaType::f16}, {"bf16", MmaType::bf16}, {"tf32", MmaType::tf32}, {"s8", MmaType::s8},
      {"u8", MmaType::u8},   {"s4", MmaType::s4},     {"u4", MmaType::u4},     {"b1", MmaType::b1},
      {"f32", MmaType::f32}, {"s32", MmaType::s32},   {"f64", MmaType::f64}};
  const auto found = kNames.find(d.peek());
  if (found == kNames.end()) return std::nullopt;
  d.next();
  return found->second;
}

// m16n8k16
bool parse_shape(std::string_view text, arithmetic::MmaInstruction& instruction) {
  const auto number = [&](char mark, int& value) {
    if (text.empty() || text.front() != mark) return false;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), value);
    if (error != std::errc()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
  };
  return number('m', instruction.m) && number('n', instruction.n) && number('k', instruction.k) && text.empty();
}

Type register_type(const arithmetic::MmaInstruction& instruction) {
  return instruction.a == arithmetic::MmaType::f64 ? Type::b64 : Type::b32;
}

void decode_mma(Decoder& d) {
  if (!d.accept("sync") || !d.accept("aligned")) d.fail_unsupported();
  arithmetic::MmaInstruction instruction;
  if (!parse_shape(d.next(), instruction)) d.fail_unsupported();
  if (!d.accept("row") || !d.accept("col")) d.fail_unsupported();
  instruction.satfinite = d.accept("satfinite");
  for (arithmetic::MmaType* type : {&instruction.d, &instruction.a, &instruction.b, &instruction.c}) {
    const auto named = accept_mma_type(d);
    if (!named) d.fail_unsupported();
    *type = *named;
  }
  instruction.satfinite |= d.accept("satfinite");  // CUTLASS writes it last
  if (d.accept("and"))
    instruction.bit_operation = arithmetic::BitOperation::and_popc;
  else if (d.accept("xor"))
    instruction.bit_operation = arithmetic::BitOperation::xor_popc;
  if (instruction.bit_operation != arithmetic::BitOperation::none && !d.accept("popc")) d.fail_unsupported();
  Product product;
  product.exact = arithmetic::find_mma(instruction, Rounding::exact);
  product.ampere = arithmetic::find_mma(instruction, Rounding::ampere);
  if (product.exact.run == nullptr || product.ampere.run == nullptr) d.fail_unsupported();
  d.expect_operands(4, 4);
  const int counts[] = {product.exact.d_registers, product.exact.a_registers, product.exact.b_registers,
                        product.exact.c_registers};
  const Type type = register_type(instruction);
  std::vector<Value> operands;
  for (std::size_t i = 0; i < 4; ++i) {
    const ptx::Operand& operand = d.operand(i);
    // A single register may stand without braces.
    const bool is_vector = operand.kind == ptx::Operand::Kind::vector;
    const std::size_t count = is_vector ? operand.elements.size() : 1;
    if (count != static_cast<std::size_t>(counts[i])) d.fail("an operand has the wrong number of registers");
    for (std::size_t e = 0; e < count; ++e) {
      const ptx::Operand& element = is_vector ? operand.elements[e] : operand;
      operands.push_back(i == 0 ? d.write(element, type) : d.read(element, type));
    }
  }
  d.emit(multiply, std::move(operands), 0, d.keep(product));
}

struct MatrixAccess {
  MemoryAccess memory;
  u32 count = 1;
  bool transpose = false;
};

// Where the rows are: in the lanes that give addresses.
bool find_rows(Warp& warp, const Op& op, const MatrixAccess& access, Places& places) {
  alignas(64) u64 offsets[kLanes];
  shared_offsets_of(warp, op.at[0], access.memory.is_narrow, op.immediate, offsets);
  const u32 lanes = access.count == 4 ? kAllLanes : (1u << (8 * access.count)) - 1;
  return find_places(warp, access.memory, offsets, lanes, places);
}

// at: address, matrices
void load_matrix(Warp& warp, const Op& op, u32 mask) {
  if (!whole_warp(warp, mask)) return;
  const auto& access = *static_cast<const MatrixAccess*>(op.extra);
  Places rows;
  if (!find_rows(warp, op, access, rows)) return;
  u32* d[4];
  for (u32 i = 0; i < access.count; ++i) d[i] = warp.lanes<u32>(op.at[i + 1]);
  arithmetic::ldmatrix(static_cast<int>(access.count), access.transpose, rows.at, d);
}

void store_matrix(Warp& warp, const Op& op, u32 mask) {
  if (!whole_warp(warp, mask)) return;
  const auto& access = *static_cast<const MatrixAccess*>(op.extra);
  Places rows;
  if (!find_rows(warp, op, access, rows)) return;
  const u32* a[4];
  for (u32 i = 0; i < access.count; ++i) a[i] = warp.lanes<u32>(op.at[i + 1]);
  arithmetic::stmatrix(static_cast<int>(access.count), access.transpose, a, rows.at);
}

void move_matrix(Warp& warp, const Op& op, u32 mask) {
  if (!whole_warp(warp, mask)) return;
  arithmetic::movmatrix(warp.lanes<u32>(op.at[0]), warp.lanes<u32>(op.at[1]));
}

void decode_matrix_access(Decoder& d) {
  const bool is_load = d.mnemonic() == "ldmatrix";
  if (!d.accept("sync") || !d.accept("aligned")) d.fail_unsupported();
  MatrixAccess access;
  access.count = 0;
  bool has_shape = false;
  // In any order, as ptxas takes them: CUTLASS writes .x4.trans.m8n8.
  for (bool more = true; more;) {
    if (d.accept("m8n8"))
      has_shape = true;
    else if (d.accept("x1"))
      access.count = 1;
    else if (d.accept("x2"))
      access.count = 2;
    else if (d.accept("x4"))
      access.count = 4;
    else if (d.accept("trans"))
      access.transpose = true;
    else
      more = false;
  }
  if (!has_shape || access.count == 0) d.fail_unsupported();
  (void)accept_space(d);  // shared, or a generic address that lies there
  if (d.next_type() != Type::b16) d.fail_unsupported();
  access.memory.space = ptx::Space::shared;
  access.memory.kind = is_load ? AccessKind::load : AccessKind::store;
  access.memory.bytes = 16;
  d.expect_operands(2, 2);
  const Decoder::Address address = d.address(d.operand(is_load ? 1 : 0));
  access.memory.is_narrow = address.is_narrow;
  const ptx::Operand& registers = d.operand(is_load ? 0 : 1);
  const bool is_vector = registers.kind == ptx::Operand::Kind::vector;
  const std::size_t count = is_vector ? registers.elements.size() : 1;
  if (count != access.count) d.fail("an operand has the wrong number of registers");
  std::vector<Value> operands = {address.base};
  for (std::size_t i = 0; i < count; ++i) {
    const ptx::Operand& element = is_vector ? registers.elements[i] : registers;
    operands.push_back(is_load ? d.write(element, Type::b32) : d.read(element, Type::b32));
  }
  d.emit(is_load ? load_matrix : store_matrix, std::move(operands), static_cast<u64>(address.offset), d.keep(access));
}

void decode_movmatrix(Decoder& d) {
  for (const char* word : {"sync", "aligned", "m8n8", "trans", "b16"}) {
    if (!d.accept(word)) d.fail_unsupported();
  }
  d.expect_operands(2, 2);
  const Value a = d.read(1, Type::b32);
  d.emit(move_matrix, {d.write(0, Type::b32), a});
}

}  // namespace

void add_tensor_instructions(DecodeTable& table) {
  table["mma"] = decode_mma;
  table["ldmatrix"] = decode_matrix_access;
  table["stmatrix"] = decode_matrix_access;
  table["movmatrix"] = decode_movmatrix;
}

}  // namespace vgpu::machine
