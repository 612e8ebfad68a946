// From what a program gives cuModuleLoadData to the text that is decoded.
#pragma once

#include <string>
#include <string_view>

#include "driver/configuration.h"

namespace vgpu::driver {

enum class ImageKind { text, cubin, fat_binary };

// What an image is, by its first bytes.
ImageKind kind_of_image(const void* image);

// Without `.loc`, `.file`, `.section` blocks and blank lines: what two builds of the same code have in common.
std::string without_line_information(std::string_view ptx);

// The unstripped text that belongs to a stripped one, if the folder of sources has it and it is the same code; else the
// text itself.
std::string with_line_information(const std::string& ptx, const std::string& folder);

}  // namespace vgpu::driver
