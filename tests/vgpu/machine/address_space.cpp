// Address translation for 32 lanes at a time.
#include "machine/address_space.h"

#include <algorithm>
#include <bit>
#include <string>

#include "machine/block.h"
#include "machine/execution.h"
#include "machine/integers.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace {

using ptx::Space;

std::string hexadecimal(u64 value) {
  char text[20];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

const char* verb(AccessKind kind) {
  switch (kind) {
    case AccessKind::load: return "read";
    case AccessKind::store: return "write";
    case AccessKind::atomic: return "atomic operation";
    case AccessKind::async_copy: return "asynchronous copy";
  }
  return "access";
}

std::string describe(const MemoryAccess& access, u64 address, const char* space) {
  return std::string(verb(access.kind)) + " of " + std::to_string(access.bytes) + " bytes at " + space + " address " +
         hexadecimal(address);
}

FindingKind kind_of(AddressFault::Kind kind) {
  switch (kind) {
    case AddressFault::Kind::use_after_free: return FindingKind::use_after_free;
    case AddressFault::Kind::host_pointer: return FindingKind::host_pointer;
    default: return FindingKind::out_of_bounds;
  }
}

// Lanes of `mask` for which `f(address)` holds.
template <class F>
u32 find_lanes(const u64* addresses, u32 mask, const F& f) {
  u32 found = 0;
  for_each_lane(mask, [&](u32 lane) { found |= (f(addresses[lane]) ? 1u : 0u) << lane; });
  return found;
}

bool check_alignment(Warp& warp, const MemoryAccess& access, const u64* addresses, u32 mask, const char* space) {
  const u64 low_bits = access.bytes - 1;
  u64 any = 0;
  if (mask == kAllLanes) {
    for (u32 i = 0; i < kLanes; ++i) any |= addresses[i];
  } else {
    for_each_lane(mask, [&](u32 i) { any |= addresses[i]; });
  }
  if ((any & low_bits) == 0) [[likely]]
    return true;
  const u32 lanes = find_lanes(addresses, mask, [&](u64 address) { return (address & low_bits) != 0; });
  warp.execution().fault(Outcome::misaligned_address, FindingKind::misaligned, warp, lanes,
                         "misaligned " + describe(access, addresses[std::countr_zero(lanes)], space));
  return false;
}

Access access_for_checks(Warp& warp, const MemoryAccess& access, const u64* addresses, u32 mask) {
  Access told;
  told.kind = access.kind;
  told.order = access.order;
  told.scope = access.scope;
  told.warp = warp.index();
  told.lanes = mask;
  told.bytes = access.bytes;
  told.instruction = warp.execution().instruction_of(warp);
  told.addresses = addresses;
  return told;
}

// Calls check(told) for what the kernel uses of an access: all of it, or single elements.
template <class F>
void check_used(const MemoryAccess& access, const Access& told, const F& check) {
  const u32 count = access.bytes / access.element_bytes, all = (1u << count) - 1;
  if ((access.used_elements & all) == all) [[likely]]
    return check(told);
  alignas(64) u64 addresses[kLanes];
  Access part = told;
  part.bytes = access.element_bytes;
  part.addresses = addresses;
  for (u32 e = 0; e < count; ++e) {
    if ((access.used_elements >> e & 1) == 0) continue;
    for (u32 i = 0; i < kLanes; ++i) addresses[i] = told.addresses[i] + u64{e} * access.element_bytes;
    check(part);
  }
}

bool find_global(Warp& warp, const MemoryAccess& access, const u64* addresses, u32 mask, Places& places) {
  Execution& execution = warp.execution();
  if (!check_alignment(warp, access, addresses, mask, "global")) return false;
  const u64 first = addresses[std::countr_zero(mask)];
  const MemoryRange* range = execution.view.find(first, access.bytes);
  bool is_one_range = range != nullptr;
  if (range != nullptr) {
    const u64 base = range->base, last = range->size_bytes - access.bytes;
    std::byte* const host = range->host;
    if (mask == kAllLanes) {
      u64 outside = 0;
#pragma GCC ivdep
      for (u32 i = 0; i < kLanes; ++i) {
        const u64 offset = addresses[i] - base;
        outside |= static_cast<u64>(offset > last);
        places.at[i] = host + offset;
      }
      is_one_range = outside == 0;
    } else {
      for_each_lane(mask, [&](u32 i) {
        const u64 offset = addresses[i] - base;
        is_one_range &= offset <= last;
        places.at[i] = host + offset;
      });
    }
  }
  if (!is_one_range) {
    u32 lost = 0;
    for_each_lane(mask, [&](u32 i) {
      places.at[i] = execution.view.resolve(addresses[i], access.bytes);
      lost |= (places.at[i] == nullptr ? 1u : 0u) << i;
    });
    if (lost != 0) {
      const u64 address = addresses[std::countr_zero(lost)];
      const AddressFault fault = execution.memory.explain(address, access.bytes);
      execution.fault(Outcome::illegal_address, kind_of(fault.kind), warp, lost,
                      describe(access, address, "global") + ": " + fault.text);
      return false;
    }
  }
  if (execution.is_watched()) {
    const Access told = access_for_checks(warp, access, addresses, mask);
    if (execution.checks != nullptr) {
      const auto block = static_cast<u32>(warp.block().index());
      check_used(access, told, [&](const Access& used) { execution.checks->global_access(block, used); });
    }
    if (auto* counter = execution.global_counter(told.instruction)) counter->add(told);
  }
  return true;
}

// Places in a piece of memory of the block's or the launch's own.
bool find_in(Warp& warp, const MemoryAccess& access, const u64* addresses, u32 mask, std::byte* memory, u64 size,
             const char* space, Places& places) {
  if (!check_alignment(warp, access, addresses, mask, space)) return false;
  const u64 last = size - access.bytes;
  u64 outside = size < access.bytes ? 1 : 0;
  if (mask == kAllLanes) {
#pragma GCC ivdep
    for (u32 i = 0; i < kLanes; ++i) {
      outside |= static_cast<u64>(addresses[i] > last);
      places.at[i] = memory + addresses[i];
    }
  } else {
    for_each_lane(mask, [&](u32 i) {
      outside |= static_cast<u64>(addresses[i] > last);
      places.at[i] = memory + addresses[i];
    });
  }
  if (outside == 0) [[likely]]
    return true;
  const u32 lost = find_lanes(addresses, mask, [&](u64 address) { return size < access.bytes || address > last; });
  warp.execution().fault(Outcome::illegal_address, FindingKind::out_of_bounds, warp, lost,
                         describe(access, addresses[std::countr_zero(lost)], space) + ", beyond the " +
                             std::to_string(size) + " bytes of " + space + " memory");
  return false;
}

bool find_shared(Warp& warp, const MemoryAccess& access, const u64* addresses, u32 mask, Places& places) {
  Execution& execution = warp.execution();
  if (!find_in(warp, access, addresses, mask, warp.block().shared(), execution.shared_bytes, "shared", places)) {
    return false;
  }
  if (execution.is_watched()) {
    const Access told = access_for_checks(warp, access, addresses, mask);
    if (execution.checks != nullptr) {
      const auto block = static_cast<u32>(warp.block().index());
      check_used(access, told, [&](const Access& used) { execution.checks->shared_access(block, used); });
    }
    if (auto* counter = execution.shared_counter(told.instruction)) counter->add(told);
  }
  return true;
}

bool find_local(Warp& warp, const MemoryAccess& access, const u64* addresses, u32 mask, Places& places) {
  const u64 size = warp.execution().kernel.local_bytes;
  if (!find_in(warp, access, addresses, mask, warp.block().local(warp, 0), size, "local", places)) return false;
  for_each_lane(mask, [&](u32 i) { places.at[i] += size * i; });
  warp.execution().local_bytes += std::uint64_t{access.bytes} * static_cast<u32>(std::popcount(mask));
  return true;
}

bool find_parameter(Warp& warp, const MemoryAccess& access, const u64* addresses, u32 mask, Places& places) {
  const auto parameters = warp.execution().launch.parameters;
  // Parameters are only read: the kernel's stores to its parameter space are refused when it is decoded or here.
  if (access.kind != AccessKind::load) {
    warp.execution().fault(Outcome::illegal_address, FindingKind::out_of_bounds, warp, mask,
                           std::string(verb(access.kind)) + " to the parameters of the kernel");
    return false;
  }
  return find_in(warp, access, addresses, mask, const_cast<std::byte*>(parameters.data()), parameters.size(),
                 "parameter", places);
}

bool find_generic(Warp& warp, const MemoryAccess& access, const u64* addresses, u32 mask, Places& places) {
  const u32 windowed = find_lanes(addresses, mask, [](u64 a) { return a >= kSharedWindow && a < kWindowsEnd; });
  if (windowed == 0) return find_global(warp, access, addresses, mask, places);
  if (windowed != mask && !find_global(warp, access, addresses, mask & ~windowed, places)) return false;
  const auto find_in_window = [&](u64 begin, u64 end, auto find) {
    const u32 lanes = find_lanes(addresses, windowed, [&](u64 a) { return a >= begin && a < end; });
    if (lanes == 0) return true;
    alignas(64) u64 offsets[kLanes] = {};
    for_each_lane(lanes, [&](u32 i) { offsets[i] = addresses[i] - begin; });
    return find(warp, access, offsets, lanes, places);
  };
  return find_in_window(kSharedWindow, kLocalWindow, find_shared) &&
         find_in_window(kLocalWindow, kParameterWindow, find_local) &&
         find_in_window(kParameterWindow, kWindowsEnd, find_parameter);
}

}  // namespace

