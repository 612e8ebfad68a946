// f16 matrices, f32 accumulators, A in rows, B in columns or, with LAYOUT_B=RowMajor, in rows too (ldmatrix.trans):
// mma.m16n8k16 fed by a pipeline of cp.async.
#include "cutlass_gemm.cuh"

using Gemm = cutlass::gemm::device::Gemm<
    cutlass::half_t, cutlass::layout::RowMajor, cutlass::half_t, cutlass::layout::LAYOUT_B, cutlass::half_t,
    cutlass::layout::RowMajor, float, cutlass::arch::OpClassTensorOp, cutlass::arch::Sm80,
    cutlass::gemm::GemmShape<64, 64, 32>, cutlass::gemm::GemmShape<32, 32, 32>, cutlass::gemm::GemmShape<16, 8, 16>,
    cutlass::epilogue::thread::LinearCombination<cutlass::half_t, 8, float, float>,
    cutlass::gemm::threadblock::GemmIdentityThreadblockSwizzle<>, 4>;

template __global__ void cutlass::Kernel<Gemm::GemmKernel>(Gemm::GemmKernel::Params);

extern "C" __global__ void gemm_params(Gemm::GemmKernel::Params* params, int m, int n, int k, cutlass::half_t* a,
                                       int lda, cutlass::half_t* b, int ldb, cutlass::half_t* c, cutlass::half_t* d,
                                       int ldd, float alpha, float beta) {
  make_params<Gemm>(params, m, n, k, a, lda, b, ldb, c, d, ldd, alpha, beta);
}

extern "C" __global__ void gemm_facts(int* facts) { describe<Gemm>(facts); }
