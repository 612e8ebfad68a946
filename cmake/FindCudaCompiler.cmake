# Finds the CUDA compilers, version 12.4 or newer. They make PTX and machine code from CUDA sources; nothing of CUDA is
# linked, and CMake's own CUDA language is not used.
#
# Looks in KI_CUDA_DIR (a folder that holds bin/nvcc) first, then where build/get-cuda.sh puts them, then on the system.
# Sets CudaCompiler_FOUND, CudaCompiler_VERSION, CudaCompiler_NVCC, CudaCompiler_PTXAS, CudaCompiler_CUOBJDUMP,
# CudaCompiler_NVDISASM and CudaCompiler_INCLUDE_DIR (cuda.h, CUB and, if it is there, CUTLASS; for tests).

set(KI_CUDA_DIR "" CACHE PATH "Folder that holds bin/nvcc")
if(DEFINED ENV{XDG_CACHE_HOME})
  set(_cache "$ENV{XDG_CACHE_HOME}/kernels-interop")
else()
  set(_cache "$ENV{HOME}/.cache/kernels-interop")
endif()

find_program(CudaCompiler_NVCC nvcc HINTS "${KI_CUDA_DIR}/bin" "${_cache}/cuda-12.4/bin" PATHS /usr/local/cuda/bin)
mark_as_advanced(CudaCompiler_NVCC)
if(CudaCompiler_NVCC)
  # A toolkit's parts belong together: the others are looked for beside its nvcc only.
  get_filename_component(_bin "${CudaCompiler_NVCC}" REALPATH)
  get_filename_component(_bin "${_bin}" DIRECTORY)
  foreach(_program ptxas cuobjdump nvdisasm)
    string(TOUPPER "CudaCompiler_${_program}" _variable)
    string(REPLACE CUDACOMPILER CudaCompiler _variable "${_variable}")
    find_program(${_variable} ${_program} PATHS "${_bin}" NO_DEFAULT_PATH)
    mark_as_advanced(${_variable})
  endforeach()
  find_path(CudaCompiler_INCLUDE_DIR cuda.h PATHS "${_bin}/../include" "${_bin}/../targets/x86_64-linux/include"
            NO_DEFAULT_PATH)
  mark_as_advanced(CudaCompiler_INCLUDE_DIR)
  execute_process(COMMAND "${CudaCompiler_NVCC}" --version OUTPUT_VARIABLE _said ERROR_QUIET)
  string(REGEX MATCH "release ([0-9]+\\.[0-9]+)" _said "${_said}")
  set(CudaCompiler_VERSION "${CMAKE_MATCH_1}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CudaCompiler
  REQUIRED_VARS CudaCompiler_NVCC CudaCompiler_PTXAS CudaCompiler_CUOBJDUMP CudaCompiler_INCLUDE_DIR
  VERSION_VAR CudaCompiler_VERSION REASON_FAILURE_MESSAGE "run build/get-cuda.sh, or set KI_CUDA_DIR")
