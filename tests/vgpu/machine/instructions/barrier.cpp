// Barriers of blocks and warps. PTX ISA, sections 9.7.13.1 to 9.7.13.3.
#include <bit>

#include "machine/block.h"
#include "machine/decoder.h"
#include "machine/execution.h"
#include "machine/integers.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace {

using ptx::Type;

struct Form {
  bool is_aligned = true;
  bool waits = true;
  bool has_count = false;
  Block::Reduction reduction = Block::Reduction::none;
};

// at: barrier, threads, predicate, result; extra: Form
void barrier(Warp& warp, const Op& op, u32 mask) {
  const Form& form = *static_cast<const Form*>(op.extra);
  if (form.is_aligned && !warp.together(mask, kAllLanes)) return;
  const int lane = std::countr_zero(mask);
  Block::Arrival arrival;
  arrival.barrier = warp.lanes<u32>(op.at[0])[lane];
  arrival.threads = form.has_count ? warp.lanes<u32>(op.at[1])[lane] : 0;
  arrival.mask = mask;
  arrival.waits = form.waits;
  arrival.reduction = form.reduction;
  arrival.predicate = warp.predicate(op.at[2]);
  arrival.result = op.at[3];
  u32 different = 0;
  for_each_lane(mask, [&](u32 i) {
    const bool is_other = warp.lanes<u32>(op.at[0])[i] != arrival.barrier ||
                          (form.has_count && warp.lanes<u32>(op.at[1])[i] != arrival.threads);
    different |= (is_other ? 1u : 0u) << i;
  });
  if (different != 0 || arrival.barrier >= 16 || (form.has_count && arrival.threads % kLanes != 0)) {
    warp.execution().fault(Outcome::launch_failure, FindingKind::divergence, warp, different != 0 ? different : mask,
                           different != 0 ? "lanes of a warp name different barriers or numbers of threads"
                           : arrival.barrier >= 16
                               ? "barrier " + std::to_string(arrival.barrier) + " does not exist: there are 16"
                               : "a barrier of " + std::to_string(arrival.threads) + " threads, no multiple of 32");
    warp.yield();
    return;
  }
  warp.block().arrive(warp, arrival);
}

void warp_barrier(Warp& warp, const Op& op, u32 mask) {
  const u32* members = warp.lanes<u32>(op.at[0]);
  const u32 ready = warp.gather(mask, members);
  Checks* checks = warp.execution().checks;
  if (checks == nullptr) return;
  for (u32 rest = ready; rest != 0;) {
    const u32 wanted = members[std::countr_zero(rest)];
    u32 same = 0;
    for_each_lane(rest, [&](u32 i) { same |= (members[i] == wanted ? 1u : 0u) << i; });
    rest &= ~same;
    checks->warp_sync(static_cast<u32>(warp.block().index()), warp.index(), same);
  }
}

void decode_barrier(Decoder& d) {
  const bool is_short = d.mnemonic() == "bar";
  (void)d.accept("cta");
  if (d.accept("warp")) {
    if (!is_short || !d.accept("sync")) d.fail_unsupported();
    d.expect_operands(1, 1);
    const Value members = d.read(0, Type::b32);
    d.emit(warp_barrier, {members});
    return;
  }
  Form form;
  std::size_t first = 0;
  bool is_reduction = false;
  Value result = Decoder::written(d.temporary(Width::predicate));
  if (d.accept("sync")) {
    form.waits = true;
  } else if (d.accept("arrive")) {
    form.waits = false;
  } else if (d.accept("red")) {
    is_reduction = true;
    first = 1;
    form.reduction = d.accept("popc")  ? Block::Reduction::popc
                     : d.accept("and") ? Block::Reduction::and_
                     : d.accept("or")  ? Block::Reduction::or_
                                       : Block::Reduction::none;
    if (form.reduction == Block::Reduction::none) d.fail_unsupported();
  } else {
    d.fail_unsupported();
  }
  form.is_aligned = d.accept("aligned") || is_short;
  if (is_reduction) {
    const Type type = d.next_type();
    const bool counts = form.reduction == Block::Reduction::popc;
    if (type != (counts ? Type::u32 : Type::pred)) d.fail_unsupported();
    result = counts ? d.write(0, Type::u32) : d.write_predicate(d.operand(0));
  }
  const std::size_t last = is_reduction ? d.operand_count() - 1 : d.operand_count();
  if (last < first + 1 || last > first + 2) d.fail("the wrong number of operands");
  form.has_count = last == first + 2;
  if (!form.waits && !form.has_count) d.fail("the number of threads is missing");
  const Value id = d.read(first, Type::u32);
  const Value threads = form.has_count ? d.read(first + 1, Type::u32) : id;
  const Value predicate = is_reduction ? d.read_predicate(d.operand(last)) : d.constant(0, Width::predicate);
  d.emit(barrier, {id, threads, predicate, result}, 0, d.keep(form));
}

}  // namespace

void add_barrier_instructions(DecodeTable& table) {
  table["bar"] = decode_barrier;
  table["barrier"] = decode_barrier;
}

}  // namespace vgpu::machine
