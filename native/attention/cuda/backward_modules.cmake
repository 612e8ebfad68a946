# The compiled backward kernels. native/attention/cuda/backward_instantiations.h says which problem each one is for.

function(ki_backward_modules name element head_dim rows variant)
  foreach(kernel keys queries)
    ki_cuda_module(attention_backward_${kernel}_${name} SOURCE attention/cuda/backward_${kernel}.cu
      DEFINITIONS KI_ELEMENT=${element} KI_HEAD_DIM=${head_dim} KI_ROWS=${rows} KI_VARIANT=${variant}
      KI_SUMS_QUERIES=false)
  endforeach()
endfunction()

foreach(element f16 bf16)
  foreach(head_dim 64 128)
    ki_backward_modules(${element}_d${head_dim} ptx::${element} ${head_dim} WholeRows PlainVariant)
    ki_backward_modules(${element}_d${head_dim}_general ptx::${element} ${head_dim} WholeRows
      GeneralVariant<ptx::${element}>)
    ki_cuda_module(attention_backward_sums_${element}_d${head_dim} SOURCE attention/cuda/backward_keys.cu
      DEFINITIONS KI_ELEMENT=ptx::${element} KI_HEAD_DIM=${head_dim} KI_ROWS=WholeRows KI_VARIANT=PlainVariant
      KI_SUMS_QUERIES=true)
  endforeach()
  ki_cuda_module(attention_backward_finish_${element} SOURCE attention/cuda/backward_finish.cu
    DEFINITIONS KI_ELEMENT=ptx::${element})
endforeach()
foreach(head_dim 64 128 256)
  foreach(element ptx::f16 ptx::bf16 float)
    string(REPLACE "ptx::" "" name ${element})
    string(REPLACE "float" "f32" name ${name})
    ki_backward_modules(${name}_any${head_dim} ${element} ${head_dim} AnyRows GeneralVariant<${element}>)
    ki_cuda_module(attention_backward_bias_${name}_any${head_dim} SOURCE attention/cuda/backward_bias.cu
      DEFINITIONS KI_ELEMENT=${element} KI_HEAD_DIM=${head_dim} KI_ROWS=AnyRows KI_VARIANT=GeneralVariant<${element}>)
  endforeach()
endforeach()
ki_cuda_module(attention_backward_rows_f16 SOURCE attention/cuda/backward_rows.cu DEFINITIONS KI_ELEMENT=ptx::f16)
ki_cuda_module(attention_backward_rows_bf16 SOURCE attention/cuda/backward_rows.cu DEFINITIONS KI_ELEMENT=ptx::bf16)
ki_cuda_module(attention_backward_rows_f32 SOURCE attention/cuda/backward_rows.cu DEFINITIONS KI_ELEMENT=float)
