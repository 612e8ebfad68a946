// Runs the warps of a block in slices, and keeps its barriers.
#include "machine/block.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>

#include "machine/lane_list.h"
#include "machine/special_registers.h"

namespace vgpu::machine {
namespace {

constexpr std::uint64_t kSlice = 20'000;      // instructions of a warp
constexpr std::uint64_t kShare = 50'000'000;  // instructions of a block before others run
constexpr std::uint64_t kPollsBeforeYield = 2'000;
constexpr std::size_t kAlignment = 64;

std::unique_ptr<std::byte[]> allocate_zeros(std::size_t bytes) {
  return std::make_unique<std::byte[]>(bytes + kAlignment);
}

std::byte* aligned(std::byte* p) {
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  return p + ((kAlignment - address % kAlignment) % kAlignment);
}

}  // namespace

Block::Block(Execution& execution) : execution_(execution) {
  const Kernel& kernel = execution.kernel;
  const Dim3& shape = execution.launch.block;
  const std::uint32_t threads = shape.x * shape.y * shape.z;
  const std::uint32_t warp_count = (threads + kLanes - 1) / kLanes;
  warps_.resize(warp_count);
  memory_ = allocate_zeros(std::size_t{kernel.arena_bytes} * warp_count);
  arenas_ = aligned(memory_.get());
  shared_ = allocate_zeros(execution.shared_bytes);
  local_ = allocate_zeros(std::size_t{kernel.local_bytes} * warp_count * kLanes);
  for (std::uint32_t i = 0; i < warp_count; ++i) {
    std::byte* arena = arenas_ + std::size_t{kernel.arena_bytes} * i;
    fill_constants(kernel, arena);
  }
  for (Barrier& barrier : barriers_) {
    barrier.arrived.resize(warp_count);
    barrier.waiting.resize(warp_count);
  }
}

void Block::start(std::uint64_t index) {
  const Kernel& kernel = execution_.kernel;
  const Dim3& grid = execution_.launch.grid;
  const Dim3& shape = execution_.launch.block;
  index_ = index;
  coordinates_ = {static_cast<std::uint32_t>(index % grid.x), static_cast<std::uint32_t>(index / grid.x % grid.y),
                  static_cast<std::uint32_t>(index / grid.x / grid.y)};
  const std::uint32_t threads = shape.x * shape.y * shape.z;
  for (std::uint32_t i = 0; i < warps_.size(); ++i) {
    std::byte* arena = arenas_ + std::size_t{kernel.arena_bytes} * i;
    const std::uint32_t count = std::min(kLanes, threads - i * kLanes);
    const std::uint32_t lanes = count == kLanes ? kAllLanes : (1u << count) - 1;
    fill_special_registers(kernel, execution_, coordinates_, i, arena);
    warps_[i].start(execution_, *this, i, arena, lanes, kernel.entry);
  }
  for (Barrier& barrier : barriers_) {
    std::fill(barrier.arrived.begin(), barrier.arrived.end(), 0);
    std::fill(barrier.waiting.begin(), barrier.waiting.end(), 0);
    barrier.results.clear();
    barrier.in_use = false;
    barrier.true_count = barrier.arrivals = 0;
  }
  turn_ = execution_.settings.schedule == Schedule::reverse ? 0 : warps_.size() - 1;
  some_exited_ = false;
  if (execution_.checks != nullptr) {
    execution_.checks->begin_block(static_cast<std::uint32_t>(index), {shared_.get(), execution_.shared_bytes});
  } else {
    // NaN in every floating-point format: what a kernel reads unwritten should not look right by chance.
    std::memset(shared_.get(), 0xFF, execution_.shared_bytes);
  }
}

std::byte* Block::local(const Warp& warp, std::uint32_t lane) const {
  return local_.get() + std::size_t{execution_.kernel.local_bytes} * (warp.index() * kLanes + lane);
}

Warp* Block::choose() {
  const std::size_t count = warps_.size();
  if (execution_.settings.schedule == Schedule::random) {
    const std::size_t first = execution_.random.below(count);
    for (std::size_t i = 0; i < count; ++i) {
      Warp& warp = warps_[(first + i) % count];
      if (warp.can_run()) return &warp;
    }
    return nullptr;
  }
  const std::size_t step = execution_.settings.schedule == Schedule::reverse ? count - 1 : 1;
  for (std::size_t i = 0; i < count; ++i) {
    turn_ = (turn_ + step) % count;
    if (warps_[turn_].can_run()) return &warps_[turn_];
  }
  return nullptr;
}

Block::State Block::run() {
  polls_ = 0;
  std::uint64_t executed = 0;
  while (!execution_.has_ended()) {
    Warp* warp = choose();
    if (warp == nullptr) {
      const bool is_done =
          std::all_of(warps_.begin(), warps_.end(), [](const Warp& candidate) { return candidate.is_done(); });
      if (!is_done) report_standstill();
      if (execution_.checks != nullptr && is_done) execution_.checks->end_block(static_cast<std::uint32_t>(index_));
      return State::done;
    }
    const bool is_random = execution_.settings.schedule == Schedule::random;
    const std::uint64_t slice = warp->run(is_random ? std::uint64_t{1} << execution_.random.below(11) : kSlice);
    executed += slice;
    execution_.executed += slice;
    if (some_exited_) {
      some_exited_ = false;
      execution_.last_progress = execution_.executed;
      complete_those_that_can();
    }
    if (execution_.executed - execution_.last_progress > execution_.settings.watchdog_instructions) {
      execution_.fault(Outcome::timeout, FindingKind::endless_spin, *warp, warp->active(),
                       "no thread has exited and no barrier was passed for " +
                           std::to_string(execution_.settings.watchdog_instructions) + " instructions\n" +
                           describe_waits());
      break;
    }
    if (executed > kShare || polls_ > kPollsBeforeYield) return State::can_run;
  }
  return State::done;
}

void Block::polled(Warp& warp) {
  ++polls_;
  warp.polled();
}

void Block::arrive(Warp& warp, const Arrival& arrival) {
  Barrier& barrier = barriers_[arrival.barrier];
  if (!barrier.in_use) {
    barrier.in_use = true;
    barrier.threads = arrival.threads;
  } else if (barrier.threads != arrival.threads) {
    execution_.report(FindingKind::divergence, warp, arrival.mask,
                      "barrier " + std::to_string(arrival.barrier) + " is used with different numbers of threads: " +
                          std::to_string(barrier.threads) + " and " + std::to_string(arrival.threads));
  }
  barrier.arrived[warp.index()] |= arrival.mask;
  barrier.arrivals += static_cast<std::uint32_t>(std::popcount(arrival.mask));
  if (arrival.waits) {
    barrier.waiting[warp.index()] |= arrival.mask;
    if (arrival.reduction != Reduction::none) {
      barrier.true_count += static_cast<std::uint32_t>(std::popcount(arrival.predicate & arrival.mask));
      barrier.results.push_back({&warp, arrival.mask, arrival.result, arrival.reduction});
    }
    warp.wait_at_barrier(arrival.barrier, arrival.mask);
  }
  if (is_complete(barrier)) complete(arrival.barrier);
}

bool Block::is_complete(const Barrier& barrier) const {
  if (!barrier.in_use) return false;
  std::uint32_t threads = 0;
  bool are_all_here = true;
  for (std::size_t i = 0; i < warps_.size(); ++i) {
    const std::uint32_t arrived = barrier.arrived[i];
    const bool is_whole = (arrived & warps_[i].live()) == warps_[i].live();
    are_all_here &= is_whole;
    // A warp that arrives as a whole counts as 32, however many threads it has.
    if (arrived != 0) threads += is_whole ? kLanes : static_cast<std::uint32_t>(std::popcount(arrived));
  }
  return barrier.threads == 0 ? are_all_here : threads >= barrier.threads;
}

void Block::complete(std::uint32_t id) {
  Barrier& barrier = barriers_[id];
  std::uint32_t exited_warps = 0;
  std::string exited;
  for (std::size_t i = 0; i < warps_.size(); ++i) {
    const std::uint32_t gone = warps_[i].existing() & ~warps_[i].live() & ~barrier.arrived[i];
    if (gone != 0) {
      if (exited_warps++ < 4) exited += "\n  warp " + std::to_string(i) + ": lanes " + lane_list(gone);
    }
  }
  for (const Barrier::Result& result : barrier.results) {
    if (result.reduction == Reduction::popc) {
      blend_value(result.warp->lanes<std::uint32_t>(result.offset), barrier.true_count, result.mask);
    } else {
      const bool value =
          result.reduction == Reduction::and_ ? barrier.true_count == barrier.arrivals : barrier.true_count != 0;
      std::uint32_t& predicate = result.warp->predicate(result.offset);
      predicate = value ? predicate | result.mask : predicate & ~result.mask;
    }
  }
  if (barrier.threads == 0 && exited_warps != 0) {
    for (const Warp& warp : warps_) {
      if (barrier.waiting[warp.index()] == 0) continue;
      execution_.report(FindingKind::divergence, warp, barrier.waiting[warp.index()],
                        "barrier " + std::to_string(id) + " of all threads was passed after some had exited:" + exited);
      break;
    }
  }
  if (execution_.checks != nullptr) {
    for (std::size_t i = 0; i < warps_.size(); ++i) {
      const std::uint32_t gone = barrier.threads == 0 ? ~warps_[i].live() : 0;
      barrier.arrived[i] |= gone;
      barrier.waiting[i] |= gone;
    }
    execution_.checks->barrier(static_cast<std::uint32_t>(index_), barrier.arrived, barrier.waiting);
  }
  for (Warp& warp : warps_) warp.release(id);
  std::fill(barrier.arrived.begin(), barrier.arrived.end(), 0);
  std::fill(barrier.waiting.begin(), barrier.waiting.end(), 0);
  barrier.results.clear();
  barrier.true_count = barrier.arrivals = 0;
  barrier.in_use = false;
  ++execution_.barriers;
  execution_.last_progress = execution_.executed;
}

void Block::complete_those_that_can() {
  for (std::uint32_t id = 0; id < barriers_.size(); ++id) {
    if (is_complete(barriers_[id])) complete(id);
  }
}

std::string Block::describe_waits() const {
  std::string text;
  for (const Warp& warp : warps_) {
    const std::uint32_t exited = warp.existing() & ~warp.live();
    if (exited != 0) text += "  warp " + std::to_string(warp.index()) + ", lanes " + lane_list(exited) + ": exited\n";
    for (const Warp::Group& group : warp.groups()) {
      text += "  warp " + std::to_string(warp.index()) + ", lanes " + lane_list(group.mask);
      std::uint32_t pc = group.pc;
      if (group.wait == Warp::Wait::barrier) {
        text += ": wait at barrier " + std::to_string(group.barrier);
        --pc;
      } else if (group.wait == Warp::Wait::lanes) {
        text += ": wait for lanes " + lane_list(group.wanted & warp.live() & ~group.mask);
      }
      text += ", at " + execution_.kernel.describe(execution_.kernel.origins[pc].instruction) + "\n";
    }
  }
  if (!text.empty()) text.pop_back();
  return text;
}

// Nothing can run, and not all has exited.
void Block::report_standstill() {
  for (const Warp& warp : warps_) {
    for (const Warp::Group& group : warp.groups()) {
      if (group.wait == Warp::Wait::lanes) {
        execution_.fault(
            Outcome::launch_failure, FindingKind::divergence, warp, group.mask,
            "lanes wait at an instruction that they must execute together with others, which will not come\n" +
                describe_waits());
        return;
      }
    }
  }
  for (const Warp& warp : warps_) {
    if (warp.is_done()) continue;
    execution_.fault(
        Outcome::timeout, FindingKind::deadlock, warp, warp.live(),
        "all threads that have not exited wait at barriers that nobody will complete\n" + describe_waits());
    return;
  }
}

}  // namespace vgpu::machine
