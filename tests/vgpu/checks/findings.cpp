#include "checks/findings.h"

#include <algorithm>
#include <utility>

namespace vgpu {

const char* name(FindingKind kind) {
  switch (kind) {
    case FindingKind::shared_race: return "shared_race";
    case FindingKind::global_race: return "global_race";
    case FindingKind::in_flight_copy: return "in_flight_copy";
    case FindingKind::uninitialised_read: return "uninitialised_read";
    case FindingKind::out_of_bounds: return "out_of_bounds";
    case FindingKind::use_after_free: return "use_after_free";
    case FindingKind::host_pointer: return "host_pointer";
    case FindingKind::misaligned: return "misaligned";
    case FindingKind::divergence: return "divergence";
    case FindingKind::deadlock: return "deadlock";
    case FindingKind::endless_spin: return "endless_spin";
    case FindingKind::trap: return "trap";
    case FindingKind::assertion: return "assertion";
    case FindingKind::unknown_instruction: return "unknown_instruction";
    case FindingKind::legacy_symbol: return "legacy_symbol";
    case FindingKind::internal: return "internal";
  }
  return "unknown";
}

void Findings::add(FindingKind kind, const std::string& kernel, std::uint32_t instruction,
                   std::uint32_t other_instruction, std::string text) {
  const auto [low, high] = std::minmax(instruction, other_instruction);
  const std::lock_guard lock(mutex_);
  const auto [known, is_new] = known_.try_emplace({kind, kernel, low, high}, findings_.size());
  if (is_new) {
    findings_.push_back({kind, std::move(text)});
  } else {
    ++findings_[known->second].times;
  }
}

bool Findings::repeat(FindingKind kind, const std::string& kernel, std::uint32_t instruction,
                      std::uint32_t other_instruction) {
  const auto [low, high] = std::minmax(instruction, other_instruction);
  const std::lock_guard lock(mutex_);
  const auto known = known_.find({kind, kernel, low, high});
  if (known == known_.end()) return false;
  ++findings_[known->second].times;
  return true;
}

std::vector<Finding> Findings::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<Finding> findings = findings_;
  for (Finding& finding : findings) {
    if (finding.times > 1) finding.text += "\n  met " + std::to_string(finding.times) + " times";
  }
  return findings;
}

std::size_t Findings::count() const {
  const std::lock_guard lock(mutex_);
  return findings_.size();
}

std::uint64_t Findings::total() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t total = 0;
  for (const Finding& finding : findings_) total += finding.times;
  return total;
}

void Findings::clear() {
  const std::lock_guard lock(mutex_);
  known_.clear();
  findings_.clear();
}

}  // namespace vgpu
