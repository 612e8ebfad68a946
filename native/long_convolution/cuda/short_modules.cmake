# The compiled kernels of short convolutions.

# ki_short_modules(NAME ELEMENT)
function(ki_short_modules name element)
  ki_cuda_module(short_convolution_${name} SOURCE long_convolution/cuda/short_pass.cu DEFINITIONS KI_ELEMENT=${element})
  ki_cuda_module(short_convolution_sums_${name} SOURCE long_convolution/cuda/short_sums.cu
    DEFINITIONS KI_ELEMENT=${element})
endfunction()

ki_short_modules(f32 float)
ki_short_modules(f16 ptx::f16)
ki_short_modules(bf16 ptx::bf16)
ki_cuda_module(short_convolution_state SOURCE long_convolution/cuda/short_state.cu)
ki_cuda_module(short_convolution_finish SOURCE long_convolution/cuda/short_finish.cu)
