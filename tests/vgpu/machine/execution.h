// One launch while it runs: what all its blocks share.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checks/checks.h"
#include "checks/counters.h"
#include "checks/report.h"
#include "machine/kernel.h"
#include "machine/launch.h"
#include "machine/random.h"
#include "memory/memory_view.h"

namespace vgpu::machine {

class Block;
class Warp;

class Execution {
 public:
  // `checks` and `counters` may be null.
  Execution(const Kernel& kernel, const Launch& launch, const Settings& settings, DeviceMemory& memory, Checks* checks,
            Counters* counters, const Report& report);

  const Kernel& kernel;
  const Launch& launch;
  const Settings& settings;
  DeviceMemory& memory;
  Checks* checks;  // null: nothing is checked
  MemoryView view;
  Random random;
  std::uint32_t shared_bytes;
  std::vector<std::uint64_t> counts;  // executions of each op
  std::uint64_t barriers = 0;
  std::uint64_t local_bytes = 0;    // moved
  std::uint64_t executed = 0;       // instructions of all warps, up to the last slice
  std::uint64_t last_progress = 0;  // `executed` when a lane last exited or a barrier was completed

  // A clock for kernels: it grows with every look.
  std::uint64_t now() { return executed + ++looks_at_clock_; }

  Outcome outcome() const { return outcome_; }
  bool has_ended() const { return outcome_ != Outcome::done; }

  // Ends the launch. `lanes` are those to name.
  void fault(Outcome outcome, FindingKind kind, const Warp& warp, std::uint32_t lanes, const std::string& what);
  void end(Outcome outcome) { outcome_ = outcome; }

  // Tells of a mistake that hardware would not stop at.
  void report(FindingKind kind, const Warp& warp, std::uint32_t lanes, const std::string& what);

  std::uint32_t instruction_of(const Warp& warp) const;

  // Whether anybody wants to hear of accesses.
  bool is_watched() const { return checks != nullptr || counters_ != nullptr; }
  // What an access cost; null where nothing is counted.
  Counters::Shared* shared_counter(std::uint32_t instruction);
  Counters::Global* global_counter(std::uint32_t instruction);

 private:
  Counters* counters_;
  const Report& report_;
  std::vector<Counters::Shared*> shared_counters_;  // by instruction
  std::vector<Counters::Global*> global_counters_;
  Outcome outcome_ = Outcome::done;
  std::uint64_t looks_at_clock_ = 0;
};

}  // namespace vgpu::machine
