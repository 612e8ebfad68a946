#pragma once

#include <optional>
#include <string>

#include "short_convolution/short_case.h"
#include "support/handles.h"
#include "support/staging.h"

namespace ki::test {

/// The struct of the C ABI for a case whose tensors are on a device.
ki_short_convolution_problem problem_of(ShortData& data, Staging& staging);

/// Which gradients are asked for.
struct Wanted {
  bool input = true, filter = true, bias = true;
};

/// Both copy the tensors, with the poison around them, to a device and back into `data`, and say if a byte was written
/// that is no element of an output. They throw if the library refuses, NotSupported if that is why.
std::optional<std::string> run_short_forward(ShortData& data, const Device& device);
std::optional<std::string> run_short_backward(ShortData& data, const Device& device, const Wanted& wanted = {});

}  // namespace ki::test
