// The machine's ceiling: how fast float32 multiply-adds run when nothing else is done.
#pragma once

#include "setting.h"

namespace ki::bench {

struct RoofSample {
  double flops = 0;    // floating-point operations of all threads
  double seconds = 0;  // of the slowest thread
};

// Runs the multiply-adds of the target's vectors on all threads at once, each on a processor of its own, for some
// 10 milliseconds. The processor has the target.
RoofSample sample_roof(const Setting& setting);

}  // namespace ki::bench
