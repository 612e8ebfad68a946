#include "checks/checks.h"

#include <bit>
#include <cstring>
#include <string>

#include "checks/epochs.h"
#include "checks/global_shadow.h"
#include "checks/shared_shadow.h"
#include "checks/sites.h"
#include "checks/sync_points.h"
#include "checks/thread_clocks.h"

namespace vgpu {
namespace {

// All bits set are a NaN in every floating-point format.
constexpr int kPoison = 0xFF;

const char* did(AccessKind kind) {
  switch (kind) {
    case AccessKind::load: return "read";
    case AccessKind::store: return "written";
    case AccessKind::atomic: return "accessed atomically";
    case AccessKind::async_copy: return "copied asynchronously";
  }
  return "accessed";
}

bool is_strong(const Access& access) { return access.kind == AccessKind::atomic || access.order != MemoryOrder::weak; }

}  // namespace

struct Checks::BlockState {
  explicit BlockState(Epochs& epochs) : clocks(epochs) {}

  ThreadClocks clocks;
  SharedShadow shared;
  FenceStates fences;
  SyncPoints shared_points;
};

struct Checks::State final : SharedShadow::Listener, GlobalShadow::Listener {
  State(const LaunchShape& launch, const SourceLines& lines, DeviceMemory& memory, Findings& findings)
      : report(launch, lines, findings), memory(memory), epochs(memory), global(memory, epochs) {}

  void found(const SharedShadow::Problem& problem) override;
  void found(const GlobalShadow::Problem& problem) override;
  void conflict(FindingKind kind, const std::string& place, std::uint32_t thread, Stamp other, bool other_wrote,
                std::uint32_t other_block, bool other_unknown);
  std::uint32_t begin_access(BlockState& block, const Access& access) {
    current = &access;
    current_block = block.clocks.block();
    return sites.of(access.instruction);
  }

