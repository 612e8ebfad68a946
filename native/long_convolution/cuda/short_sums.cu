// The sums of a short convolution's gradients for one type of elements.
//   KI_ELEMENT   float, ptx::f16 or ptx::bf16
#include "long_convolution/cuda/short_column_sums.cuh"
#include "long_convolution/cuda/short_row_sums.cuh"

namespace ki::long_convolution::cuda {

extern "C" __global__ void __launch_bounds__(kShortThreads)
    short_row_sums(const __grid_constant__ ShortSumsParams params) {
  short_row_sums<KI_ELEMENT>(params);
}

extern "C" __global__ void __launch_bounds__(kShortThreads)
    short_column_sums(const __grid_constant__ ShortSumsParams params) {
  short_column_sums<KI_ELEMENT>(params);
}

}  // namespace ki::long_convolution::cuda
