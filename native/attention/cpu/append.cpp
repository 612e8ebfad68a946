// The host side of appending: finds each new token's place.
#include "attention/cpu/append.h"

#include <algorithm>

#include "attention/cpu/at.h"
#include "cpu/cpu_device.h"

namespace ki::attention::cpu {
namespace {

using ki::cpu::CpuDevice;

// Elements that take about as long as waking a thread up (some 10 microseconds).
constexpr std::int64_t kWorthWaking = 1 << 16;

// New tokens of one sequence that a task appends.
constexpr std::int64_t kTaskTokens = 16;

AppendFunction kernel_for(const CpuDevice& device, ki_dtype cache) {
  const AppendKernels& compiled = append_kernels(device.target());
  switch (cache) {
    case KI_DTYPE_FLOAT32: return compiled.to_float32;
    case KI_DTYPE_FLOAT16: return compiled.to_float16;
    case KI_DTYPE_BFLOAT16: return compiled.to_bfloat16;
    case KI_DTYPE_INT8: return compiled.to_int8;
    default: return nullptr;
  }
}

NewToken place(const Problem& p, const Sequence& sequence, std::int64_t batch, std::int64_t token) {
  NewToken t{batch, sequence.first_new + token, sequence.key_batch, 0, sequence.cached() + token};
  t.row = t.position;
  if (p.cache.page_size > 0) {
    t.entry = *at<const std::int32_t>(p.cache.block_table, batch, t.position / p.cache.page_size);
    t.row = t.position % p.cache.page_size;
  }
  return t;
}

}  // namespace

void append(Device& device, const Problem& p) {
  auto& cpu = static_cast<CpuDevice&>(device);
  const AppendFunction kernel = kernel_for(cpu, p.key.dtype);
  std::int64_t most = 0, total = 0;
  for (std::int64_t b = 0; b < p.batch; ++b) {
    const std::int64_t count = p.sequence(b).seq_new;
    most = std::max(most, count);
    total += count;
  }
  const std::int64_t worthwhile = total * p.heads_kv * (p.head_dim + p.head_dim_v) / kWorthWaking;
  const auto workers = static_cast<int>(std::clamp<std::int64_t>(worthwhile, 1, cpu.pool().thread_count()));
  const std::int64_t tasks_of_sequence = (most + kTaskTokens - 1) / kTaskTokens;
  cpu.pool().parallel_for(p.batch * tasks_of_sequence, workers, [&](std::int64_t task, int) {
    const std::int64_t b = task / tasks_of_sequence, first = task % tasks_of_sequence * kTaskTokens;
    const Sequence sequence = p.sequence(b);
    const std::int64_t end = std::min(first + kTaskTokens, sequence.seq_new);
    for (std::int64_t token = first; token < end; ++token) kernel(p, place(p, sequence, b, token));
  });
}

}  // namespace ki::attention::cpu
