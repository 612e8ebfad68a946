// A modules file that belongs to another build of the library.
.section .rodata
hash: .asciz "another build"
.section .data.rel.ro, "aw"
.balign 8
.globl ki_cuda_modules
ki_cuda_modules:
.quad hash, 0
.section .note.GNU-stack, "", %progbits
