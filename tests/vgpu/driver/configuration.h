// What the environment and vgpu.h can set.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "machine/launch.h"

namespace vgpu::driver {

struct Configuration {
  Configuration() { settings.counters = false; }

  Settings settings;               // of launches that are issued from now on
  std::string sources;             // folder of unstripped PTX; empty: none
  std::string mutation;            // made to modules that are loaded from now on; empty: none
  std::uint64_t patience_ms = 10;  // how long work for which nobody waits is left lying
  int devices = 1;
  std::uint64_t memory_bytes = 40ull << 30;  // of each device
};

// Reads the environment. What it cannot read it says on standard error and leaves at the default.
Configuration configuration_from_environment();

// Changes one setting by its name, as vgpu_set does. False if the name or the value is none it knows.
bool set(Configuration& configuration, const std::string& name, const std::string& value);

// The value of a setting, as `set` takes it; nothing for an unknown name.
std::optional<std::string> get(const Configuration& configuration, const std::string& name);

const char* name(Schedule schedule);

}  // namespace vgpu::driver
