// JSON of counters and findings: see counters_json.h.
#include "driver/counters_json.h"

#include <cstdio>

namespace vgpu::driver {

namespace {

template <typename Items, typename Write>
std::string joined(const Items& items, char open, char close, Write&& write) {
  std::string text(1, open);
  for (const auto& item : items) {
    if (text.size() > 1) text += ", ";
    text += write(item);
  }
  return text + close;
}

std::string field(const char* name, std::uint64_t value) {
  return "\"" + std::string(name) + "\": " + std::to_string(value);
}

std::string launch_json(const Counters& c) {
  std::string text = "{\"kernel\": " + json_string(c.kernel);
  text += ", \"instructions\": " + joined(c.instructions, '{', '}', [](const auto& entry) {
            return json_string(entry.first) + ": " + std::to_string(entry.second);
          });
  text += ", " + field("tensor_instructions", c.tensor_instructions) + ", " + field("barriers", c.barriers);
  text += ", \"shared\": " + joined(c.shared, '{', '}', [](const auto& entry) {
            const auto& s = entry.second;
            return json_string(entry.first) + ": {" + field("requests", s.requests) + ", " +
                   field("wavefronts", s.wavefronts) + ", " + field("ideal_wavefronts", s.ideal_wavefronts) + ", " +
                   field("bytes", s.bytes) + "}";
          });
  text += ", \"global\": " + joined(c.global, '{', '}', [](const auto& entry) {
            const auto& g = entry.second;
            return json_string(entry.first) + ": {" + field("requests", g.requests) + ", " +
                   field("sectors", g.sectors) + ", " + field("ideal_sectors", g.ideal_sectors) + ", " +
                   field("bytes", g.bytes) + "}";
          });
  return text + ", " + field("local_bytes", c.local_bytes) + "}";
}

}  // namespace

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

std::string to_json(std::span<const Counters> launches) { return joined(launches, '[', ']', launch_json); }

std::string to_json(std::span<const Finding> findings) {
  return joined(findings, '[', ']', [](const Finding& finding) {
    return "{\"kind\": " + json_string(name(finding.kind)) + ", \"text\": " + json_string(finding.text) + "}";
  });
}

}  // namespace vgpu::driver
