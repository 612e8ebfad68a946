// The command line of vgpu-run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "machine/launch.h"

namespace vgpu::run {

struct Options {
  std::string file, kernel;
  Dim3 grid, block;
  std::uint32_t shared_bytes = 0;
  std::vector<std::string> arguments;
  Settings settings;
  std::string sources, mutation;
  bool json = false, list = false, list_mutations = false, help = false;
  struct Dump {
    std::size_t argument = 0;
    std::string file;  // empty: the first elements are printed
  };
  std::vector<Dump> dumps;
};

extern const char kUsage[];

// Throws ArgumentError for what it does not understand.
Options parse_options(const std::vector<std::string>& words);

}  // namespace vgpu::run
