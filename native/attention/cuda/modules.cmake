# The compiled forward kernels. native/attention/cuda/instantiations.h says which problem each one is for.

# ki_forward_modules(ELEMENT VARIANT SUFFIX ANY_HEAD_DIMS...)
function(ki_forward_modules element variant suffix)
  # Full speed: heads of exactly this size in rows aligned to 16 bytes.
  foreach(head_dim 64 128)
    ki_cuda_module(attention_forward_${element}_d${head_dim}${suffix} SOURCE attention/cuda/forward.cu
      DEFINITIONS KI_ELEMENT=${element} KI_HEAD_DIM=${head_dim} KI_ROWS=WholeRows KI_VARIANT=${variant})
  endforeach()
  # Any heads up to this size, in rows of any alignment.
  foreach(head_dim ${ARGN})
    ki_cuda_module(attention_forward_${element}_any${head_dim}${suffix} SOURCE attention/cuda/forward.cu
      DEFINITIONS KI_ELEMENT=${element} KI_HEAD_DIM=${head_dim} KI_ROWS=AnyRows KI_VARIANT=${variant})
  endforeach()
endfunction()

# What changes scores needs a kernel of its own. Its heads come in fewer sizes, because compiling takes long.
foreach(element f16 bf16)
  ki_forward_modules(${element} PlainVariant "" 32 64 96 128 192 256)
  ki_forward_modules(${element} GeneralVariant<ptx::${element}> _general 64 128 256)
endforeach()
foreach(head_dim 64 128 256)
  ki_cuda_module(attention_forward_f32_any${head_dim} SOURCE attention/cuda/forward_float32.cu
    DEFINITIONS KI_HEAD_DIM=${head_dim} KI_VARIANT=PlainVariant)
  ki_cuda_module(attention_forward_f32_any${head_dim}_general SOURCE attention/cuda/forward_float32.cu
    DEFINITIONS KI_HEAD_DIM=${head_dim} KI_VARIANT=GeneralVariant<float>)
endforeach()

# Combining parts, which are float32 or of the output's type.
ki_cuda_module(attention_combine_f32_f32 SOURCE attention/cuda/combine.cu DEFINITIONS KI_PART=float KI_OUT=float)
foreach(element f16 bf16)
  ki_cuda_module(attention_combine_f32_${element} SOURCE attention/cuda/combine.cu
    DEFINITIONS KI_PART=float KI_OUT=${element})
  ki_cuda_module(attention_combine_${element}_${element} SOURCE attention/cuda/combine.cu
    DEFINITIONS KI_PART=${element} KI_OUT=${element})
endforeach()

# Appending to a cache.
ki_cuda_module(attention_append_f32 SOURCE attention/cuda/append.cu DEFINITIONS KI_ELEMENT=float)
ki_cuda_module(attention_append_f16 SOURCE attention/cuda/append.cu DEFINITIONS KI_ELEMENT=f16)
ki_cuda_module(attention_append_bf16 SOURCE attention/cuda/append.cu DEFINITIONS KI_ELEMENT=bf16)

# Few queries, or a cache: native/attention/cuda/decode_instantiations.h says which problem each one is for.
foreach(head_dim 64 128 256)
  foreach(element f16 bf16)
    ki_cuda_module(attention_decode_${element}_any${head_dim} SOURCE attention/cuda/decode.cu
      DEFINITIONS KI_ELEMENT=${element} KI_ROWS=SameRows KI_HEAD_DIM=${head_dim})
    ki_cuda_module(attention_decode_${element}_int8_any${head_dim} SOURCE attention/cuda/decode.cu
      DEFINITIONS KI_ELEMENT=${element} KI_ROWS=Int8Rows KI_HEAD_DIM=${head_dim})
  endforeach()
  ki_cuda_module(attention_decode_f32_any${head_dim} SOURCE attention/cuda/decode_float32.cu
    DEFINITIONS KI_HEAD_DIM=${head_dim})
endforeach()

include("${CMAKE_CURRENT_LIST_DIR}/backward_modules.cmake")
