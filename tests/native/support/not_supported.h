#pragma once

#include <gtest/gtest.h>

#include <string>

#include "support/backends.h"
#include "support/handles.h"

namespace ki::test {

/// The backends that have answered that they do not support a case, and what they named.
class NotSupportedList {
 public:
  /// Runs a test on a backend, and notes it if the library answers that this is not supported.
  template <class Test>
  void run(const Backend& backend, Test test) {
    try {
      test();
    } catch (const NotSupported& refusal) {
      text_ += "\n" + backend.name() + ": " + refusal.what();
    }
  }

  /// The one place that decides what becomes of a case that was refused: it fails, for nothing that these tests ask for is to be
  /// refused anywhere.
  void report() const {
    if (!text_.empty()) ADD_FAILURE() << "not supported by" << text_;
  }

 private:
  std::string text_;
};

}  // namespace ki::test