  Report report;
  DeviceMemory& memory;
  Epochs epochs;
  GlobalShadow global;
  Sites sites;
  SyncPoints global_points;
  std::unordered_map<std::uint32_t, std::unique_ptr<BlockState>> blocks;
  std::vector<std::unique_ptr<BlockState>> idle;  // of blocks that have ended
  std::uint32_t last_block = kNoBlock;
  BlockState* last_state = nullptr;
  const Access* current = nullptr;  // what the listeners are told about
  std::uint32_t current_block = 0;
};

void Checks::State::conflict(FindingKind kind, const std::string& place, std::uint32_t thread, Stamp other,
                             bool other_wrote, std::uint32_t other_block, bool other_unknown) {
  const Actor later{current_block, thread, current->instruction};
  const std::uint32_t other_instruction = sites.instruction(other.site());
  const Actor earlier{other_block, other.thread(), other_instruction};
  const std::string what =
      kind == FindingKind::in_flight_copy
          ? place + " is the target of an asynchronous copy that nobody has waited for, and is " + did(current->kind)
          : "race: " + place + " is " + did(current->kind) + ", and nothing orders this after another thread's " +
                (other_wrote ? "write" : "read");
  if (other_unknown) {
    report.pair(kind, what, later, did(current->kind), nullptr, other_instruction, "");
    return;
  }
  report.pair(kind, what, later, did(current->kind), &earlier, other_instruction,
              kind == FindingKind::in_flight_copy ? "copied asynchronously"
              : other_wrote                       ? "earlier written"
                                                  : "earlier read");
}

void Checks::State::found(const SharedShadow::Problem& problem) {
  const Actor actor{current_block, problem.thread, current->instruction};
  const bool alone = problem.kind == FindingKind::uninitialised_read;
  const std::uint32_t other = alone ? kNoInstruction : sites.instruction(problem.other.site());
  if (report.is_known(problem.kind, actor, other)) return;
  const std::string place = "offset " + std::to_string(problem.offset) + " of shared memory";
  if (alone) {
    report.fault(problem.kind, actor, "uninitialised read: " + place + " was never written by this block");
  } else {
    conflict(problem.kind, place, problem.thread, problem.other, problem.other_wrote, current_block, false);
  }
}

void Checks::State::found(const GlobalShadow::Problem& problem) {
  const Actor actor{current_block, problem.thread, current->instruction};
  const bool alone = problem.kind == FindingKind::uninitialised_read;
  const std::uint32_t other = alone ? kNoInstruction : sites.instruction(problem.other.site());
  if (report.is_known(problem.kind, actor, other)) return;
  const std::string place = memory.describe(problem.address);
  if (alone) {
    report.fault(problem.kind, actor, "uninitialised read: " + place + " was never written");
  } else {
    conflict(problem.kind, place, problem.thread, problem.other, problem.other_wrote,
             epochs.block_of(problem.other.epoch()), problem.other_unknown);
  }
}

Checks::Checks(const LaunchShape& launch, const SourceLines& lines, DeviceMemory& memory, Findings& findings)
    : state_(std::make_unique<State>(launch, lines, memory, findings)) {}

Checks::~Checks() = default;

Checks::BlockState& Checks::block_state(std::uint32_t block) {
  if (block != state_->last_block) {
    state_->last_state = state_->blocks.at(block).get();
    state_->last_block = block;
  }
  return *state_->last_state;
}

void Checks::begin_block(std::uint32_t block, std::span<std::byte> shared) {
  std::unique_ptr<BlockState>& state = state_->blocks[block];
  if (state_->idle.empty()) {
    state = std::make_unique<BlockState>(state_->epochs);
  } else {
    state = std::move(state_->idle.back());
    state_->idle.pop_back();
  }
  state_->last_block = kNoBlock;
  const Dim3& size = state_->report.launch().block;
  state->clocks.begin(block, size.x * size.y * size.z);
  state->shared.begin(static_cast<std::uint32_t>(shared.size()));
  state->fences.begin();
  state->shared_points.clear();
  if (!shared.empty()) std::memset(shared.data(), kPoison, shared.size());
}

void Checks::end_block(std::uint32_t block) {
  const auto ended = state_->blocks.find(block);
  if (ended == state_->blocks.end()) return;
  state_->idle.push_back(std::move(ended->second));
  state_->blocks.erase(ended);
  state_->last_block = kNoBlock;
}

void Checks::shared_access(std::uint32_t block, const Access& access) {
  BlockState& state = block_state(block);
  const std::uint32_t site = state_->begin_access(state, access);
  const bool strong = is_strong(access);
  if (access.kind == AccessKind::load) {
    state.shared.load(access, site, state.clocks, *state_);
  } else if (access.kind == AccessKind::atomic) {
    state.shared.atomic(access, site, state.clocks, *state_);
  } else {
    state.shared.store(access, site, state.clocks, *state_);
  }
  if (!strong) return;
  for (std::uint32_t lanes = access.lanes; lanes != 0; lanes &= lanes - 1) {
    const auto lane = static_cast<std::uint32_t>(std::countr_zero(lanes));
    state.shared_points.access(access.addresses[lane], access, state.clocks, state.fences, access.warp * 32 + lane);
  }
}

void Checks::global_access(std::uint32_t block, const Access& access) {
  BlockState& state = block_state(block);
  const std::uint32_t site = state_->begin_access(state, access);
  state_->global.access(access, site, state.clocks, *state_);
  if (!is_strong(access)) return;
  for (std::uint32_t lanes = access.lanes; lanes != 0; lanes &= lanes - 1) {
    const auto lane = static_cast<std::uint32_t>(std::countr_zero(lanes));
    state_->global_points.access(access.addresses[lane], access, state.clocks, state.fences, access.warp * 32 + lane);
  }
}

void Checks::async_issue(std::uint32_t block, const Access& destination) {
  BlockState& state = block_state(block);
  const std::uint32_t site = state_->begin_access(state, destination);
  state.shared.async_issue(destination, site, state.clocks, *state_);
}

void Checks::async_arrive(std::uint32_t block, const Access& destination) {
  BlockState& state = block_state(block);
  state.shared.async_arrive(destination, state.clocks);
}

void Checks::barrier(std::uint32_t block, std::span<const std::uint32_t> arriving,
                     std::span<const std::uint32_t> waiting) {
  BlockState& state = block_state(block);
  state.clocks.barrier(arriving, waiting);
  state.fences.barrier(arriving, waiting);
}

void Checks::warp_sync(std::uint32_t block, std::uint32_t warp, std::uint32_t lanes) {
  BlockState& state = block_state(block);
  state.clocks.warp_sync(warp, lanes);
  state.fences.barrier({&lanes, 1}, {&lanes, 1}, warp);
}

void Checks::fence(std::uint32_t block, std::uint32_t warp, std::uint32_t lanes, MemoryScope scope) {
  BlockState& state = block_state(block);
  for (; lanes != 0; lanes &= lanes - 1) {
    const auto lane = static_cast<std::uint32_t>(std::countr_zero(lanes));
    state.fences.fence(state.clocks, warp * 32 + lane, scope);
  }
}

}  // namespace vgpu
