// Settings by name: see configuration.h.
#include "driver/configuration.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <optional>

#include "driver/mutation.h"

namespace vgpu::driver {

namespace {

std::optional<std::uint64_t> number(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool set_flag(bool& flag, const std::string& value) {
  if (value != "0" && value != "1") return false;
  flag = value == "1";
  return true;
}

bool set_number(std::uint64_t& target, const std::string& value, std::uint64_t lowest, std::uint64_t highest) {
  const auto parsed = number(value);
  if (!parsed || *parsed < lowest || *parsed > highest) return false;
  target = *parsed;
  return true;
}

}  // namespace

const char* name(Schedule schedule) {
  switch (schedule) {
    case Schedule::forward: return "forward";
    case Schedule::reverse: return "reverse";
    case Schedule::random: return "random";
  }
  return "?";
}

bool set(Configuration& configuration, const std::string& name, const std::string& value) {
  Settings& settings = configuration.settings;
  if (name == "schedule") {
    for (const Schedule schedule : {Schedule::forward, Schedule::reverse, Schedule::random}) {
      if (value != driver::name(schedule)) continue;
      settings.schedule = schedule;
      return true;
    }
    return false;
  }
  if (name == "rounding") {
    if (value != "exact" && value != "ampere") return false;
    settings.rounding = value == "exact" ? Rounding::exact : Rounding::ampere;
    return true;
  }
  if (name == "seed") return set_number(settings.seed, value, 0, UINT64_MAX);
  if (name == "watchdog") return set_number(settings.watchdog_instructions, value, 1, UINT64_MAX);
  if (name == "patience") return set_number(configuration.patience_ms, value, 0, 3'600'000);
  if (name == "checks") return set_flag(settings.checks, value);
  if (name == "counters") return set_flag(settings.counters, value);
  if (name == "sources") {
    configuration.sources = value;
    return true;
  }
  if (name == "mutation") {
    if (!value.empty() && !parse_mutation(value)) return false;
    configuration.mutation = value;
    return true;
  }
  return false;
}

std::optional<std::string> get(const Configuration& configuration, const std::string& name) {
  const Settings& settings = configuration.settings;
  if (name == "schedule") return driver::name(settings.schedule);
  if (name == "rounding") return settings.rounding == Rounding::exact ? "exact" : "ampere";
  if (name == "seed") return std::to_string(settings.seed);
  if (name == "watchdog") return std::to_string(settings.watchdog_instructions);
  if (name == "patience") return std::to_string(configuration.patience_ms);
  if (name == "checks") return settings.checks ? "1" : "0";
  if (name == "counters") return settings.counters ? "1" : "0";
  if (name == "sources") return configuration.sources;
  if (name == "mutation") return configuration.mutation;
  return std::nullopt;
}

Configuration configuration_from_environment() {
  Configuration configuration;
  const auto complain = [](const std::string& variable, const char* value) {
    std::fprintf(stderr, "vgpu: %s=%s is not understood and has no effect\n", variable.c_str(), value);
  };
  const struct {
    const char *variable, *setting;
  } table[] = {
      {"VGPU_SCHEDULE", "schedule"}, {"VGPU_SEED", "seed"},         {"VGPU_ROUNDING", "rounding"},
      {"VGPU_CHECKS", "checks"},     {"VGPU_COUNTERS", "counters"}, {"VGPU_WATCHDOG", "watchdog"},
      {"VGPU_SOURCES", "sources"},   {"VGPU_MUTATION", "mutation"}, {"VGPU_PATIENCE", "patience"},
  };
  for (const auto& [variable, setting] : table) {
    const char* value = std::getenv(variable);
    if (value != nullptr && *value != '\0' && !set(configuration, setting, value)) complain(variable, value);
  }
  if (const char* value = std::getenv("VGPU_DEVICES")) {
    std::uint64_t devices = 0;
    if (set_number(devices, value, 0, 16))
      configuration.devices = static_cast<int>(devices);
    else
      complain("VGPU_DEVICES", value);
  }
  if (const char* value = std::getenv("VGPU_MEMORY_MIB")) {
    std::uint64_t mebibytes = 0;
    if (set_number(mebibytes, value, 1, 1 << 20))
      configuration.memory_bytes = mebibytes << 20;
    else
      complain("VGPU_MEMORY_MIB", value);
  }
  return configuration;
}

}  // namespace vgpu::driver
