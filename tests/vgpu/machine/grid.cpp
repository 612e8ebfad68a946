// Runs the blocks of a launch: one after the other, or several when one waits for what another must do.
#include <xmmintrin.h>

#include <deque>
#include <memory>
#include <numeric>
#include <optional>
#include <vector>

#include "machine/block.h"
#include "machine/execution.h"
#include "machine/program.h"

namespace vgpu {
namespace machine {
namespace {

// In which order blocks start.
class Order {
 public:
  Order(std::uint64_t count, const Settings& settings, Random& random) : count_(count), schedule_(settings.schedule) {
    if (schedule_ != Schedule::random) return;
    // A walk with a step that shares no divisor with the count visits each block once.
    first_ = random.below(count);
    do {
      step_ = 1 + random.below(count);
    } while (std::gcd(step_, count) != 1);
  }

  std::uint64_t at(std::uint64_t i) const {
    switch (schedule_) {
      case Schedule::forward: return i;
      case Schedule::reverse: return count_ - 1 - i;
      case Schedule::random:
        return static_cast<std::uint64_t>((first_ + static_cast<unsigned __int128>(i) * step_) % count_);
    }
    return i;
  }

 private:
  std::uint64_t count_;
  Schedule schedule_;
  std::uint64_t first_ = 0, step_ = 1;
};

// Results must not depend on the rounding or flushing that the caller has set.
class FloatingPointEnvironment {
 public:
  FloatingPointEnvironment() : saved_(_mm_getcsr()) { _mm_setcsr(0x1F80); }
  ~FloatingPointEnvironment() { _mm_setcsr(saved_); }
  FloatingPointEnvironment(const FloatingPointEnvironment&) = delete;
  FloatingPointEnvironment& operator=(const FloatingPointEnvironment&) = delete;

 private:
  unsigned saved_;
};

// Runs until all blocks are done. Blocks that stand in a loop of looks at memory stay resident and are taken in turns
// with new ones.
void run_blocks(Execution& execution) {
  const Dim3& grid = execution.launch.grid;
  const std::uint64_t count = std::uint64_t{grid.x} * grid.y * grid.z;
  const Order order(count, execution.settings, execution.random);
  std::vector<std::unique_ptr<Block>> idle;
  std::deque<std::unique_ptr<Block>> resident;
  std::uint64_t started = 0;
  while (!execution.has_ended() && (started < count || !resident.empty())) {
    if (started < count) {
      std::unique_ptr<Block> block;
      if (idle.empty()) {
        block = std::make_unique<Block>(execution);
      } else {
        block = std::move(idle.back());
        idle.pop_back();
      }
      block->start(order.at(started++));
      resident.push_front(std::move(block));
    }
    std::unique_ptr<Block> block = std::move(resident.front());
    resident.pop_front();
    if (block->run() == Block::State::done) {
      idle.push_back(std::move(block));
      // Who waits gets a look before the next one starts.
      if (!resident.empty() && started < count && !execution.has_ended()) {
        block = std::move(resident.front());
        resident.pop_front();
        if (block->run() == Block::State::done) {
          idle.push_back(std::move(block));
        } else {
          resident.push_back(std::move(block));
        }
      }
    } else {
      resident.push_back(std::move(block));
    }
  }
}

}  // namespace
}  // namespace machine

Outcome execute(const Launch& launch, const Settings& settings, DeviceMemory& memory, Findings& findings,
                Counters* counters) {
  const auto& program = static_cast<const machine::LoadedProgram&>(*launch.program);
  const machine::Kernel* kernel = nullptr;
  try {
    kernel = &program.decoded(launch.kernel);
  } catch (const ptx::ParseError& error) {
    findings.add(FindingKind::unknown_instruction, program.kernel_name(launch.kernel), error.line, error.line,
                 error.what());
    return Outcome::illegal_instruction;
  }
  const LaunchShape shape{kernel->name, launch.grid, launch.block,
                          kernel->dynamic_shared_offset + launch.dynamic_shared_bytes};
  std::optional<Checks> checks;
  if (settings.checks) checks.emplace(shape, *kernel, memory, findings);
  const Report report(shape, *kernel, findings);
  Counters* const counted = settings.counters ? counters : nullptr;
  machine::Execution execution(*kernel, launch, settings, memory, checks ? &*checks : nullptr, counted, report);
  const machine::FloatingPointEnvironment environment;
  machine::run_blocks(execution);
  if (counted != nullptr) machine::add_counts(execution, *counted);
  return execution.outcome();
}

}  // namespace vgpu
