// The filters of a plan on the CPU: set from taps or from a spectrum, and read as a spectrum.
#pragma once

#include "long_convolution/problem.h"

namespace ki::long_convolution::cpu {

void set_filter(Device& device, Stream& stream, Plan& plan, const Tensor& filter);
void set_spectrum(Device& device, Stream& stream, Plan& plan, const Tensor& spectrum);
void get_spectrum(Device& device, Stream& stream, const Plan& plan, const Tensor& spectrum);

}  // namespace ki::long_convolution::cpu
