// cp.async, its groups and its waits. PTX ISA, section 9.7.8.22. Source and destination are checked when a copy is issued;
// the bytes move when a wait of the issuing lane covers them.
#include "machine/instructions/async_copy.h"

#include <bit>
#include <cstring>
#include <utility>

#include "machine/block.h"
#include "machine/execution.h"
#include "machine/instructions/memory.h"
#include "machine/integers.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace {

using ptx::Type;

struct CopyAccess {
  MemoryAccess source, destination;
  u64 source_offset = 0, destination_offset = 0;
};

Access destination_access(Warp& warp, u32 bytes, u32 instruction, u32 lanes, const u64* offsets) {
  Access access;
  access.kind = AccessKind::async_copy;
  access.warp = warp.index();
  access.lanes = lanes;
  access.bytes = bytes;
  access.instruction = instruction;
  access.addresses = offsets;
  return access;
}

// at: destination, source, source size; extra: CopyAccess
void issue(Warp& warp, const Op& op, u32 mask) {
  const auto& access = *static_cast<const CopyAccess*>(op.extra);
  Execution& execution = warp.execution();
  const u32 bytes = access.destination.bytes;
  const u32* wanted = warp.lanes<u32>(op.at[2]);

  alignas(64) u64 destination[kLanes], scratch[kLanes];
  shared_offsets_of(warp, op.at[0], access.destination.is_narrow, access.destination_offset, destination);
  // Bounds and alignment of the destination; Checks hear of it as an issue, not as a store.
  Places to;
  Checks* const checks = std::exchange(execution.checks, nullptr);
  const bool is_writable = find_places(warp, access.destination, destination, mask, to);
  execution.checks = checks;
  if (!is_writable) return;

  // Lanes that read nothing need no valid source.
  u32 reading = 0;
  bool is_partial = false;
  for_each_lane(mask, [&](u32 i) {
    reading |= (wanted[i] != 0 ? 1u : 0u) << i;
    is_partial |= wanted[i] != bytes && wanted[i] != 0;
  });
  const u64* source = addresses_of(warp, op.at[1], access.source.is_narrow, access.source_offset, scratch);
  Places from{};
  if (is_partial) {
    // Each size is an access of its own; they need not be powers of two, so they are made of single bytes' bounds.
    for (u32 size = 1; size <= bytes; ++size) {
      u32 lanes = 0;
      for_each_lane(reading, [&](u32 i) { lanes |= (std::min(wanted[i], bytes) == size ? 1u : 0u) << i; });
      if (lanes == 0) continue;
      MemoryAccess part = access.source;
      if (std::has_single_bit(size)) {
        part.bytes = size;
        if (!find_places(warp, part, source, lanes, from)) return;
      } else {
        part.bytes = 1;
        alignas(64) u64 byte[kLanes] = {};
        Places ignored;
        for (u32 k = 0; k < size; ++k) {
          for_each_lane(lanes, [&](u32 i) { byte[i] = source[i] + k; });
          if (!find_places(warp, part, byte, lanes, k == 0 ? from : ignored)) return;
        }
      }
    }
  } else if (reading != 0 && !find_places(warp, access.source, source, reading, from)) {
    return;
  }

  AsyncCopies::Copy& copy = warp.copies().issue();
  copy.lanes = mask;
  copy.bytes = bytes;
  copy.instruction = execution.instruction_of(warp);
  for (u32 i = 0; i < kLanes; ++i) {
    copy.group[i] = warp.copies().open_group(i);
    copy.destination[i] = destination[i];
    copy.source[i] = from.at[i];
    copy.source_bytes[i] = static_cast<std::uint8_t>(std::min(wanted[i], bytes));
  }
  if (checks != nullptr) {
    checks->async_issue(static_cast<u32>(warp.block().index()),
                        destination_access(warp, bytes, copy.instruction, mask, destination));
  }
}

void commit(Warp& warp, const Op&, u32 mask) { warp.copies().commit(mask); }

// immediate: how many groups may stay in flight; ~0: none, not even what has not been committed
void wait(Warp& warp, const Op& op, u32 mask) {
  const bool all = op.immediate == ~u64{0};
  finish_copies(warp, mask, all ? 0 : static_cast<u32>(op.immediate), all);
}

