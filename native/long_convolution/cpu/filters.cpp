#include "long_convolution/cpu/filters.h"

#include <algorithm>
#include <cstdlib>

#include "long_convolution/cpu/plan.h"
#include "long_convolution/cpu/row_transform.h"
#include "long_convolution/cpu/rows.h"
#include "long_convolution/cpu/spectrum_fft.h"
#include "long_convolution/cpu/transform_kernel.h"
#include "long_convolution/cpu/work.h"

namespace ki::long_convolution::cpu {
namespace {

using ki::cpu::CpuDevice;
using Number = std::complex<double>;

// Of a worker: the points, which take two where taps are masked, and the taps.
constexpr int kArrays = 3, kTaps = 2;

// Taps that the plan's filters have: masked ones are as many as the transform takes.
std::int64_t taps_of(const CpuPlan& plan) {
  return plan.tap_mask() != nullptr ? plan.fft_size() : plan.options().taps();
}

Arrays arrays_in(void* memory, const CpuPlan& plan) {
  const std::int64_t scratch_floats = RowTransform::scratch_floats(plan, plan.options().taps());
  return Arrays(memory, plan.layout().half_points(), kArrays, scratch_floats);
}

// The spectrum of a worker's taps, a row of 2 * half_points floats with zeros behind them.
void transform_taps(CpuPlan& plan, ki::cpu::SimdTarget target, std::int64_t channel, const Arrays& arrays, int worker) {
  float *taps = arrays.of(worker, kTaps), *scratch = arrays.scratch(worker);
  if (plan.tap_mask() != nullptr) plan.tap_mask()->apply(taps, arrays.of(worker, 0));
  const std::int64_t points = plan.layout().points, half = plan.layout().half_points();
  const TransformKernels& transforms = transform_kernels(target);
  float* spectrum = plan.spectrum(channel);
  const RowTransform transform(plan, target, plan.options().taps());
  const RowIn row{taps, taps_of(plan) > half ? taps + half : nullptr};
  transform.forward(transform.decimate(row, scratch), spectrum);
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
  std::fill_n(taps, 2 * plan.layout().half_points(), 0.0f);
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
        array_bytes(arrays_in(nullptr, plan).bytes(work.workers)),
        memory(static_cast<std::byte*>(
            stream.workspace(array_bytes + 2 * size * static_cast<std::uint64_t>(work.workers)))),
        arrays(arrays_in(memory, plan)) {}

  Number* numbers(int worker, int array) const {
    return reinterpret_cast<Number*>(memory + array_bytes + static_cast<std::uint64_t>(2 * worker + array) * size);
  }

  Work work;
  std::uint64_t size, array_bytes;
  std::byte* memory;
  Arrays arrays;
};

// The plan's spectrum with a mask has the very frequencies that callers see, in another order, if not all of them. Calls
// body(frequency, re, gain): where a frequency's real part is, the imaginary one being `lanes` behind it, and how much
// larger it is than the caller's. Of those above the middle, which are the conjugates of others, the frequency is given
// as negative.
template <class Body>
void for_kept(const CpuPlan& plan, const Body& body) {
  const Transform& transform = plan.transform();
  for (std::int64_t place = 0; place < transform.points(); ++place) {
    const std::int64_t above = transform.frequency(place), below = transform.points() - above;
    const std::int64_t frequency = above <= below ? above : -below;
    if (!plan.options().keeps(std::abs(frequency))) continue;
    body(frequency, transform.float_index(place), plan.spectrum_gain(std::abs(frequency)));
  }
}

void set_masked_spectrum(CpuDevice& cpu, CpuPlan& plan, const Tensor& spectrum) {
  const Work work(cpu.pool(), plan.options().channels, plan.layout().points);
  work.run(cpu.pool(), [&](std::int64_t channel, int) {
    float* to = std::fill_n(plan.spectrum(channel), 2 * plan.layout().points, 0.0f) - 2 * plan.layout().points;
    for_kept(plan, [&](std::int64_t frequency, std::int64_t re, double gain) {
      const float* from = element(spectrum, channel, std::abs(frequency));
      const bool real = frequency == 0 || 2 * frequency == plan.fft_size();
      to[re] = static_cast<float>(gain * from[0]);
      if (!real)
        to[re + plan.transform().lanes()] = static_cast<float>(frequency < 0 ? -gain * from[1] : gain * from[1]);
    });
  });
}

void get_masked_spectrum(CpuDevice& cpu, const CpuPlan& plan, const Tensor& spectrum) {
  const Work work(cpu.pool(), plan.options().channels, plan.fft_size());
  work.run(cpu.pool(), [&](std::int64_t channel, int) {
    for (std::int64_t f = 0; f <= plan.fft_size() / 2; ++f) std::fill_n(element(spectrum, channel, f), 2, 0.0f);
    const float* from = plan.spectrum(channel);
    for_kept(plan, [&](std::int64_t frequency, std::int64_t re, double gain) {
      if (frequency < 0) return;
      float* to = element(spectrum, channel, frequency);
      const bool real = frequency == 0 || 2 * frequency == plan.fft_size();
      to[0] = static_cast<float>(from[re] / gain);
      to[1] = real ? 0.0f : static_cast<float>(from[re + plan.transform().lanes()] / gain);
    });
  });
}

}  // namespace

void set_filter(Device& device, Stream& stream, Plan& plan, const Tensor& filter) {
  auto& cpu = static_cast<CpuDevice&>(device);
  auto& made = static_cast<CpuPlan&>(plan);
  const Work work(cpu.pool(), made.options().channels, made.layout().half_points());
  const Arrays arrays = arrays_in(stream.workspace(arrays_in(nullptr, made).bytes(work.workers)), made);
  work.run(cpu.pool(), [&](std::int64_t channel, int worker) {
    read_taps(made, cpu.target(), filter, channel, arrays.of(worker, 0), arrays.of(worker, kTaps));
    transform_taps(made, cpu.target(), channel, arrays, worker);
  });
}

void set_spectrum(Device& device, Stream& stream, Plan& plan, const Tensor& spectrum) {
  auto& cpu = static_cast<CpuDevice&>(device);
  auto& made = static_cast<CpuPlan&>(plan);
  if (made.mask() != nullptr) return set_masked_spectrum(cpu, made, spectrum);
  const std::int64_t size = made.fft_size(), half = size / 2;
  const SpectrumFft fft(size);
  const SpectrumMemory memory(cpu, stream, made);
  memory.work.run(cpu.pool(), [&](std::int64_t channel, int worker) {
    // The inverse transform of a real row's spectrum is the conjugate of its conjugate's transform, divided by the
    // size.
    Number* numbers = memory.numbers(worker, 0);
    for (std::int64_t f = 0; f <= half; ++f) {
      const float* from = element(spectrum, channel, f);
      const bool real = f == 0 || f == half;
      const Number value(from[0], real ? 0.0 : from[1]);
      if (!real) numbers[size - f] = value;
      numbers[f] = std::conj(value);
    }
    fft.forward(numbers, memory.numbers(worker, 1));
    float* taps = memory.arrays.of(worker, kTaps);
    std::fill_n(taps, 2 * made.layout().points, 0.0f);
    for (std::int64_t i = 0; i < taps_of(made); ++i) {
      taps[i] = static_cast<float>(numbers[i].real() / static_cast<double>(size));
    }
    transform_taps(made, cpu.target(), channel, memory.arrays, worker);
  });
}

void get_spectrum(Device& device, Stream& stream, const Plan& plan, const Tensor& spectrum) {
  auto& cpu = static_cast<CpuDevice&>(device);
  const auto& made = static_cast<const CpuPlan&>(plan);
  if (made.mask() != nullptr) return get_masked_spectrum(cpu, made, spectrum);
  const std::int64_t size = made.fft_size(), points = made.layout().points;
  const SpectrumFft fft(size);
  const SpectrumMemory memory(cpu, stream, made);
  const TransformKernels& transforms = transform_kernels(cpu.target());
  memory.work.run(cpu.pool(), [&](std::int64_t channel, int worker) {
    float *z = memory.arrays.of(worker, 0), *taps = memory.arrays.of(worker, kTaps);
    std::copy_n(made.spectrum(channel), 2 * points, z);
    transforms.inverse(made.transform(), z, {taps, taps + points});
    if (made.tap_mask() != nullptr) made.tap_mask()->change_signs(taps);
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
