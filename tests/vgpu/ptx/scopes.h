// What names mean inside a function: registers, variables and labels, in nested `{ }` scopes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vgpu::ptx {

struct Name {
  enum class Kind : std::uint8_t { registers, variable, branch_targets, prototype };
  Kind kind = Kind::registers;
  std::uint32_t index = 0;
  std::uint32_t count = 0;  // of registers: `%r<10>` declares %r0 to %r9; 0: the name is that of one register
};

class Scopes {
 public:
  void open();
  void close();
  std::size_t depth() const { return open_.size(); }

  // False if the innermost scope has that name already.
  bool declare(std::string_view name, const Name& what);
  std::optional<Name> find(std::string_view name) const;

  // A label may be used before it stands somewhere, so uses get an index at once and `place` fills it in.
  std::uint32_t label(std::string_view name);
  bool place(std::string_view name, std::uint32_t instruction);

  // Ends the outermost scope. The name of a label that was used and stands nowhere, or nothing.
  std::optional<std::string_view> finish(std::vector<std::uint32_t>& labels);

 private:
  struct Scope {
    std::unordered_map<std::string_view, Name> names;
    std::unordered_map<std::string_view, std::uint32_t> labels;  // declared or used here
  };
  struct Label {
    std::string_view name;
    std::int64_t instruction = -1;
    std::int32_t outer = -1;  // the label of the same name in a scope around, once this scope has closed without it
  };
  std::vector<Scope> open_;
  std::vector<Label> labels_;
};

}  // namespace vgpu::ptx
