// What transforms over global memory need around them: windows of rows as complex points, products with the spectrum, outputs,
// and the state that a call leaves behind.
#include "cuda/ptx/special_registers.cuh"
#include "long_convolution/cuda/float32_dft.cuh"
#include "long_convolution/cuda/power_of_two.cuh"
#include "long_convolution/cuda/rows_params.h"
#include "long_convolution/cuda/window.cuh"

namespace ki::long_convolution::cuda {

// The pair of windows that a block works on; all threads get it.
template <class T>
__device__ void find_pair(Window (&windows)[2], const RowsParams& p) {
  if (ptx::tid_x() < 2) {
    find_window<T>(windows[ptx::tid_x()], p.rows, p.first + blockIdx.y, ptx::tid_x(), p.points);
  }
  __syncthreads();
}

__device__ inline float2* points_of(const RowsParams& p) {
  return reinterpret_cast<float2*>(p.data) + std::int64_t{blockIdx.y} * p.points;
}

template <class T>
__device__ float value_of(const RowsParams& p, const Window& w, int point) {
  if (p.outputs_only && (point < w.first || point >= w.last)) return 0;
  return window_value<T>(p.rows, w, point);
}

// The largest magnitude of each window. As integers, the bits of magnitudes are in the same order, NaN behind infinity.
template <class T>
__device__ void measure_rows(const RowsParams& p) {
  __shared__ Window windows[2];
  find_pair<T>(windows, p);
  const int begin = ptx::ctaid_x() * kRowsPoints, end = min(begin + kRowsPoints, p.points);
  for (int part = 0; part < 2; ++part) {
    std::uint32_t largest = 0;
    for (int point = begin + ptx::tid_x(); point < end; point += kTransformThreads) {
      largest = max(largest, __float_as_uint(fabsf(value_of<T>(p, windows[part], point))));
    }
    largest = __reduce_max_sync(0xFFFFFFFF, largest);
    if (ptx::tid_x() % kWarpSize == 0 && largest != 0) atomicMax(p.largest + 2 * blockIdx.y + part, largest);
  }
}

// How a window is scaled, so that the rounding errors of the pair's other one are not larger than its own. A window with
// something that is not finite is computed as zeros, and becomes NaN.
struct WindowScale {
  bool finite;
  float factor;

