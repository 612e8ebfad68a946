# The one way from a CUDA source to the bytes that are shipped.
#
#   ki_cuda_module(NAME SOURCE FILE [DEFINITIONS X=Y...])
#       compiles one instantiation of a kernel; FILE is relative to the current source folder
#   ki_cuda_modules_library(TARGET)
#       collects the modules declared in this folder so far into a shared library that holds bytes and no code: their PTX
#       and the machine code assembled from exactly that PTX, with a table that finds them by name
#   ki_link_modules_hash(TARGET LIBRARY)
#       gives TARGET the hash of the modules in LIBRARY, so that it accepts these and no others; with no LIBRARY, it has none
#
# Modules compile side by side, each when something it includes has changed. What they make lies in
# <build folder>/cuda-modules: NAME.ptx, NAME.cubin, NAME.ptxas.txt (registers, memory, spills).

set(_ki_compile "${CMAKE_CURRENT_LIST_DIR}/compile-cuda-module.sh")
set(_ki_compiler "${CMAKE_CURRENT_LIST_DIR}/cuda-module-compiler.sh")
set(_ki_collect "${CMAKE_CURRENT_LIST_DIR}/collect-cuda-modules.cmake")

function(ki_cuda_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SOURCE" "DEFINITIONS")
  set(source "${CMAKE_CURRENT_SOURCE_DIR}/${arg_SOURCE}")
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/cuda-modules")
  file(MAKE_DIRECTORY "${folder}")
  list(TRANSFORM arg_DEFINITIONS PREPEND "-D")
  add_custom_command(
    OUTPUT "${folder}/${name}.ptx" "${folder}/${name}.cubin"
    BYPRODUCTS "${folder}/${name}.ptxas.txt"
    COMMAND "${_ki_compile}" "${CudaCompiler_NVCC}" "${CudaCompiler_PTXAS}" "${source}" "${PROJECT_SOURCE_DIR}"
            "${folder}/${name}" "${PROJECT_SOURCE_DIR}/artifacts/ptx-sources"
            "--compiler-bindir=${CMAKE_CXX_COMPILER}" "-I${PROJECT_SOURCE_DIR}/native" ${arg_DEFINITIONS}
    DEPENDS "${source}" "${_ki_compile}" "${_ki_compiler}" "${CudaCompiler_NVCC}"
    DEPFILE "${folder}/${name}.d"
    COMMENT "Compiling CUDA module ${name}"
    VERBATIM)
  set_property(DIRECTORY APPEND PROPERTY KI_CUDA_MODULES "${name}")
endfunction()

function(ki_cuda_modules_library target)
  get_property(modules DIRECTORY PROPERTY KI_CUDA_MODULES)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/cuda-modules")
  set(collected "${folder}/${target}")
  list(TRANSFORM modules REPLACE "(.+)" "${folder}/\\1.ptx" OUTPUT_VARIABLE ptx)
  list(TRANSFORM modules REPLACE "(.+)" "${folder}/\\1.cubin" OUTPUT_VARIABLE cubin)
  file(MAKE_DIRECTORY "${collected}")
  file(CONFIGURE OUTPUT "${collected}/modules.txt" CONTENT "${modules}")
  add_custom_command(
    OUTPUT "${collected}/modules.S" "${collected}/modules_hash.cpp"
    COMMAND "${CMAKE_COMMAND}" "-DFOLDER=${folder}" "-DMODULES=${collected}/modules.txt" "-DOUT=${collected}" -P "${_ki_collect}"
    DEPENDS ${ptx} ${cubin} "${collected}/modules.txt" "${_ki_collect}"
    COMMENT "Collecting the CUDA modules of ${target}"
    VERBATIM)
  add_library(${target} SHARED "${collected}/modules.S")
  target_link_options(${target} PRIVATE -nostdlib LINKER:-s LINKER:-z,noexecstack)
  # .incbin is no include: the assembler's dependencies do not know these.
  set_property(SOURCE "${collected}/modules.S" PROPERTY OBJECT_DEPENDS "${ptx};${cubin}")
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX KI_MODULES_HASH "${collected}/modules_hash.cpp")
  add_custom_target(${target}_collected DEPENDS "${collected}/modules.S" "${collected}/modules_hash.cpp")
  add_dependencies(${target} ${target}_collected)
endfunction()

function(ki_link_modules_hash target)
  if(ARGC GREATER 1)
    get_target_property(hash "${ARGV1}" KI_MODULES_HASH)
    set_source_files_properties("${hash}" TARGET_DIRECTORY ${target} PROPERTIES GENERATED ON)
    add_dependencies(${target} "${ARGV1}_collected")
  else()
    set(hash "${CMAKE_CURRENT_BINARY_DIR}/no_modules_hash.cpp")
    file(CONFIGURE OUTPUT "${hash}" CONTENT "namespace ki::cuda { extern const char kModulesHash[] = \"\"; }\n")
  endif()
  target_sources(${target} PRIVATE "${hash}")
endfunction()
