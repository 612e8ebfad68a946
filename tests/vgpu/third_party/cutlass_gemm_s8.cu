// s8 matrices, s32 accumulators and results: row-major A, column-major B, mma.m16n8k32.satfinite.
#include "cutlass_gemm.cuh"

using Gemm = cutlass::gemm::device::Gemm<
    std::int8_t, cutlass::layout::RowMajor, std::int8_t, cutlass::layout::ColumnMajor, std::int32_t,
    cutlass::layout::RowMajor, std::int32_t, cutlass::arch::OpClassTensorOp, cutlass::arch::Sm80,
    cutlass::gemm::GemmShape<64, 64, 64>, cutlass::gemm::GemmShape<32, 32, 64>, cutlass::gemm::GemmShape<16, 8, 32>,
    cutlass::epilogue::thread::LinearCombination<std::int32_t, 4, std::int32_t, std::int32_t>,
    cutlass::gemm::threadblock::GemmIdentityThreadblockSwizzle<>, 3>;

template __global__ void cutlass::Kernel<Gemm::GemmKernel>(Gemm::GemmKernel::Params);

extern "C" __global__ void gemm_params(Gemm::GemmKernel::Params* params, int m, int n, int k, std::int8_t* a, int lda,
                                       std::int8_t* b, int ldb, std::int32_t* c, std::int32_t* d, int ldd, int alpha,
                                       int beta) {
  make_params<Gemm>(params, m, n, k, a, lda, b, ldb, c, d, ldd, alpha, beta);
}

extern "C" __global__ void gemm_facts(int* facts) { describe<Gemm>(facts); }
