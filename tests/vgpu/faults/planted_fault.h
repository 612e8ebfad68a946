// Runs kernels of the folder `kernels` and looks at what was found. A line of a kernel is named by its `mark:` comment.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "machine/testing/kernel_run.h"

namespace vgpu::test {

class PlantedFault : public ::testing::Test {
 protected:
  // Settings under which everything is tried: the three schedules, random ones with several seeds.
  static std::vector<Settings> schedules();

  template <typename T>
  std::uint64_t allocate(std::size_t count) {
    return device_.memory().allocate(count * sizeof(T)).value();
  }

  // Launches `kernel` of `<file>.cu`. Findings of earlier runs are forgotten.
  template <typename... Arguments>
  Outcome run(const std::string& file, const std::string& kernel, Dim3 grid, Dim3 block, Arguments... arguments) {
    load(file);
    device_.findings.clear();
    return device_.launch(kernel, grid, block, 0, arguments...);
  }

  void expect_clean() const;
  // Some finding is of this kind and names all of these lines, `file.cu:mark`, and texts.
  void expect_found(FindingKind kind, const std::vector<std::string>& lines,
                    const std::vector<std::string>& texts = {}) const;

  testing::KernelRun device_;

 private:
  void load(const std::string& file);

  std::string loaded_;
};

}  // namespace vgpu::test
