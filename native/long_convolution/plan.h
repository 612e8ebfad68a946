// The object behind a plan's handle.
#pragma once

#include <memory>

#include "core/handles.h"
#include "long_convolution/problem.h"

struct ki_long_convolution_plan : ki::LiveHandle {
  std::shared_ptr<ki::Device> device;
  std::unique_ptr<ki::long_convolution::Plan> implementation;
  bool has_filter = false;
};

namespace ki::long_convolution {

// The operations of a plan's device.
inline const Operations& operations_of(const ki_long_convolution_plan& plan) {
  return require_operations<Operations>(*plan.device, kOperator);
}

// A handle for a new plan, without filters.
std::unique_ptr<ki_long_convolution_plan> make_plan(const std::shared_ptr<Device>& device, const PlanOptions& options);

// The stream must belong to the plan's device: a plan's layout is its device's own.
void require_same_device(const ki_stream& stream, const ki_long_convolution_plan& plan);

void require_filter(const ki_long_convolution_plan& plan);

}  // namespace ki::long_convolution
