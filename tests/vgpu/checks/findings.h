// What the virtual GPU has to say about a program: each finding once, with both threads and both source lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

namespace vgpu {

enum class FindingKind {
  shared_race,
  global_race,
  in_flight_copy,
  uninitialised_read,
  out_of_bounds,
  use_after_free,
  host_pointer,
  misaligned,
  divergence,
  deadlock,
  endless_spin,
  trap,
  assertion,
  unknown_instruction,
  legacy_symbol,
  internal,
};

const char* name(FindingKind kind);

struct Finding {
  FindingKind kind;
  std::string text;         // several lines: what, kernel, threads, source lines
  std::uint64_t times = 1;  // how often it was met
};

// There is no second instruction.
inline constexpr std::uint32_t kNoInstruction = 0xFFFFFFFF;

// Of one process. Safe to use from several threads.
class Findings {
 public:
  // The same kind at the same pair of instructions of the same kernel is kept once and counted.
  void add(FindingKind kind, const std::string& kernel, std::uint32_t instruction, std::uint32_t other_instruction,
           std::string text);
  // Counts a finding that is known already; false if it is not. Spares the work of phrasing it again.
  bool repeat(FindingKind kind, const std::string& kernel, std::uint32_t instruction, std::uint32_t other_instruction);

  std::vector<Finding> all() const;
  std::size_t count() const;    // different findings
  std::uint64_t total() const;  // with repetitions
  void clear();

 private:
  using Key = std::tuple<FindingKind, std::string, std::uint32_t, std::uint32_t>;

  mutable std::mutex mutex_;
  std::map<Key, std::size_t> known_;  // index into findings_
  std::vector<Finding> findings_;
};

}  // namespace vgpu
