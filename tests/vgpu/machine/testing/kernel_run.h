// Runs a kernel of hand-written PTX on memory of the test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "checks/findings.h"
#include "machine/launch.h"
#include "memory/device_memory.h"

namespace vgpu::testing {

class KernelRun {
 public:
  KernelRun() : memory_(std::uint64_t{1} << 30) { settings.watchdog_instructions = 20'000'000; }
  explicit KernelRun(const std::string& ptx) : KernelRun() { load(ptx); }

  void load(const std::string& ptx) { program_ = Program::load(ptx, memory_); }

  // A buffer on the device, and back.
  template <class T>
  std::uint64_t upload(const std::vector<T>& values) {
    const std::uint64_t bytes = values.size() * sizeof(T);
    const std::uint64_t address = memory_.allocate(bytes).value();
    std::memcpy(memory_.resolve(address, bytes), values.data(), bytes);
    memory_.set_initialised(address, bytes);
    return address;
  }
  template <class T>
  std::vector<T> download(std::uint64_t address, std::size_t count) {
    std::vector<T> values(count);
    std::memcpy(values.data(), memory_.resolve(address, count * sizeof(T)), count * sizeof(T));
    return values;
  }

  // Arguments are laid out as the kernel says.
  template <class... Arguments>
  Outcome launch(const std::string& name, Dim3 grid, Dim3 block, std::uint32_t shared, Arguments... arguments) {
    Launch launch;
    launch.program = program_.get();
    launch.kernel = program_->kernel(name);
    if (launch.kernel < 0) throw std::runtime_error("no kernel " + name);
    launch.grid = grid;
    launch.block = block;
    launch.dynamic_shared_bytes = shared;
    const KernelFacts& facts = program_->facts(launch.kernel);
    std::vector<std::byte> parameters(facts.parameter_bytes);
    std::size_t i = 0;
    const auto put = [&](const auto& argument) {
      std::memcpy(parameters.data() + facts.parameters[i++].offset, &argument, sizeof argument);
    };
    (put(arguments), ...);
    launch.parameters = parameters;
    counters = Counters();
    return execute(launch, settings, memory_, findings, &counters);
  }

  // All findings in one text, for tests that expect none or look for words.
  std::string report() const {
    std::string text;
    for (const Finding& finding : findings.all()) text += std::string(name(finding.kind)) + ": " + finding.text + "\n";
    return text;
  }

  DeviceMemory& memory() { return memory_; }
  const Program& program() const { return *program_; }

  Settings settings;
  Findings findings;
  Counters counters;

 private:
  DeviceMemory memory_;
  std::unique_ptr<Program> program_;
};

}  // namespace vgpu::testing
