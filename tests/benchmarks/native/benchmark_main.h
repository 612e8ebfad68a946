#pragma once

#include "setting.h"

namespace ki::bench {

// The main of a program: has `add` register benchmarks for each instruction set of the machine, on one thread and on two,
// and runs those that the command line asks for. Returns what main returns.
int run_benchmarks(int argc, char** argv, void (*add)(const Setting& setting));

}  // namespace ki::bench
