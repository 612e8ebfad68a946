// What lanes of a warp do together: shfl.sync, vote.sync, match.sync, redux.sync, activemask, elect. PTX ISA, sections
// 9.7.8.6 and 9.7.13.
#include <algorithm>
#include <bit>
#include <functional>

#include "machine/decoder.h"
#include "machine/execution.h"
#include "machine/instructions/integer_functions.h"
#include "machine/integers.h"
#include "machine/lane_list.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace {

using integer_functions::Maximum;
using integer_functions::Minimum;
using ptx::Type;

// Calls f(lanes) for each set of lanes of `ready` that name the same members.
template <class F>
void for_each_group(u32 ready, const u32* members, const F& f) {
  while (ready != 0) {
    const u32 wanted = members[std::countr_zero(ready)];
    u32 same = 0;
    for_each_lane(ready, [&](u32 i) { same |= (members[i] == wanted ? 1u : 0u) << i; });
    ready &= ~same;
    f(same);
  }
}

enum class Shuffle : std::uint8_t { up, down, bfly, idx };

// The lane that lane i reads from; bit 31 says that it is outside the segment and lane i keeps its own.
template <Shuffle Mode>
u32 source_lane(u32 i, u32 b, u32 c) {
  const u32 clamp = c & 31, segment = c >> 8 & 31;
  const u32 highest = (i & segment) | (clamp & ~segment);
  const u32 lowest = i & segment;
  const s32 lane = static_cast<s32>(i), amount = static_cast<s32>(b & 31);
  s32 source = 0;
  bool is_inside = false;
  switch (Mode) {
    case Shuffle::up:
      source = lane - amount;
      is_inside = source >= static_cast<s32>(highest);
      break;
    case Shuffle::down:
      source = lane + amount;
      is_inside = source <= static_cast<s32>(highest);
      break;
    case Shuffle::bfly:
      source = lane ^ amount;
      is_inside = source <= static_cast<s32>(highest);
      break;
    case Shuffle::idx:
      source = static_cast<s32>(lowest | (static_cast<u32>(amount) & ~segment));
      is_inside = source <= static_cast<s32>(highest);
      break;
  }
  return is_inside ? static_cast<u32>(source) : i | 0x8000'0000;
}

// at: d, p, a, b, c, members
template <Shuffle Mode>
void shuffle(Warp& warp, const Op& op, u32 mask) {
  const u32* members = warp.lanes<u32>(op.at[5]);
  const u32 ready = warp.gather(mask, members);
  if (ready == 0) return;
  const u32* a = warp.lanes<u32>(op.at[2]);
  const u32* b = warp.lanes<u32>(op.at[3]);
  const u32* c = warp.lanes<u32>(op.at[4]);
  alignas(64) u32 result[kLanes];
  u32 inside = 0, strays = 0;
  for (u32 i = 0; i < kLanes; ++i) {
    const u32 source = source_lane<Mode>(i, b[i], c[i]);
    inside |= (~source >> 31) << i;
    result[i] = a[source & 31];
    strays |= (~ready >> (source & 31) & 1) << i;
  }
  // What comes from a lane that has exited or never was is undefined, and harmless if it is not used. From one that is
  // elsewhere it is a mistake.
  strays &= ready;
  if (strays != 0) [[unlikely]] {
    u32 absent = 0;
    for_each_lane(strays, [&](u32 i) { absent |= 1u << (source_lane<Mode>(i, b[i], c[i]) & 31); });
    for_each_lane(strays, [&](u32 i) { result[i] = a[i]; });
    if ((absent & warp.live()) != 0) {
      warp.execution().report(
          FindingKind::divergence, warp, strays,
          "a shuffle reads from lanes " + lane_list(absent & warp.live()) + ", which do not take part in it");
    }
  }
  keep_lanes(warp.lanes<u32>(op.at[0]), ready, [&](void* d) { std::copy_n(result, kLanes, static_cast<u32*>(d)); });
  set_predicate(warp.predicate(op.at[1]), inside, ready);
}

