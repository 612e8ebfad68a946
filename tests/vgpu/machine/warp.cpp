// Divergence: which group of lanes runs, when groups meet, and when a group must wait for others of its warp.
#include "machine/warp.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "machine/block.h"
#include "machine/execution.h"
#include "machine/instructions/handlers.h"
#include "machine/lane_list.h"

namespace vgpu::machine {
namespace {

// After so many instructions of one group, another gets a turn: it may be what the first one waits for in a loop.
constexpr std::uint64_t kInstructionsPerTurn = 200'000;
constexpr std::uint32_t kPollsPerTurn = 16;

}  // namespace

void Warp::start(Execution& execution, Block& block, std::uint32_t index, std::byte* arena, std::uint32_t lanes,
                 std::uint32_t entry) {
  execution_ = &execution;
  block_ = &block;
  index_ = index;
  arena_ = arena;
  ops_ = execution.kernel.ops.data();
  counts_ = execution.counts.data();
  existing_ = live_ = active_ = lanes;
  pc_ = entry;
  join_pc_ = ~0u;
  stop_ = rotate_ = false;
  since_turn_ = 0;
  polls_ = 0;
  others_.clear();
  copies_.clear();
}

std::uint64_t Warp::run(std::uint64_t budget) {
  stop_ = false;
  if ((active_ == 0 || rotate_) && !select()) return 0;
  std::uint64_t executed = 0;
  while (executed < budget) {
    if (pc_ >= join_pc_) [[unlikely]] {
      if (!select()) break;
    }
    const Op& op = ops_[pc_];
    ++counts_[pc_];
    ++pc_;
    ++executed;
    const std::uint32_t mask = active_ & (predicate(op.guard) ^ op.flip);
    if (mask == 0) continue;
    op.run(*this, op, mask);
    if (stop_) [[unlikely]] {
      stop_ = false;
      if (execution_->has_ended()) break;
      if (!others_.empty() || active_ == 0) {
        if (!select()) break;
      } else {
        break;
      }
    }
  }
  since_turn_ += executed;
  if (since_turn_ > kInstructionsPerTurn) rotate_ = true;
  return executed;
}

void Warp::polled() {
  stop_ = true;
  if (++polls_ % kPollsPerTurn == 0) rotate_ = true;
}

void Warp::put_aside(const Group& group) {
  for (Group& other : others_) {
    if (other.pc == group.pc && other.wait != Wait::barrier && group.wait != Wait::barrier) {
      other.mask |= group.mask;
      other.wait = Wait::none;  // who has waited there for more lanes looks again
      return;
    }
  }
  others_.push_back(group);
}

// Makes the runnable group with the lowest program counter the current one; or, when a group has run for long, the next
// one after it.
bool Warp::select() {
  const std::uint32_t left = rotate_ && active_ != 0 ? pc_ : ~0u;
  if (rotate_ || others_.empty()) since_turn_ = 0;
  rotate_ = false;
  if (active_ != 0) put_aside({pc_, active_});
  active_ = 0;
  settle_waits();
  Group* best = nullptr;
  Group* next = nullptr;
  for (Group& group : others_) {
    if (group.wait != Wait::none) continue;
    if (best == nullptr || group.pc < best->pc) best = &group;
    if (left != ~0u && group.pc > left && (next == nullptr || group.pc < next->pc)) next = &group;
  }
  if (next != nullptr) best = next;
  join_pc_ = ~0u;
  if (best == nullptr) return false;
  pc_ = best->pc;
  active_ = best->mask;
  others_.erase(others_.begin() + (best - others_.data()));
  for (const Group& group : others_) {
    if (group.wait != Wait::barrier && group.pc >= pc_) join_pc_ = std::min(join_pc_, group.pc);
  }
  return true;
}

// Lanes that others waited for may have exited. That is allowed, and a mistake all the same if they did something else
// before: then they have passed by what they should have taken part in.
void Warp::settle_waits() {
  for (Group& group : others_) {
    if (group.wait != Wait::lanes || (group.wanted & live_ & ~group.mask) != 0) continue;
    group.wait = Wait::none;
    const std::uint32_t absent = group.expected & ~live_;
    if (absent == 0) continue;
    const std::uint32_t pc = std::exchange(pc_, group.pc + 1);
    execution_->report(FindingKind::divergence, *this, group.mask,
                       "an instruction that lanes execute together was executed without lanes " + lane_list(absent) +
                           ", which took another way and have exited");
    pc_ = pc;
  }
}

// Whether all that a lane here will still do is to exit.
bool Warp::is_leaving(std::uint32_t pc) const {
  const Op* op = &ops_[pc];
  while (op->guard == 0 && op->run == handlers::bra && op->immediate > static_cast<std::uint64_t>(op - ops_)) {
    op = &ops_[op->immediate];
  }
  return op->guard == 0 && op->run == handlers::exit;
}

void Warp::branch(std::uint32_t target, std::uint32_t mask) {
  const std::uint32_t stay = active_ & ~mask;
  if (stay != 0) put_aside({pc_, stay});
  pc_ = target;
  active_ = mask;
  // With groups about, the new place may be one where another is, or behind one that must run first.
  if (!others_.empty()) stop_ = true;
}

void Warp::branch_each(const std::uint32_t* targets, std::uint32_t mask) {
  std::uint32_t stay = active_ & ~mask;
  if (stay != 0) put_aside({pc_, stay});
  while (mask != 0) {
    const std::uint32_t target = targets[std::countr_zero(mask)];
    std::uint32_t same = 0;
    for (std::uint32_t rest = mask; rest != 0; rest &= rest - 1) {
      const int lane = std::countr_zero(rest);
      if (targets[lane] == target) same |= 1u << lane;
    }
    mask &= ~same;
    if (mask == 0) {
      pc_ = target;
      active_ = same;
    } else {
      put_aside({target, same});
    }
  }
  if (!others_.empty()) stop_ = true;
}

void Warp::exit(std::uint32_t mask) {
  live_ &= ~mask;
  active_ &= ~mask;
  stop_ = true;
  block_->lanes_exited();
}

bool Warp::together(std::uint32_t mask, std::uint32_t wanted) {
  if ((wanted & live_ & ~mask) == 0) return true;
  // Lanes of the group that the predicate excludes go on; those that wait are set back to this instruction.
  std::uint32_t expected = wanted & live_ & ~mask;
  for (const Group& group : others_) {
    if (group.wait == Wait::none && is_leaving(group.pc)) expected &= ~group.mask;
  }
  others_.push_back({pc_ - 1, mask, Wait::lanes, 0, wanted, expected});
  active_ &= ~mask;
  stop_ = true;
  return false;
}

std::uint32_t Warp::gather(std::uint32_t mask, const std::uint32_t* members) {
  std::uint32_t ready = 0;
  for (std::uint32_t rest = mask; rest != 0;) {
    const std::uint32_t wanted = members[std::countr_zero(rest)];
    std::uint32_t same = 0;
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) same |= (members[lane] == wanted ? 1u : 0u) << lane;
    same &= rest;
    rest &= ~same;
    if ((same & ~wanted) != 0) {
      execution_->report(FindingKind::divergence, *this, same & ~wanted,
                         "lanes " + lane_list(same & ~wanted) +
                             " execute an instruction whose mask of members, lanes " + lane_list(wanted) +
                             ", does not name them");
    }
    if (together(same, wanted)) ready |= same;
  }
  return ready;
}

void Warp::wait_at_barrier(std::uint32_t barrier, std::uint32_t mask) {
  others_.push_back({pc_, mask, Wait::barrier, barrier, 0});
  active_ &= ~mask;
  stop_ = true;
}

void Warp::release(std::uint32_t barrier) {
  for (Group& group : others_) {
    if (group.wait == Wait::barrier && group.barrier == barrier) group.wait = Wait::none;
  }
}

bool Warp::can_run() const {
  if (active_ != 0) return true;
  return std::any_of(others_.begin(), others_.end(), [&](const Group& group) {
    return group.wait == Wait::none || (group.wait == Wait::lanes && (group.wanted & live_ & ~group.mask) == 0);
  });
}

std::vector<Warp::Group> Warp::groups() const {
  std::vector<Group> all = others_;
  if (active_ != 0) all.push_back({pc_, active_});
  return all;
}

}  // namespace vgpu::machine
