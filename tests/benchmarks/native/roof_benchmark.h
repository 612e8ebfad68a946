#pragma once

#include "setting.h"

namespace ki::bench {

// Registers `roof/SETTING`: multiply-adds in registers, in FLOP/s.
void add_roof(const Setting& setting);

}  // namespace ki::bench