void decode_issue(Decoder& d) {
  const bool is_global_only = d.accept("cg");
  if (!is_global_only && !d.accept("ca")) d.fail_unsupported();
  if (!d.accept("shared") && !d.accept("shared::cta")) d.fail_unsupported();
  if (!d.accept("global")) d.fail_unsupported();
  const bool has_policy = d.instruction().opcode.find("L2::cache_hint") != std::string_view::npos;
  skip_cache_hints(d);
  d.expect_operands(3, 5);
  const ptx::Operand& size = d.operand(2);
  const bool is_size_known = size.kind == ptx::Operand::Kind::integer;
  if (!is_size_known || (size.bits != 16 && (is_global_only || (size.bits != 4 && size.bits != 8)))) {
    d.fail("the size of a copy is 4, 8 or 16, with .cg 16");
  }
  CopyAccess access;
  const auto bytes = static_cast<u32>(size.bits);
  access.destination.space = ptx::Space::shared;
  access.destination.kind = AccessKind::async_copy;
  access.source.space = ptx::Space::global;
  access.source.kind = AccessKind::async_copy;
  access.source.bytes = access.destination.bytes = bytes;
  const Decoder::Address to = d.address(d.operand(0)), from = d.address(d.operand(1));
  access.destination.is_narrow = to.is_narrow;
  access.source.is_narrow = from.is_narrow;
  access.destination_offset = static_cast<u64>(to.offset);
  access.source_offset = static_cast<u64>(from.offset);

  // [src-size or ignore-src] [, cache-policy]
  const std::size_t extra = d.operand_count() - 3 - (has_policy ? 1 : 0);
  if (extra > 1) d.fail("the wrong number of operands");
  Value source_size = d.constant(bytes, Width::bits32);
  if (extra == 1) {
    const ptx::Operand& given = d.operand(3);
    const bool is_predicate = given.kind == ptx::Operand::Kind::reg && d.width_of_operand(given) == Width::predicate;
    if (is_predicate) {
      // ignore-src: zeros where it is true
      const Value ignore = d.read_predicate(given);
      source_size = d.temporary(Width::bits32);
      const auto choose = [](Warp& warp, const Op& op, u32 mask) {
        const u32 ignored = warp.predicate(op.at[1]);
        u32* size_of = warp.lanes<u32>(op.at[0]);
        for_each_lane(mask, [&](u32 i) { size_of[i] = (ignored >> i & 1) != 0 ? 0 : static_cast<u32>(op.immediate); });
      };
      d.emit(choose, {Decoder::written(source_size), ignore}, bytes);
    } else {
      source_size = d.read(given, Type::u32);
    }
  }
  d.emit(issue, {to.base, from.base, source_size}, 0, d.keep(access));
}

void decode_cp(Decoder& d) {
  if (!d.accept("async")) d.fail_unsupported();
  if (d.accept("commit_group")) {
    d.expect_operands(0, 0);
    d.emit(commit, {});
  } else if (d.accept("wait_all")) {
    d.expect_operands(0, 0);
    d.emit(wait, {}, ~u64{0});
  } else if (d.accept("wait_group")) {
    d.expect_operands(1, 1);
    if (d.operand(0).kind != ptx::Operand::Kind::integer) d.fail("the number of groups is no constant");
    d.emit(wait, {}, d.operand(0).bits & 0xFFFF'FFFF);
  } else {
    decode_issue(d);
  }
}

}  // namespace

void finish_copies(Warp& warp, u32 mask, u32 pending, bool all) {
  Execution& execution = warp.execution();
  std::byte* const shared = warp.block().shared();
  warp.copies().wait(mask, pending, all, [&](const AsyncCopies::Copy& copy, u32 lanes) {
    // The bytes become those of the copy first, for whoever watches may have poisoned them.
    if (execution.checks != nullptr) {
      execution.checks->async_arrive(
          static_cast<u32>(warp.block().index()),
          destination_access(warp, copy.bytes, copy.instruction, lanes, copy.destination.data()));
    }
    for_each_lane(lanes, [&](u32 i) {
      std::byte* to = shared + copy.destination[i];
      const u32 count = copy.source_bytes[i];
      if (count != 0) std::memcpy(to, copy.source[i], count);
      if (count < copy.bytes) std::memset(to + count, 0, copy.bytes - count);
    });
  });
}

void add_async_instructions(DecodeTable& table) { table["cp"] = decode_cp; }

}  // namespace vgpu::machine
