// The kernels that faults are planted in.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace ki::test {

/// A module, and which cases of a test program compute by it.
struct Subject {
  std::string module;
  std::string cases;                   ///< filter of the program's tests
  std::vector<std::string> kernels{};  ///< those of the module that the cases run; all if empty
  std::string program = KI_ATTENTION_TESTS;
};

inline void PrintTo(const Subject& subject, std::ostream* stream) { *stream << subject.module; }

std::vector<Subject> attention_subjects();
std::vector<Subject> convolution_subjects();

}  // namespace ki::test