void decode_shfl(Decoder& d) {
  if (!d.accept("sync")) d.fail_unsupported();
  Handler run;
  if (d.accept("up"))
    run = shuffle<Shuffle::up>;
  else if (d.accept("down"))
    run = shuffle<Shuffle::down>;
  else if (d.accept("bfly"))
    run = shuffle<Shuffle::bfly>;
  else if (d.accept("idx"))
    run = shuffle<Shuffle::idx>;
  else
    d.fail_unsupported();
  if (d.next_type() != Type::b32) d.fail_unsupported();
  d.expect_operands(5, 5);
  const ptx::Operand& result = d.operand(0);
  const bool is_pair = result.kind == ptx::Operand::Kind::pair;
  const Value a = d.read(1, Type::b32), b = d.read(2, Type::b32), c = d.read(3, Type::b32);
  const Value members = d.read(4, Type::b32);
  const Value to = d.write(is_pair ? result.elements[0] : result, Type::b32);
  const Value inside =
      is_pair ? d.write_predicate(result.elements[1]) : Decoder::written(d.temporary(Width::predicate));
  d.emit(run, {to, inside, a, b, c, members});
}

enum class Vote : std::uint8_t { all, any, uni, ballot };

// at: d, predicate, members
template <Vote Mode>
void vote(Warp& warp, const Op& op, u32 mask) {
  const u32* members = warp.lanes<u32>(op.at[2]);
  const u32 ready = warp.gather(mask, members);
  const u32 predicate = warp.predicate(op.at[1]);
  for_each_group(ready, members, [&](u32 lanes) {
    const u32 yes = predicate & lanes;
    if (Mode == Vote::ballot) {
      u32* d = warp.lanes<u32>(op.at[0]);
      for_each_lane(lanes, [&](u32 i) { d[i] = yes; });
      return;
    }
    const bool answer = Mode == Vote::all ? yes == lanes : Mode == Vote::any ? yes != 0 : yes == lanes || yes == 0;
    set_predicate(warp.predicate(op.at[0]), answer ? ~0u : 0, lanes);
  });
}

void decode_vote(Decoder& d) {
  bool is_sync = d.accept("sync");
  Handler run;
  bool is_ballot = false;
  if (d.accept("all"))
    run = vote<Vote::all>;
  else if (d.accept("any"))
    run = vote<Vote::any>;
  else if (d.accept("uni"))
    run = vote<Vote::uni>;
  else if (d.accept("ballot"))
    run = vote<Vote::ballot>, is_ballot = true;
  else
    d.fail_unsupported();
  is_sync = d.accept("sync") || is_sync;  // CUB writes vote.ballot.sync
  if (!is_sync) d.fail_unsupported();
  if (d.next_type() != (is_ballot ? Type::b32 : Type::pred)) d.fail_unsupported();
  d.expect_operands(3, 3);
  const Value predicate = d.read_predicate(d.operand(1)), members = d.read(2, Type::b32);
  const Value to = is_ballot ? d.write(0, Type::b32) : d.write_predicate(d.operand(0));
  d.emit(run, {to, predicate, members});
}

void active_mask(Warp& warp, const Op& op, u32 mask) {
  u32* d = warp.lanes<u32>(op.at[0]);
  for_each_lane(mask, [&](u32 i) { d[i] = mask; });
}

void decode_activemask(Decoder& d) {
  if (d.next_type() != Type::b32) d.fail_unsupported();
  d.expect_operands(1, 1);
  d.emit(active_mask, {d.write(0, Type::b32)});
}

