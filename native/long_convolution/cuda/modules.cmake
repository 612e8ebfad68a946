# The compiled kernels of convolutions.
include("${CMAKE_CURRENT_LIST_DIR}/butterfly_modules.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/short_modules.cmake")

# Long ones. native/long_convolution/cuda/fused_instantiations.h says what each fused one is for.
foreach(element f16 bf16)
  ki_cuda_module(long_convolution_prepare_${element} SOURCE long_convolution/cuda/prepare.cu
    DEFINITIONS KI_ELEMENT=${element})
  foreach(folds 1 2 4)
    ki_cuda_module(long_convolution_fused_${element}_folds${folds} SOURCE long_convolution/cuda/fused.cu
      DEFINITIONS KI_ELEMENT=${element} KI_FOLDS=${folds})
  endforeach()
endforeach()
ki_cuda_module(long_convolution_transform_pass SOURCE long_convolution/cuda/transform_pass.cu)
ki_cuda_module(long_convolution_spectrum SOURCE long_convolution/cuda/spectrum.cu)
ki_cuda_module(long_convolution_rows SOURCE long_convolution/cuda/rows.cu)
ki_cuda_module(long_convolution_gradients SOURCE long_convolution/cuda/gradients.cu)
