// Findings as JSON: see findings_json.h.
#include "driver/findings_json.h"

#include <cstdio>

namespace vgpu::driver {

std::string json_string(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", c);
      result += escape;
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string to_json(std::span<const Finding> findings) {
  std::string text = "[";
  for (const Finding& finding : findings) {
    if (text.size() > 1) text += ", ";
    text += "{\"kind\": " + json_string(name(finding.kind)) + ", \"text\": " + json_string(finding.text) +
            ", \"times\": " + std::to_string(finding.times) + "}";
  }
  return text + "]";
}

}  // namespace vgpu::driver