// at: d, p, a, members
template <class T, bool All>
void match(Warp& warp, const Op& op, u32 mask) {
  const u32* members = warp.lanes<u32>(op.at[3]);
  const u32 ready = warp.gather(mask, members);
  const T* a = warp.lanes<T>(op.at[2]);
  u32* d = warp.lanes<u32>(op.at[0]);
  u32 result[kLanes] = {};
  u32 agreeing = 0;
  for_each_group(ready, members, [&](u32 lanes) {
    for_each_lane(lanes, [&](u32 i) {
      u32 same = 0;
      for_each_lane(lanes, [&](u32 j) { same |= (a[i] == a[j] ? 1u : 0u) << j; });
      if (same == lanes) agreeing |= 1u << i;
      result[i] = All ? same == lanes ? lanes : 0 : same;
    });
  });
  for_each_lane(ready, [&](u32 i) { d[i] = result[i]; });
  set_predicate(warp.predicate(op.at[1]), agreeing, ready);
}

void decode_match(Decoder& d) {
  const bool is_any = d.accept("any");
  if (!is_any && !d.accept("all")) d.fail_unsupported();
  if (!d.accept("sync")) d.fail_unsupported();
  const Type type = d.next_type();
  if (type != Type::b32 && type != Type::b64) d.fail_unsupported();
  d.expect_operands(3, 3);
  const ptx::Operand& result = d.operand(0);
  const bool is_pair = result.kind == ptx::Operand::Kind::pair;
  const Value a = d.read(1, type), members = d.read(2, Type::b32);
  const Value to = d.write(is_pair ? result.elements[0] : result, Type::b32);
  const Value agreeing =
      is_pair ? d.write_predicate(result.elements[1]) : Decoder::written(d.temporary(Width::predicate));
  const bool is_wide = type == Type::b64;
  d.emit(is_any    ? is_wide ? match<u64, false> : match<u32, false>
            : is_wide ? match<u64, true>
                   : match<u32, true>,
         {to, agreeing, a, members});
}

// at: d, a, members
template <class F, class T>
void reduce(Warp& warp, const Op& op, u32 mask) {
  const u32* members = warp.lanes<u32>(op.at[2]);
  const u32 ready = warp.gather(mask, members);
  const T* a = warp.lanes<T>(op.at[1]);
  T* d = warp.lanes<T>(op.at[0]);
  for_each_group(ready, members, [&](u32 lanes) {
    T total = a[std::countr_zero(lanes)];
    for_each_lane(lanes & (lanes - 1), [&](u32 i) { total = F{}(total, a[i]); });
    for_each_lane(lanes, [&](u32 i) { d[i] = total; });
  });
}

void decode_redux(Decoder& d) {
  if (!d.accept("sync")) d.fail_unsupported();
  const std::string_view name = d.next();
  const Type type = d.next_type();
  const bool is_signed = type == Type::s32, is_bits = type == Type::b32;
  if (!is_signed && !is_bits && type != Type::u32) d.fail_unsupported();
  Handler run = nullptr;
  if (!is_bits && name == "add") run = reduce<std::plus<>, u32>;
  if (!is_bits && name == "min") run = is_signed ? reduce<Minimum, s32> : reduce<Minimum, u32>;
  if (!is_bits && name == "max") run = is_signed ? reduce<Maximum, s32> : reduce<Maximum, u32>;
  if (is_bits && name == "and") run = reduce<std::bit_and<>, u32>;
  if (is_bits && name == "or") run = reduce<std::bit_or<>, u32>;
  if (is_bits && name == "xor") run = reduce<std::bit_xor<>, u32>;
  if (run == nullptr) d.fail_unsupported();
  d.expect_operands(3, 3);
  const Value a = d.read(1, type), members = d.read(2, Type::b32);
  d.emit(run, {d.write(0, type), a, members});
}

}  // namespace

void add_warp_instructions(DecodeTable& table) {
  table["shfl"] = decode_shfl;
  table["vote"] = decode_vote;
  table["match"] = decode_match;
  table["redux"] = decode_redux;
  table["activemask"] = decode_activemask;
}

}  // namespace vgpu::machine
