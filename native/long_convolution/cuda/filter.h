// Filters and their spectra, into a plan and out of it.
#pragma once

#include "long_convolution/problem.h"

namespace ki::long_convolution::cuda {

void set_filter(Device& device, Stream& stream, Plan& plan, const Tensor& filter);
void set_spectrum(Device& device, Stream& stream, Plan& plan, const Tensor& spectrum);
void get_spectrum(Device& device, Stream& stream, const Plan& plan, const Tensor& spectrum);

}  // namespace ki::long_convolution::cuda
