# The compiled kernels of the butterfly convolution.
foreach(parts 2 3)
  ki_cuda_module(butterfly_product_p${parts} SOURCE long_convolution/cuda/butterfly_product.cu DEFINITIONS KI_PARTS=${parts})
  ki_cuda_module(butterfly_gradient_p${parts} SOURCE long_convolution/cuda/butterfly_gradient.cu DEFINITIONS KI_PARTS=${parts})
endforeach()
ki_cuda_module(butterfly_rows_f32 SOURCE long_convolution/cuda/butterfly_rows.cu DEFINITIONS KI_ELEMENT=float)
ki_cuda_module(butterfly_rows_f16 SOURCE long_convolution/cuda/butterfly_rows.cu DEFINITIONS KI_ELEMENT=f16)
ki_cuda_module(butterfly_rows_bf16 SOURCE long_convolution/cuda/butterfly_rows.cu DEFINITIONS KI_ELEMENT=bf16)
ki_cuda_module(butterfly_spectra SOURCE long_convolution/cuda/butterfly_spectra.cu)
