// The passes of a short convolution for one type of elements.
//   KI_ELEMENT   float, ptx::f16 or ptx::bf16
#include "long_convolution/cuda/short_columns.cuh"
#include "long_convolution/cuda/short_rows.cuh"

namespace ki::long_convolution::cuda {

extern "C" __global__ void __launch_bounds__(kShortThreads) short_rows(const __grid_constant__ ShortPassParams params) {
  short_rows<KI_ELEMENT, false>(params);
}

extern "C" __global__ void __launch_bounds__(kShortThreads)
    short_rows_reversed(const __grid_constant__ ShortPassParams params) {
  short_rows<KI_ELEMENT, true>(params);
}

extern "C" __global__ void __launch_bounds__(kShortThreads)
    short_columns(const __grid_constant__ ShortPassParams params) {
  short_columns<KI_ELEMENT>(params);
}

}  // namespace ki::long_convolution::cuda
