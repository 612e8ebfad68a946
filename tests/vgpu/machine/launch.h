// Executes a kernel of a loaded module.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "arithmetic/rounding.h"
#include "checks/counters.h"
#include "checks/findings.h"
#include "checks/launch_shape.h"
#include "memory/device_memory.h"

namespace vgpu {

enum class Schedule { forward, reverse, random };

struct Settings {
  Schedule schedule = Schedule::forward;
  std::uint64_t seed = 0;
  Rounding rounding = Rounding::exact;
  bool checks = true;
  bool counters = true;
  std::uint64_t watchdog_instructions = 2'000'000'000;  // of one warp without progress elsewhere: an endless spin
};

struct KernelFacts {  // cuFuncGetAttribute
  std::uint32_t max_threads = 1024, static_shared_bytes = 0, local_bytes = 0, constant_bytes = 0, registers = 0;
  std::uint32_t parameter_bytes = 0;
  std::size_t parameter_count = 0;
  struct Parameter {
    std::uint32_t offset, size_bytes;
  };
  std::span<const Parameter> parameters;  // cuLaunchKernel's kernelParams are read by these
};

// A module, decoded, its variables placed in device memory. Throws ptx::ParseError for text it does not understand.
class Program {
 public:
  static std::unique_ptr<Program> load(std::string_view ptx, DeviceMemory& memory);
  virtual ~Program() = default;  // frees its variables
  struct Symbol {
    std::uint64_t address, size_bytes;
  };
  virtual const Symbol* variable(std::string_view name) const = 0;  // null: no such variable
  virtual int kernel(std::string_view name) const = 0;              // -1: no such kernel
  virtual const KernelFacts& facts(int kernel) const = 0;
};

struct Launch {
  const Program* program = nullptr;
  int kernel = -1;
  Dim3 grid, block;
  std::uint32_t dynamic_shared_bytes = 0;
  std::span<const std::byte> parameters;  // laid out as KernelFacts::parameters says
};

// How a launch ended. All but `done` are sticky: the driver makes of them the error a real one would report.
enum class Outcome {
  done,
  illegal_address,
  misaligned_address,
  illegal_instruction,
  launch_failure,
  timeout,
  assertion
};

// Runs to the end. Faults and findings go to `findings`; `counters` may be null.
Outcome execute(const Launch& launch, const Settings& settings, DeviceMemory& memory, Findings& findings,
                Counters* counters);

}  // namespace vgpu
