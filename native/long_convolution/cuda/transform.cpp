#include "long_convolution/cuda/transform.h"

#include <utility>

#include "cuda/launch.h"
#include "long_convolution/cuda/transform_params.h"

namespace ki::long_convolution::cuda {
namespace {

const char* pass_of(std::int64_t radix) {
  switch (radix) {
    case 2: return "long_convolution_pass2";
    case 4: return "long_convolution_pass4";
    case 8: return "long_convolution_pass8";
    default: return "long_convolution_pass16";
  }
}

}  // namespace

void transform_rows(Stream& stream, PassBuffers& buffers, std::int64_t points, std::int64_t rows) {
  for (std::int64_t done = 1; done < points;) {
    const std::int64_t rest = points / done, radix = rest < 16 ? rest : 16;
    const PassParams params{buffers.data, buffers.other, static_cast<std::int32_t>(points),
                            static_cast<std::int32_t>(done)};
    const std::int64_t groups = points / radix;
    ki::cuda::launch(
        stream, {"long_convolution_transform_pass", pass_of(radix), kTransformThreads, 0},
        {static_cast<unsigned>((groups + kTransformThreads - 1) / kTransformThreads), static_cast<unsigned>(rows)},
        &params, sizeof params);
    std::swap(buffers.data, buffers.other);
    done *= radix;
  }
}

}  // namespace ki::long_convolution::cuda
