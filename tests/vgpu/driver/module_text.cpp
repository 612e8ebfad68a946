// The text of a module: see module_text.h.
#include "driver/module_text.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "driver/sha256.h"

namespace vgpu::driver {

ImageKind kind_of_image(const void* image) {
  // Byte by byte: a text may be shorter than a magic number.
  const auto starts_with = [&](std::initializer_list<unsigned char> magic) {
    const auto* bytes = static_cast<const unsigned char*>(image);
    return std::ranges::all_of(magic, [&](unsigned char expected) { return *bytes++ == expected; });
  };
  if (starts_with({0x7F, 'E', 'L', 'F'})) return ImageKind::cubin;
  if (starts_with({0x50, 0xED, 0x55, 0xBA})) return ImageKind::fat_binary;  // the container
  if (starts_with({0xB1, 0x43, 0x62, 0x46})) return ImageKind::fat_binary;  // nvcc's wrapper, which points to one
  return ImageKind::text;
}

std::string without_line_information(std::string_view ptx) {
  std::string result;
  bool in_section = false;
  while (!ptx.empty()) {
    const std::size_t end = std::min(ptx.find('\n'), ptx.size());
    std::string_view line = ptx.substr(0, end);
    ptx.remove_prefix(std::min(end + 1, ptx.size()));
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.front()))) line.remove_prefix(1);
    while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back()))) line.remove_suffix(1);
    const bool section_begins = line.starts_with(".section");
    if (in_section || section_begins) {
      in_section = line.find('}') == std::string_view::npos;
    } else if (!line.empty() && !line.starts_with(".loc") && !line.starts_with(".file") && !line.starts_with("//")) {
      result.append(line).push_back('\n');
    }
  }
  return result;
}

std::string with_line_information(const std::string& ptx, const std::string& folder) {
  if (folder.empty()) return ptx;
  const std::string path = folder + "/" + sha256(ptx) + ".ptx";
  std::ifstream file(path, std::ios::binary);
  if (!file) return ptx;
  std::ostringstream content;
  content << file.rdbuf();
  if (without_line_information(content.str()) == without_line_information(ptx)) return content.str();
  std::fprintf(stderr, "vgpu: %s is not the same code as the module it is named after, so findings have no lines\n",
               path.c_str());
  return ptx;
}

}  // namespace vgpu::driver