bool find_places(Warp& warp, const MemoryAccess& access, const u64* addresses, u32 mask, Places& places) {
  switch (access.space) {
    case Space::shared: return find_shared(warp, access, addresses, mask, places);
    case Space::global:
    case Space::constant: return find_global(warp, access, addresses, mask, places);
    case Space::local: return find_local(warp, access, addresses, mask, places);
    case Space::param: return find_parameter(warp, access, addresses, mask, places);
    default: return find_generic(warp, access, addresses, mask, places);
  }
}

bool find_places(Warp& warp, const Op& op, std::size_t operand, const MemoryAccess& access, u32 mask, Places& places) {
  alignas(64) u64 scratch[kLanes];
  const u64* addresses = addresses_of(warp, op.at[operand], access.is_narrow, op.immediate, scratch);
  return find_places(warp, access, addresses, mask, places);
}

const u64* addresses_of(const Warp& warp, u32 offset, bool is_narrow, u64 displacement, u64* scratch) {
  if (is_narrow) {
    const u32* base = warp.lanes<u32>(offset);
    const u32 narrow = static_cast<u32>(displacement);
    for (u32 i = 0; i < kLanes; ++i) scratch[i] = static_cast<u32>(base[i] + narrow);
    return scratch;
  }
  const u64* base = warp.lanes<u64>(offset);
  if (displacement == 0) return base;
  for (u32 i = 0; i < kLanes; ++i) scratch[i] = base[i] + displacement;
  return scratch;
}

void shared_offsets_of(const Warp& warp, u32 offset, bool is_narrow, u64 displacement, u64* offsets) {
  const u64* addresses = addresses_of(warp, offset, is_narrow, displacement, offsets);
  for (u32 i = 0; i < kLanes; ++i) {
    const bool is_generic = addresses[i] >= kSharedWindow && addresses[i] < kLocalWindow;
    offsets[i] = is_generic ? addresses[i] - kSharedWindow : addresses[i];
  }
}

}  // namespace vgpu::machine
