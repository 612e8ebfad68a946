// What vgpu-run prints after a launch.
#pragma once

#include <string>

#include "checks/counters.h"
#include "checks/findings.h"
#include "machine/launch.h"

namespace vgpu::run {

const char* name(Outcome outcome);

// For a person: findings first, then the counters as a table.
std::string as_text(Outcome outcome, const Findings& findings, const Counters* counters);
std::string as_json(Outcome outcome, const Findings& findings, const Counters* counters);

}  // namespace vgpu::run