  __device__ WindowScale(const RowsParams& p, int part) {
    const std::uint32_t bits = p.scaled ? p.largest[2 * blockIdx.y + part] : 0;
    finite = bits < 0x7F800000;
    factor = finite ? power_of_two_of(__uint_as_float(bits)) : 0;
  }
  __device__ float inverse() const { return finite ? 1 / factor : __int_as_float(0x7FFFFFFF); }
};

template <class T>
__device__ void load_rows(const RowsParams& p) {
  __shared__ Window windows[2];
  find_pair<T>(windows, p);
  const int begin = ptx::ctaid_x() * kRowsPoints, end = min(begin + kRowsPoints, p.points);
  const WindowScale real(p, 0), imaginary(p, 1);
  for (int point = begin + ptx::tid_x(); point < end; point += kTransformThreads) {
    points_of(p)[point] = {real.finite ? value_of<T>(p, windows[0], point) * real.factor : 0,
                           imaginary.finite ? value_of<T>(p, windows[1], point) * imaginary.factor : 0};
  }
}

template <class T>
__device__ void store_value(const RowsParams& p, const Window& w, int point, float sum) {
  if (point < w.first || point >= w.last) return;
  if (w.output_gate != nullptr) sum *= to_float(reinterpret_cast<const T*>(w.output_gate)[point]);
  if (p.rows.skip != nullptr) sum = fmaf(w.skip, to_float(reinterpret_cast<const T*>(w.input)[point]), sum);
  ki::cuda::detail::store_element(reinterpret_cast<T*>(w.output) + point, sum);
}

// The second transform of points whose parts have changed places is the inverse with the parts in each other's place.
template <class T>
__device__ void store_rows(const RowsParams& p) {
  __shared__ Window windows[2];
  find_pair<T>(windows, p);
  const int begin = ptx::ctaid_x() * kRowsPoints, end = min(begin + kRowsPoints, p.points);
  const float real = WindowScale(p, 0).inverse(), imaginary = WindowScale(p, 1).inverse();
  for (int point = begin + ptx::tid_x(); point < end; point += kTransformThreads) {
    const float2 x = points_of(p)[point];
    store_value<T>(p, windows[0], point, x.y * real);
    store_value<T>(p, windows[1], point, x.x * imaginary);
  }
}

// Frequencies times the spectrum, scaled, with real and imaginary part in each other's place.
extern "C" __global__ void __launch_bounds__(kTransformThreads)
    long_convolution_multiply(const __grid_constant__ RowsParams params) {
  const RowsParams& p = params;
  const int frequency = ptx::ctaid_x() * kTransformThreads + ptx::tid_x();
  if (frequency >= p.points) return;
  const std::uint32_t channel = (p.first + blockIdx.y) / p.rows.at.pairs;
  const auto* spectrum = reinterpret_cast<const float2*>(p.rows.spectrum) + std::int64_t{channel} * p.points;
  const float scale = p.rows.scale[channel] / spectrum_scale(p.points) / static_cast<float>(p.points);
  float2 k = spectrum[spectrum_place_of_plan(frequency, p.points, p.rows.order)];
  k = {k.x * scale, p.rows.conjugate ? -k.y * scale : k.y * scale};
  float2& x = points_of(p)[frequency];
  const float2 product = x * k;
  x = {product.y, product.x};
}

// The last values of x, those of the old state included. A block for each row: values move to lower places, so that taking
// them a piece at a time loses none.
template <class T>
__device__ void update_state(const StateParams& p) {
  const std::int64_t batch = ptx::ctaid_x() / p.channels, channel = ptx::ctaid_x() % p.channels;
  auto* state = reinterpret_cast<float*>(p.state.data + batch * p.state.batch + channel * p.state.channel);
  const auto* input = reinterpret_cast<const T*>(p.input.data + batch * p.input.batch + channel * p.input.channel);
  const auto* gate = reinterpret_cast<const T*>(
      p.gate.data == nullptr ? nullptr : p.gate.data + batch * p.gate.batch + channel * p.gate.channel);
  for (std::int64_t first = 0; first < p.state_length; first += kTransformThreads) {
    const std::int64_t index = first + ptx::tid_x(), position = p.length - p.state_length + index;
    float x = 0;
    if (index < p.state_length) {
      if (position < 0) {
        x = state[p.state_length + position];
      } else {
        x = to_float(input[position]);
        if (gate != nullptr) x *= to_float(gate[position]);
      }
    }
    // What another piece reads lies behind all that this one writes.
    __syncthreads();
    if (index < p.state_length) state[index] = x;
  }
}

#define KI_ROWS_KERNELS(name, element)                                             \
  extern "C" __global__ void __launch_bounds__(kTransformThreads)                  \
      long_convolution_measure_##name(const __grid_constant__ RowsParams params) { \
    measure_rows<element>(params);                                                 \
  }                                                                                \
  extern "C" __global__ void __launch_bounds__(kTransformThreads)                  \
      long_convolution_load_##name(const __grid_constant__ RowsParams params) {    \
    load_rows<element>(params);                                                    \
  }                                                                                \
  extern "C" __global__ void __launch_bounds__(kTransformThreads)                  \
      long_convolution_store_##name(const __grid_constant__ RowsParams params) {   \
    store_rows<element>(params);                                                   \
  }                                                                                \
  extern "C" __global__ void __launch_bounds__(kTransformThreads)                  \
      long_convolution_state_##name(const __grid_constant__ StateParams params) {  \
    update_state<element>(params);                                                 \
  }
KI_ROWS_KERNELS(f32, float)
KI_ROWS_KERNELS(f16, ptx::f16)
KI_ROWS_KERNELS(bf16, ptx::bf16)

}  // namespace ki::long_convolution::cuda
