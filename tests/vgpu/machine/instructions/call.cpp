// call and ret. Parameters and results of functions lie in each thread's local memory, at places of their own for every
// function: no function calls itself. PTX ISA, section 9.7.12.
#include <bit>
#include <cstring>
#include <unordered_map>

#include "machine/block.h"
#include "machine/decoder.h"
#include "machine/execution.h"
#include "machine/instructions/handlers.h"
#include "machine/instructions/system_calls.h"
#include "machine/integers.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace {

struct Copy {
  u64 from, to, bytes;
};

struct Callee {
  std::vector<Copy> parameters, results;
  u64 return_slot = 0;
};

// By the value that a pointer to the function has.
using Callees = std::unordered_map<u64, Callee>;

void copy_in_local_memory(Warp& warp, const std::vector<Copy>& copies, u32 mask) {
  for_each_lane(mask, [&](u32 lane) {
    std::byte* local = warp.block().local(warp, lane);
    for (const Copy& copy : copies) std::memmove(local + copy.to, local + copy.from, copy.bytes);
  });
}

void enter(Warp& warp, const Callee& callee, u32 mask) {
  copy_in_local_memory(warp, callee.parameters, mask);
  const u32 back = warp.pc() + 1;
  for_each_lane(
      mask, [&](u32 lane) { std::memcpy(warp.block().local(warp, lane) + callee.return_slot, &back, sizeof back); });
}

// extra: Callee; immediate: its entry
void call(Warp& warp, const Op& op, u32 mask) {
  enter(warp, *static_cast<const Callee*>(op.extra), mask);
  warp.branch(static_cast<u32>(op.immediate), mask);
}

// extra: Callee. Executed when its lanes have come back.
void take_results(Warp& warp, const Op& op, u32 mask) {
  copy_in_local_memory(warp, static_cast<const Callee*>(op.extra)->results, mask);
}

// at: the pointer; extra: Callees
void call_indirectly(Warp& warp, const Op& op, u32 mask) {
  const auto& callees = *static_cast<const Callees*>(op.extra);
  const u64* pointer = warp.lanes<u64>(op.at[0]);
  const Kernel& kernel = warp.execution().kernel;
  u32 targets[kLanes] = {};
  u32 lost = 0;
  for_each_lane(mask, [&](u32 lane) {
    const auto callee = callees.find(pointer[lane]);
    const auto entry = kernel.function_entries.find(pointer[lane]);
    if (callee == callees.end() || entry == kernel.function_entries.end()) {
      lost |= 1u << lane;
      return;
    }
    targets[lane] = entry->second;
  });
  if (lost != 0) {
    warp.execution().fault(Outcome::illegal_instruction, FindingKind::out_of_bounds, warp, lost,
                           "a call through a pointer to no function with these parameters");
    warp.yield();
    return;
  }
  for_each_lane(mask, [&](u32 lane) { enter(warp, callees.at(pointer[lane]), 1u << lane); });
  warp.branch_each(targets, mask);
}

void take_results_indirectly(Warp& warp, const Op& op, u32 mask) {
  const auto& callees = *static_cast<const Callees*>(op.extra);
  const u64* pointer = warp.lanes<u64>(op.at[0]);
  for_each_lane(mask, [&](u32 lane) { copy_in_local_memory(warp, callees.at(pointer[lane]).results, 1u << lane); });
}

// immediate: where the place to go back to is kept
void return_from_call(Warp& warp, const Op& op, u32 mask) {
  u32 targets[kLanes] = {};
  for_each_lane(
      mask, [&](u32 lane) { std::memcpy(&targets[lane], warp.block().local(warp, lane) + op.immediate, sizeof(u32)); });
  warp.branch_each(targets, mask);
}

// The places of variables that the operands of a call name.
std::vector<u64> places_of(Decoder& d, const ptx::Operand* list) {
  std::vector<u64> places;
  if (list == nullptr) return places;
  for (const ptx::Operand& operand : list->elements) {
    if (operand.kind != ptx::Operand::Kind::variable) d.fail("a call passes variables in .param space only");
    places.push_back(d.address_of(operand));
  }
  return places;
}

// Nothing if the function does not have that many parameters and results.
std::optional<Callee> connect(Decoder& d, const ptx::Function& function, const std::vector<u64>& arguments,
                              const std::vector<u64>& results) {
  if (function.parameters.size() != arguments.size() || function.results.size() != results.size()) return std::nullopt;
  Callee callee;
  callee.return_slot = d.layout().return_slots.at(&function);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const ptx::Variable& formal = function.variables[function.parameters[i]];
    callee.parameters.push_back({arguments[i], d.layout().offsets.at(&formal), formal.size_bytes});
  }
  for (std::size_t i = 0; i < results.size(); ++i) {
    const ptx::Variable& formal = function.variables[function.results[i]];
    callee.results.push_back({d.layout().offsets.at(&formal), results[i], formal.size_bytes});
  }
  return callee;
}

void decode_call(Decoder& d) {
  (void)d.accept("uni");
  using Kind = ptx::Operand::Kind;
  std::size_t i = 0;
  const ptx::Operand* results = nullptr;
  const ptx::Operand* arguments = nullptr;
  if (d.operand(0).kind == Kind::list) results = &d.operand(i++);
  const ptx::Operand& target = d.operand(i++);
  if (i < d.operand_count() && d.operand(i).kind == Kind::list) arguments = &d.operand(i++);
  const std::vector<u64> to = places_of(d, results), from = places_of(d, arguments);

  if (target.kind == Kind::function) {
    const ptx::Function& function = d.module().functions[static_cast<std::size_t>(target.index)];
    if (!function.is_defined) {
      if (!emit_system_call(d, function.name, from, to)) d.fail("the function '" + function.name + "' is not defined");
      return;
    }
    const auto callee = connect(d, function, from, to);
    if (!callee) d.fail("the call does not fit the function '" + function.name + "'");
    const Callee* kept = d.keep(*callee);
    d.emit(call, {}, 0, kept).callee = &function;
    if (!callee->results.empty()) d.emit(take_results, {}, 0, kept);
    return;
  }
  if (target.kind != Kind::reg || i >= d.operand_count() || d.operand(i).kind != Kind::prototype) {
    d.fail_unsupported();
  }
  const Value pointer = d.read(target, ptx::Type::u64);
  Callees callees;
  for (const ptx::Function* function : d.layout().functions) {
    if (function->is_entry) continue;
    const auto callee = connect(d, *function, from, to);
    const auto index = static_cast<std::size_t>(function - d.module().functions.data());
    if (callee) callees[ModuleLayout::function_address(index)] = *callee;
  }
  const Callees* kept = d.keep(std::move(callees));
  d.emit(call_indirectly, {pointer}, 0, kept);
  d.emit(take_results_indirectly, {pointer}, 0, kept);
}

void decode_ret(Decoder& d) {
  (void)d.accept("uni");
  if (d.function().is_entry) {
    d.emit(handlers::exit, {}).flow = Flow::leave;
    return;
  }
  d.emit(return_from_call, {}, d.layout().return_slots.at(&d.function())).flow = Flow::leave;
}

}  // namespace

void add_call_instructions(DecodeTable& table) {
  table["call"] = decode_call;
  table["ret"] = decode_ret;
}

}  // namespace vgpu::machine
