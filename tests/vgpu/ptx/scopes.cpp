// Name lookup. `%r12` is found through the declaration `%r<100>` without a table entry for each of the hundred.
#include "ptx/scopes.h"

namespace vgpu::ptx {
namespace {

// `%r12` as register 12 of the range named `%r`, at whichever digit the name of a range ends.
std::optional<Name> find_in_ranges(const std::unordered_map<std::string_view, Name>& names, std::string_view name) {
  std::size_t digits = 0;
  std::uint64_t number = 0, scale = 1;
  while (digits < 9 && digits + 1 < name.size()) {
    const char c = name[name.size() - 1 - digits];
    if (c < '0' || c > '9') break;
    number += static_cast<std::uint64_t>(c - '0') * scale;
    scale *= 10;
    ++digits;
    const bool has_leading_zero = digits > 1 && c == '0';
    if (has_leading_zero) continue;
    const auto found = names.find(name.substr(0, name.size() - digits));
    if (found != names.end() && found->second.kind == Name::Kind::registers && number < found->second.count) {
      return Name{Name::Kind::registers, found->second.index + static_cast<std::uint32_t>(number), 0};
    }
  }
  return std::nullopt;
}

}  // namespace

void Scopes::open() { open_.emplace_back(); }

bool Scopes::declare(std::string_view name, const Name& what) { return open_.back().names.emplace(name, what).second; }

std::optional<Name> Scopes::find(std::string_view name) const {
  for (auto scope = open_.rbegin(); scope != open_.rend(); ++scope) {
    const auto found = scope->names.find(name);
    if (found != scope->names.end() && found->second.count == 0) return found->second;
    if (const auto in_range = find_in_ranges(scope->names, name)) return in_range;
  }
  return std::nullopt;
}

std::uint32_t Scopes::label(std::string_view name) {
  const auto [entry, is_new] = open_.back().labels.emplace(name, static_cast<std::uint32_t>(labels_.size()));
  if (is_new) labels_.push_back({name});
  return entry->second;
}

bool Scopes::place(std::string_view name, std::uint32_t instruction) {
  Label& placed = labels_[label(name)];
  if (placed.instruction >= 0) return false;
  placed.instruction = instruction;
  return true;
}

void Scopes::close() {
  const Scope closed = std::move(open_.back());
  open_.pop_back();
  if (open_.empty()) return;
  for (const auto& [name, index] : closed.labels) {
    if (labels_[index].instruction < 0) {
      const std::uint32_t outer = label(name);
      labels_[index].outer = static_cast<std::int32_t>(outer);
    }
  }
}

std::optional<std::string_view> Scopes::finish(std::vector<std::uint32_t>& labels) {
  labels.clear();
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    const Label* label = &labels_[i];
    while (label->outer >= 0) label = &labels_[static_cast<std::size_t>(label->outer)];
    if (label->instruction < 0) return label->name;
    labels.push_back(static_cast<std::uint32_t>(label->instruction));
  }
  return std::nullopt;
}

}  // namespace vgpu::ptx
