// Faults and findings of a launch, and what its accesses cost.
#include "machine/execution.h"

#include <bit>

#include "machine/block.h"
#include "machine/counted_name.h"
#include "machine/lane_list.h"
#include "machine/warp.h"

namespace vgpu::machine {

Execution::Execution(const Kernel& the_kernel, const Launch& the_launch, const Settings& the_settings,
                     DeviceMemory& the_memory, Checks* the_checks, Counters* counters, const Report& report)
    : kernel(the_kernel),
      launch(the_launch),
      settings(the_settings),
      memory(the_memory),
      checks(the_checks),
      view(the_memory),
      random(the_settings.seed),
      shared_bytes(the_kernel.dynamic_shared_offset + the_launch.dynamic_shared_bytes),
      counts(the_kernel.ops.size()),
      counters_(counters),
      report_(report) {
  if (counters_ == nullptr) return;
  shared_counters_.resize(kernel.lines.size());
  global_counters_.resize(kernel.lines.size());
}

std::uint32_t Execution::instruction_of(const Warp& warp) const { return kernel.origins[warp.pc()].instruction; }

Counters::Shared* Execution::shared_counter(std::uint32_t instruction) {
  if (counters_ == nullptr) return nullptr;
  Counters::Shared*& counter = shared_counters_[instruction];
  if (counter == nullptr)
    counter = &counters_->shared[counted_name(kernel.lines[instruction].instruction->opcode, "shared")];
  return counter;
}

Counters::Global* Execution::global_counter(std::uint32_t instruction) {
  if (counters_ == nullptr) return nullptr;
  Counters::Global*& counter = global_counters_[instruction];
  if (counter == nullptr)
    counter = &counters_->global[counted_name(kernel.lines[instruction].instruction->opcode, "global")];
  return counter;
}

void Execution::report(FindingKind kind, const Warp& warp, std::uint32_t lanes, const std::string& what) {
  const auto lane = static_cast<std::uint32_t>(lanes == 0 ? 0 : std::countr_zero(lanes));
  const Actor actor{static_cast<std::uint32_t>(warp.block().index()), warp.index() * kLanes + lane,
                    instruction_of(warp)};
  if (report_.is_known(kind, actor, kNoInstruction)) return;
  report_.fault(kind, actor, std::popcount(lanes) > 1 ? what + " (lanes " + lane_list(lanes) + ")" : what);
}

void Execution::fault(Outcome outcome, FindingKind kind, const Warp& warp, std::uint32_t lanes,
                      const std::string& what) {
  if (has_ended()) return;
  outcome_ = outcome;
  report(kind, warp, lanes, what);
}

}  // namespace vgpu::machine
