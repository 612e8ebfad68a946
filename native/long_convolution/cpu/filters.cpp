#include "long_convolution/cpu/filters.h"

#include <algorithm>

#include "long_convolution/cpu/plan.h"
#include "long_convolution/cpu/rows.h"
#include "long_convolution/cpu/spectrum_fft.h"
#include "long_convolution/cpu/transform_kernel.h"
#include "long_convolution/cpu/work.h"

namespace ki::long_convolution::cpu {
namespace {

using ki::cpu::CpuDevice;
using Number = std::complex<double>;

constexpr int kArrays = 2;  // of a worker: the points, and the taps

// Taps that the plan's filters have: the mask makes them as long as the transform.
std::int64_t taps_of(const CpuPlan& plan) {
  return plan.options().frequency_mask.empty() ? plan.options().taps() : plan.layout().points;
}

// The spectrum of taps, which lie in a row of 2 * points floats, zeros behind them.
void transform_taps(CpuPlan& plan, const TransformKernels& transforms, std::int64_t channel, const float* taps) {
  const std::int64_t points = plan.layout().points;
  float* spectrum = plan.spectrum(channel);
  transforms.forward(plan.transform(), {taps, taps_of(plan) > points ? taps + points : nullptr}, spectrum);
  if (plan.mask() != nullptr) {
    transforms.multiply_real(spectrum, plan.mask(), points);
  } else {
    transforms.scale(spectrum, 1.0f / static_cast<float>(points), points);
  }
}

// One channel's taps, squashed; those of a longer circular filter meet modulo the length.
void read_taps(const CpuPlan& plan, ki::cpu::SimdTarget target, const Tensor& filter, std::int64_t channel,
               float* scratch, float* taps) {
  const PlanOptions& o = plan.options();
  const std::int64_t count = o.taps(), end = o.circular ? o.filter_length : count;
  const RowKernels& rows = row_kernels(target, filter.dtype);
  std::fill_n(taps, 2 * plan.layout().points, 0.0f);
  for (std::int64_t first = 0; first < end; first += count) {
    const std::int64_t part = std::min(count, end - first);
    const std::byte* from = filter.data + (channel * filter.strides[0] + first) * size_of(filter.dtype);
    rows.widen(from, nullptr, scratch, part);
    if (o.squash > 0) float_kernels(target).squash(scratch, o.squash, part);
    for (std::int64_t i = 0; i < part; ++i) taps[i] += scratch[i];
  }
}

float* element(const Tensor& spectrum, std::int64_t channel, std::int64_t frequency) {
  return reinterpret_cast<float*>(spectrum.data) + channel * spectrum.strides[0] + frequency * spectrum.strides[1];
}

// The memory of threads that go between a plan and the spectra that callers see.
struct SpectrumMemory {
  SpectrumMemory(CpuDevice& cpu, Stream& stream, const CpuPlan& plan)
      : work(cpu.pool(), plan.options().channels, plan.fft_size()),
        size(static_cast<std::uint64_t>(plan.fft_size()) * sizeof(Number)),
        array_bytes(Arrays::bytes(plan.layout().points, kArrays, work.workers)),
        memory(static_cast<std::byte*>(
            stream.workspace(array_bytes + 2 * size * static_cast<std::uint64_t>(work.workers)))),
        arrays(memory, plan.layout().points, kArrays) {}

  Number* numbers(int worker, int array) const {
    return reinterpret_cast<Number*>(memory + array_bytes + static_cast<std::uint64_t>(2 * worker + array) * size);
  }

  Work work;
  std::uint64_t size, array_bytes;
  std::byte* memory;
  Arrays arrays;
};

}  // namespace

void set_filter(Device& device, Stream& stream, Plan& plan, const Tensor& filter) {
  auto& cpu = static_cast<CpuDevice&>(device);
  auto& made = static_cast<CpuPlan&>(plan);
  const std::int64_t points = made.layout().points;
  const Work work(cpu.pool(), made.options().channels, points);
  const Arrays arrays(stream.workspace(Arrays::bytes(points, kArrays, work.workers)), points, kArrays);
  const TransformKernels& transforms = transform_kernels(cpu.target());
  work.run(cpu.pool(), [&](std::int64_t channel, int worker) {
    float* taps = arrays.of(worker, 1);
    read_taps(made, cpu.target(), filter, channel, arrays.of(worker, 0), taps);
    transform_taps(made, transforms, channel, taps);
  });
}

void set_spectrum(Device& device, Stream& stream, Plan& plan, const Tensor& spectrum) {
  auto& cpu = static_cast<CpuDevice&>(device);
  auto& made = static_cast<CpuPlan&>(plan);
  const std::int64_t size = made.fft_size(), half = size / 2;
  const SpectrumFft fft(size);
  const SpectrumMemory memory(cpu, stream, made);
  const TransformKernels& transforms = transform_kernels(cpu.target());
  memory.work.run(cpu.pool(), [&](std::int64_t channel, int worker) {
    // The inverse transform of a real row's spectrum is the conjugate of its conjugate's transform, divided by the
    // size.
    Number* numbers = memory.numbers(worker, 0);
    for (std::int64_t f = 0; f <= half; ++f) {
      const float* from = element(spectrum, channel, f);
      const bool real = f == 0 || f == half;
      const Number value = made.options().keeps(f) ? Number(from[0], real ? 0.0 : from[1]) : Number();
      if (!real) numbers[size - f] = value;
      numbers[f] = std::conj(value);
    }
    fft.forward(numbers, memory.numbers(worker, 1));
    float* taps = memory.arrays.of(worker, 1);
    std::fill_n(taps, 2 * made.layout().points, 0.0f);
    for (std::int64_t i = 0; i < taps_of(made); ++i) {
      taps[i] = static_cast<float>(numbers[i].real() / static_cast<double>(size));
    }
    transform_taps(made, transforms, channel, taps);
  });
}

void get_spectrum(Device& device, Stream& stream, const Plan& plan, const Tensor& spectrum) {
  auto& cpu = static_cast<CpuDevice&>(device);
  const auto& made = static_cast<const CpuPlan&>(plan);
  const std::int64_t size = made.fft_size(), points = made.layout().points;
  const SpectrumFft fft(size);
  const SpectrumMemory memory(cpu, stream, made);
  const TransformKernels& transforms = transform_kernels(cpu.target());
  memory.work.run(cpu.pool(), [&](std::int64_t channel, int worker) {
    float *z = memory.arrays.of(worker, 0), *taps = memory.arrays.of(worker, 1);
    std::copy_n(made.spectrum(channel), 2 * points, z);
    transforms.inverse(made.transform(), z, {taps, taps + points});
    Number* numbers = memory.numbers(worker, 0);
    for (std::int64_t i = 0; i < size; ++i) numbers[i] = i < taps_of(made) ? taps[i] : 0.0;
    fft.forward(numbers, memory.numbers(worker, 1));
    for (std::int64_t f = 0; f <= size / 2; ++f) {
      float* to = element(spectrum, channel, f);
      const Number value = made.options().keeps(f) ? numbers[f] : Number();
      to[0] = static_cast<float>(value.real());
      to[1] = static_cast<float>(value.imag());
    }
  });
}

}  // namespace ki::long_convolution::cpu
