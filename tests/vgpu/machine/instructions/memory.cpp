// ld, ldu, st, prefetch and the like. PTX ISA, sections 9.7.8.8 to 9.7.8.20.
#include "machine/instructions/memory.h"

#include <algorithm>
#include <cstring>

#include "machine/block.h"
#include "machine/execution.h"
#include "machine/integers.h"
#include "machine/lanes.h"

namespace vgpu::machine {

void accept_order(Decoder& d, MemoryAccess& access, MemoryOrder fallback) {
  access.order = fallback;
  bool takes_scope = true;
  if (d.accept("relaxed"))
    access.order = MemoryOrder::relaxed;
  else if (d.accept("acquire"))
    access.order = MemoryOrder::acquire;
  else if (d.accept("release"))
    access.order = MemoryOrder::release;
  else if (d.accept("acq_rel"))
    access.order = MemoryOrder::acquire_release;
  else
    takes_scope = fallback != MemoryOrder::weak;
  if (!takes_scope) {
    if (d.accept("weak")) access.order = MemoryOrder::weak;
    if (d.accept("volatile")) access.order = MemoryOrder::relaxed, access.scope = MemoryScope::system;
    if (d.accept("mmio")) access.order = MemoryOrder::relaxed, access.scope = MemoryScope::system;
    return;
  }
  if (d.accept("cta"))
    access.scope = MemoryScope::block;
  else if (d.accept("gpu") || d.accept("cluster"))
    access.scope = MemoryScope::device;
  else if (d.accept("sys"))
    access.scope = MemoryScope::system;
}

ptx::Space accept_space(Decoder& d) {
  if (d.accept("global")) return ptx::Space::global;
  if (d.accept("shared") || d.accept("shared::cta")) return ptx::Space::shared;
  if (d.accept("local")) return ptx::Space::local;
  if (d.accept("const")) return ptx::Space::constant;
  if (d.accept("param") || d.accept("param::entry") || d.accept("param::func")) return ptx::Space::param;
  return ptx::Space::generic;
}

void skip_cache_hints(Decoder& d) {
  while (true) {
    const std::string_view word = d.peek();
    const bool is_hint = word == "ca" || word == "cg" || word == "cs" || word == "lu" || word == "cv" || word == "wb" ||
                         word == "wt" || word == "nc" || word.starts_with("L1::") || word.starts_with("L2::");
    if (!is_hint) return;
    d.next();
  }
}

namespace {

using ptx::Space;
using ptx::Type;

template <class T>
T read_at(const std::byte* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

// Whether 32 lanes read or write one unbroken row.
template <u32 Bytes>
bool is_row(const Places& places) {
  u64 difference = 0;
#pragma GCC ivdep
  for (u32 i = 0; i < kLanes; ++i) {
    difference |= static_cast<u64>(places.at[i] - places.at[0]) ^ u64 { i } * Bytes;
  }
  return difference == 0;
}

// at: address, then the elements; extra: MemoryAccess
template <class T, u32 Count>
void load(Warp& warp, const Op& op, u32 mask) {
  const auto& access = *static_cast<const MemoryAccess*>(op.extra);
  Places places;
  if (!find_places(warp, op, 0, access, mask, places)) return;
  if (mask == kAllLanes) {
    if (Count == 1 && is_row<sizeof(T)>(places)) {
      std::memcpy(warp.lanes<T>(op.at[1]), places.at[0], kLanes * sizeof(T));
      return;
    }
    alignas(64) T values[Count][kLanes];
    for (u32 i = 0; i < kLanes; ++i) {
      for (u32 e = 0; e < Count; ++e) values[e][i] = read_at<T>(places.at[i] + e * sizeof(T));
    }
    for (u32 e = 0; e < Count; ++e) std::memcpy(warp.lanes<T>(op.at[e + 1]), values[e], sizeof values[e]);
    return;
  }
  for_each_lane(mask, [&](u32 i) {
    for (u32 e = 0; e < Count; ++e) warp.lanes<T>(op.at[e + 1])[i] = read_at<T>(places.at[i] + e * sizeof(T));
  });
}

template <class T, u32 Count>
void store(Warp& warp, const Op& op, u32 mask) {
  const auto& access = *static_cast<const MemoryAccess*>(op.extra);
  Places places;
  if (!find_places(warp, op, 0, access, mask, places)) return;
  if (Count == 1 && mask == kAllLanes && is_row<sizeof(T)>(places)) {
    std::memcpy(places.at[0], warp.lanes<T>(op.at[1]), kLanes * sizeof(T));
    return;
  }
  const T* values[Count];
  for (u32 e = 0; e < Count; ++e) values[e] = warp.lanes<T>(op.at[e + 1]);
  for_each_lane(mask, [&](u32 i) {
    T row[Count];
    for (u32 e = 0; e < Count; ++e) row[e] = values[e][i];
    std::memcpy(places.at[i], row, sizeof row);
  });
}

// A parameter at a place known when the kernel was decoded: the same for all lanes.
template <class T, u32 Count>
void load_parameter(Warp& warp, const Op& op, u32 mask) {
  const std::byte* place = warp.execution().launch.parameters.data() + op.immediate;
  for (u32 e = 0; e < Count; ++e) {
    const T value = read_at<T>(place + e * sizeof(T));
    T* d = warp.lanes<T>(op.at[e]);
    for (u32 i = 0; i < kLanes; ++i) d[i] = (mask >> i & 1) != 0 ? value : d[i];
  }
}

#define VGPU_BY_SHAPE(name)                                                                            \
  Handler name##_handler(Width width, std::size_t count) {                                             \
    const std::size_t row = count == 1 ? 0 : count == 2 ? 1 : 2;                                       \
    static constexpr Handler kTable[3][4] = {{name<u8, 1>, name<u16, 1>, name<u32, 1>, name<u64, 1>},  \
                                             {name<u8, 2>, name<u16, 2>, name<u32, 2>, name<u64, 2>},  \
                                             {name<u8, 4>, name<u16, 4>, name<u32, 4>, name<u64, 4>}}; \
    return kTable[row][static_cast<std::size_t>(width) - 1];                                           \
  }
VGPU_BY_SHAPE(load)
VGPU_BY_SHAPE(store)
VGPU_BY_SHAPE(load_parameter)
#undef VGPU_BY_SHAPE

// After a look that another thread may be about to answer, the others of the block and of the grid get a turn.
void note_poll(Warp& warp, const Op&, u32) { warp.block().polled(warp); }

std::vector<const ptx::Operand*> elements_of(Decoder& d, const ptx::Operand& operand, std::size_t count) {
  if (operand.kind != ptx::Operand::Kind::vector) {
    if (count != 1) d.fail("a vector operand is expected");
    return {&operand};
  }
  if (operand.elements.size() != count) d.fail("the vector operand has the wrong number of elements");
  std::vector<const ptx::Operand*> elements;
  for (const ptx::Operand& element : operand.elements) elements.push_back(&element);
  return elements;
}

bool is_parameter(const ptx::Function& function, const ptx::Variable& variable) {
  return std::any_of(function.parameters.begin(), function.parameters.end(),
                     [&](std::uint32_t index) { return &function.variables[index] == &variable; });
}

// The space that a parameter variable is in: those of a kernel are read-only and the same for all threads, those of
// functions and calls belong to each thread like its local memory.
Space space_of_parameter(Decoder& d, const Decoder::Address& address, bool is_load) {
  const bool is_kernel_parameter = address.variable == nullptr
                                       ? d.function().is_entry
                                       : d.function().is_entry && is_parameter(d.function(), *address.variable);
  if (is_kernel_parameter && !is_load) d.fail("a kernel cannot write its parameters");
  return is_kernel_parameter ? Space::param : Space::local;
}

void decode_access(Decoder& d, bool is_load) {
  MemoryAccess access;
  access.kind = is_load ? AccessKind::load : AccessKind::store;
  accept_order(d, access, MemoryOrder::weak);
  access.space = accept_space(d);
  skip_cache_hints(d);
  const std::size_t count = d.accept("v2") ? 2 : d.accept("v4") ? 4 : 1;
  const Type type = d.next_type();
  if (type == Type::pred || type == Type::b128) d.fail_unsupported();
  access.element_bytes = ptx::size_bytes(type);
  access.bytes = access.element_bytes * static_cast<u32>(count);
  if (access.bytes > 16) d.fail("an access of more than 16 bytes is not supported");
  // A cache policy may come last.
  d.expect_operands(2, 3);
  Decoder::Address address = d.address(d.operand(is_load ? 1 : 0));
  if (access.space == Space::param) access.space = space_of_parameter(d, address, is_load);
  const auto elements = elements_of(d, d.operand(is_load ? 0 : 1), count);
  const Width width = width_of(type);
  if (is_load && access.space == Space::param && address.known) {
    if (*address.known + access.bytes > d.layout().parameter_bytes) d.fail("a parameter that does not exist");
    std::vector<Value> operands;
    for (const ptx::Operand* element : elements) operands.push_back(d.write(*element, type));
    d.emit(load_parameter_handler(width, count), std::move(operands), *address.known);
    return;
  }
  access.is_narrow = address.is_narrow;
  std::vector<Value> operands = {address.base};
  for (std::size_t e = 0; is_load && e < elements.size(); ++e) {
    const bool is_register = elements[e]->kind == ptx::Operand::Kind::reg;
    if (is_register ? !d.is_used(*elements[e]) : elements[e]->kind == ptx::Operand::Kind::sink) {
      access.used_elements &= ~(1u << e);
    }
  }
  // A load of which nothing is used is somebody's test: all of it counts.
  if ((access.used_elements & ((1u << count) - 1)) == 0) access.used_elements = ~0u;
  for (const ptx::Operand* element : elements) {
    operands.push_back(is_load ? d.write(*element, type) : d.read(*element, type));
  }
  const bool is_poll = is_load && access.order != MemoryOrder::weak && access.space != Space::local;
  d.emit(is_load ? load_handler(width, count) : store_handler(width, count), std::move(operands),
         static_cast<u64>(address.offset), d.keep(access));
  if (is_poll) d.emit(note_poll, {});
}

void decode_load(Decoder& d) { decode_access(d, true); }
void decode_store(Decoder& d) { decode_access(d, false); }

// Hints to the caches have no effect that a program could see.
void decode_hint(Decoder& d) {
  while (!d.peek().empty()) d.next();
}

}  // namespace

void add_memory_instructions(DecodeTable& table) {
  table["ld"] = decode_load;
  table["ldu"] = decode_load;
  table["st"] = decode_store;
  table["prefetch"] = decode_hint;
  table["prefetchu"] = decode_hint;
  table["applypriority"] = decode_hint;
}

}  // namespace vgpu::machine
