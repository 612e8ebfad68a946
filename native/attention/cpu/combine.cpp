// The host side of the combine operator.
#include "attention/cpu/combine.h"

#include <algorithm>

#include "cpu/cpu_device.h"

namespace ki::attention::cpu {
namespace {

using ki::cpu::CpuDevice;

// Elements that one task reads: some 10 microseconds of work, about what it takes to wake a thread up.
constexpr std::int64_t kTaskElements = 1 << 15;

CombineFunction kernel_for(const CpuDevice& device, ki_dtype parts, ki_dtype output) {
  const CombineKernels& compiled = combine_kernels(device.target());
  const bool wide = parts == KI_DTYPE_FLOAT32;
  switch (output) {
    case KI_DTYPE_FLOAT32: return compiled.float32_to_float32;
    case KI_DTYPE_FLOAT16: return wide ? compiled.float32_to_float16 : compiled.float16_to_float16;
    case KI_DTYPE_BFLOAT16: return wide ? compiled.float32_to_bfloat16 : compiled.bfloat16_to_bfloat16;
    default: return nullptr;
  }
}

}  // namespace

void combine(Device& device, Stream&, const CombineProblem& c) {
  auto& cpu = static_cast<CpuDevice&>(device);
  const auto& shape = c.output.shape;
  const std::int64_t rows = shape[0] * shape[1] * shape[2];
  const std::int64_t row_elements = (c.partial_outputs.shape[0] + 1) * shape[3];
  const std::int64_t task_rows = std::max<std::int64_t>(kTaskElements / row_elements, 1);
  const std::int64_t tasks = (rows + task_rows - 1) / task_rows;
  const CombineFunction kernel = kernel_for(cpu, c.partial_outputs.dtype, c.output.dtype);
  cpu.pool().parallel_for(tasks, cpu.pool().thread_count(), [&](std::int64_t task, int) {
    kernel(c, task * task_rows, std::min((task + 1) * task_rows, rows));
  });
}

}  // namespace ki::attention::cpu
