# Run as a script: writes OUT/modules.S, which embeds the modules named in the file MODULES from FOLDER, and
# OUT/modules_hash.cpp. Both hold the hash of all that is embedded: a library and a modules file that do not belong together
# do not meet. native/cuda/modules.cpp reads the table.
file(READ "${MODULES}" modules)

set(all "")
foreach(module IN LISTS modules)
  foreach(kind ptx cubin)
    file(SHA256 "${FOLDER}/${module}.${kind}" hash)
    string(APPEND all "${module}.${kind} ${hash}\n")
  endforeach()
endforeach()
string(SHA256 hash "${all}")

set(bytes "")
set(table "")
set(count 0)
foreach(module IN LISTS modules)
  string(APPEND bytes "name_${count}: .asciz \"${module}\"\n"
    ".balign 64\nptx_${count}: .incbin \"${FOLDER}/${module}.ptx\"\nptx_end_${count}: .byte 0\n"
    ".balign 64\ncubin_${count}: .incbin \"${FOLDER}/${module}.cubin\"\ncubin_end_${count}:\n")
  string(APPEND table ".quad name_${count}, ptx_${count}, ptx_end_${count} - ptx_${count}, "
    "cubin_${count}, cubin_end_${count} - cubin_${count}\n")
  math(EXPR count "${count} + 1")
endforeach()

file(WRITE "${OUT}/modules.S" "// Made by collect-cuda-modules.cmake.
.section .rodata
hash: .asciz \"${hash}\"
${bytes}
.section .data.rel.ro, \"aw\"
.balign 8
.globl ki_cuda_modules
.type ki_cuda_modules, %object
ki_cuda_modules:
.quad hash, ${count}
${table}
.size ki_cuda_modules, . - ki_cuda_modules
.section .note.GNU-stack, \"\", %progbits
")
file(WRITE "${OUT}/modules_hash.cpp" "namespace ki::cuda { extern const char kModulesHash[] = \"${hash}\"; }\n")
