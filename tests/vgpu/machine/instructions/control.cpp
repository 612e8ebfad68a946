// Control flow: bra, brx.idx, exit, trap and brkpt; nanosleep and the fences. PTX ISA, sections 9.7.12 and 9.7.13.
#include "machine/block.h"
#include "machine/decoder.h"
#include "machine/execution.h"
#include "machine/instructions/async_copy.h"
#include "machine/instructions/handlers.h"
#include "machine/integers.h"
#include "machine/lanes.h"

namespace vgpu::machine {
namespace handlers {

void bra(Warp& warp, const Op& op, std::uint32_t mask) { warp.branch(static_cast<std::uint32_t>(op.immediate), mask); }

void exit(Warp& warp, const Op&, std::uint32_t mask) {
  // What is still in flight arrives, whether or not anybody waits for it.
  finish_copies(warp, mask, 0, true);
  warp.exit(mask);
}

}  // namespace handlers

namespace {

// at: index; extra: targets. An index beyond the list is undefined in PTX, and an error here.
void branch_by_index(Warp& warp, const Op& op, u32 mask) {
  const auto& targets = **static_cast<std::vector<u32>* const*>(op.extra);
  const u32* index = warp.lanes<u32>(op.at[0]);
  u32 chosen[kLanes] = {};
  u32 outside = 0;
  for_each_lane(mask, [&](u32 lane) {
    if (index[lane] < targets.size()) {
      chosen[lane] = targets[index[lane]];
    } else {
      outside |= 1u << lane;
    }
  });
  if (outside != 0) {
    warp.execution().fault(Outcome::illegal_instruction, FindingKind::out_of_bounds, warp, outside,
                           "a branch by an index beyond its " + std::to_string(targets.size()) + " targets");
    return;
  }
  warp.branch_each(chosen, mask);
}

void trap(Warp& warp, const Op&, u32 mask) {
  warp.execution().fault(Outcome::launch_failure, FindingKind::trap, warp, mask, "the kernel executed a trap");
  warp.yield();
}

void sleep(Warp& warp, const Op&, u32) { warp.block().polled(warp); }

// immediate: the scope
void fence(Warp& warp, const Op& op, u32 mask) {
  if (Checks* checks = warp.execution().checks) {
    checks->fence(static_cast<u32>(warp.block().index()), warp.index(), mask, static_cast<MemoryScope>(op.immediate));
  }
}

void decode_bra(Decoder& d) {
  (void)d.accept("uni");
  d.expect_operands(1, 1);
  if (d.operand(0).kind != ptx::Operand::Kind::label) d.fail("a label is expected");
  Draft& draft = d.emit(handlers::bra, {});
  draft.flow = Flow::branch;
  draft.targets = {d.function().labels[static_cast<std::size_t>(d.operand(0).index)]};
}

void decode_brx(Decoder& d) {
  if (!d.accept("idx")) d.fail_unsupported();
  (void)d.accept("uni");
  d.expect_operands(2, 2);
  if (d.operand(1).kind != ptx::Operand::Kind::targets) d.fail("a list of targets is expected");
  const Value index = d.read(0, ptx::Type::u32);
  auto table = std::make_shared<std::vector<u32>>();
  d.kernel().extras.push_back(table);
  Draft& draft = d.emit(branch_by_index, {index}, 0, d.keep(table.get()));
  draft.flow = Flow::branch;
  draft.table = table.get();
  for (const u32 label : d.function().branch_targets[static_cast<std::size_t>(d.operand(1).index)]) {
    draft.targets.push_back(d.function().labels[label]);
  }
}

void decode_exit(Decoder& d) {
  d.expect_operands(0, 0);
  d.emit(handlers::exit, {}).flow = Flow::leave;
}

void decode_trap(Decoder& d) {
  d.expect_operands(0, 0);
  d.emit(trap, {}).flow = Flow::leave;
}

void decode_sleep(Decoder& d) {
  if (d.next_type() != ptx::Type::u32) d.fail_unsupported();
  d.expect_operands(1, 1);
  d.emit(sleep, {});
}

void emit_fence(Decoder& d, MemoryScope scope) { d.emit(fence, {}, static_cast<std::uint64_t>(scope)); }

void decode_membar(Decoder& d) {
  if (d.accept("cta")) return emit_fence(d, MemoryScope::block);
  if (d.accept("gl")) return emit_fence(d, MemoryScope::device);
  if (d.accept("sys")) return emit_fence(d, MemoryScope::system);
  d.fail_unsupported();
}

void decode_fence(Decoder& d) {
  // fence.proxy orders paths to memory that do not exist here; what it names must still be known.
  if (d.peek() == "proxy") d.fail_unsupported();
  if (!d.accept("sc") && !d.accept("acq_rel")) d.fail_unsupported();
  if (d.accept("cta")) return emit_fence(d, MemoryScope::block);
  if (d.accept("gpu") || d.accept("cluster")) return emit_fence(d, MemoryScope::device);
  if (d.accept("sys")) return emit_fence(d, MemoryScope::system);
  d.fail_unsupported();
}

// No debugger is there to stop in; which event would be counted nobody listens to.
void decode_nothing(Decoder& d) {
  while (!d.peek().empty()) d.next();
}

}  // namespace

void add_control_instructions(DecodeTable& table) {
  table["bra"] = decode_bra;
  table["brx"] = decode_brx;
  table["exit"] = decode_exit;
  table["trap"] = decode_trap;
  table["brkpt"] = decode_trap;
  table["pmevent"] = decode_nothing;
  table["nanosleep"] = decode_sleep;
  table["membar"] = decode_membar;
  table["fence"] = decode_fence;
}

}  // namespace vgpu::machine
