// Says where an instruction stands.
#include "machine/kernel.h"

namespace vgpu::machine {

std::string Kernel::describe(std::uint32_t instruction) const {
  if (instruction >= lines.size()) return "an unknown place";
  const ptx::Instruction& line = *lines[instruction].instruction;
  std::string text;
  for (std::int32_t i = line.location; i >= 0;) {
    const ptx::Location& location = module->locations[static_cast<std::size_t>(i)];
    const bool is_named = location.file < module->files.size() && !module->files[location.file].empty();
    if (!text.empty()) text += ", inlined at ";
    text += (is_named ? module->files[location.file] : "file " + std::to_string(location.file)) + ":" +
            std::to_string(location.line);
    i = location.inlined_at;
  }
  if (!text.empty()) text += ", ";
  std::string statement;
  for (const char c : line.text) {
    const bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!is_blank) {
      statement += c;
    } else if (!statement.empty() && statement.back() != ' ') {
      statement += ' ';
    }
  }
  text += "PTX line " + std::to_string(line.line) + ": `" + statement + "`";
  if (!lines[instruction].function->is_entry) text += " in function " + lines[instruction].function->name;
  return text;
}

}  // namespace vgpu::machine
