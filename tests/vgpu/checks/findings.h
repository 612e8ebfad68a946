// What the virtual GPU has to say about a program: each finding once, with both threads and both source lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vgpu {

enum class FindingKind {
  shared_race, global_race, in_flight_copy, uninitialised_read, out_of_bounds, use_after_free, host_pointer, misaligned,
  divergence, deadlock, endless_spin, unknown_instruction, legacy_symbol, internal,
};

const char* name(FindingKind kind);

struct Finding {
  FindingKind kind;
  std::string text;  // several lines: what, kernel, threads, source lines
};

// Of one process. Safe to use from several threads.
class Findings {
 public:
  // The same kind at the same pair of instructions of the same kernel is kept once and counted.
  void add(FindingKind kind, const std::string& kernel, std::uint32_t instruction, std::uint32_t other_instruction,
           std::string text);
  std::vector<Finding> all() const;
  std::size_t count() const;
  void clear();
};

}  // namespace vgpu
