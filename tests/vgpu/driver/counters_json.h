// Counters and findings as JSON.
#pragma once

#include <span>
#include <string>

#include "checks/counters.h"
#include "checks/findings.h"

namespace vgpu::driver {

std::string to_json(std::span<const Counters> launches);
std::string to_json(std::span<const Finding> findings);
std::string json_string(const std::string& text);  // with quotes

}  // namespace vgpu::driver
