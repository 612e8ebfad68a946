// Runs another program to its end, with its output kept.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace ki::test {

struct ChildResult {
  enum class End { exited, killed, timed_out } end = End::exited;
  int code = 0;  ///< exit code, or the signal that killed it
  std::string output;
};

using Variables = std::vector<std::pair<std::string, std::string>>;

/// `variables` are added to this process's environment; an empty value removes one.
ChildResult run_child(const std::vector<std::string>& arguments, const Variables& variables,
                      std::chrono::seconds patience);

}  // namespace ki::test
