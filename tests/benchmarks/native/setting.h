#pragma once

#include <string>

namespace ki::bench {

// How a kernel, and the roof beside it, is run.
struct Setting {
  std::string target;  // the instruction set: `avx2`, `avx3`; empty = the best
  int threads = 1;

  std::string name() const { return target + "/threads:" + std::to_string(threads); }
};

}  // namespace ki::bench
