#pragma once

#include <initializer_list>

#include "setting.h"

namespace ki::bench {

// The main of a program: has `add` register benchmarks for each of the instruction sets that the machine has, on one thread
// and on two, and runs those that the command line asks for. Returns what main returns.
int run_benchmarks(int argc, char** argv, void (*add)(const Setting& setting),
                   std::initializer_list<const char*> targets = {"avx2", "avx3"});

}  // namespace ki::bench
