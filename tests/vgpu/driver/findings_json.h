// Findings as JSON.
#pragma once

#include <span>
#include <string>

#include "checks/findings.h"

namespace vgpu::driver {

// An array of {"kind", "text", "times"}.
std::string to_json(std::span<const Finding> findings);
std::string json_string(const std::string& text);  // with quotes

}  // namespace vgpu::driver
