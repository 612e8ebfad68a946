// One of CUTLASS's matrix products as two kernels: `make_params` writes the argument of `gemm` where the host can read it,
// for CUTLASS computes it (pitches, increments, iteration counts) in code that is for the device too.
#pragma once

#include <cutlass/cutlass.h>
#include <cutlass/device_kernel.h>
#include <cutlass/gemm/device/gemm.h>

template <class Gemm>
__device__ void make_params(typename Gemm::GemmKernel::Params* params, int m, int n, int k,
                            typename Gemm::ElementA* a, int lda, typename Gemm::ElementB* b, int ldb,
                            typename Gemm::ElementC* c, typename Gemm::ElementC* d, int ldd,
                            typename Gemm::EpilogueOutputOp::ElementCompute alpha,
                            typename Gemm::EpilogueOutputOp::ElementCompute beta) {
  using Shape = typename Gemm::ThreadblockShape;
  const cutlass::gemm::GemmCoord problem(m, n, k);
  const cutlass::gemm::GemmCoord grid((m + Shape::kM - 1) / Shape::kM, (n + Shape::kN - 1) / Shape::kN, 1);
  *params = typename Gemm::GemmKernel::Params(problem, grid, {a, lda}, {b, ldb}, {c, ldd}, {d, ldd}, {alpha, beta});
}

// What the host must know to launch the product: bytes of Params, bytes of shared memory, threads, tile rows and columns.
template <class Gemm>
__device__ void describe(int* facts) {
  facts[0] = sizeof(typename Gemm::GemmKernel::Params);
  facts[1] = sizeof(typename Gemm::GemmKernel::SharedStorage);
  facts[2] = Gemm::GemmKernel::kThreadCount;
  facts[3] = Gemm::ThreadblockShape::kM;
  facts[4] = Gemm::ThreadblockShape::kN;
}
