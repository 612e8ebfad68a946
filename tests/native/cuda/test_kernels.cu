// Kernels for tests of the CUDA backend: small ones whose results are plain to see.
#include "test_kernels.h"

using namespace ki::test;

extern "C" __global__ void add_one(const __grid_constant__ AddOneParams p) {
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < p.count) p.x[i] += 1;
}

// Stores wherever it is told to: to no memory at all, if a test wants an error.
extern "C" __global__ void store(const __grid_constant__ StoreParams p) { *p.address = p.value; }

// One block turns an array around through dynamic shared memory.
extern "C" __global__ void reverse(const __grid_constant__ ReverseParams p) {
  extern __shared__ unsigned held[];
  for (unsigned i = threadIdx.x; i < p.count; i += blockDim.x) held[i] = p.x[i];
  __syncthreads();
  for (unsigned i = threadIdx.x; i < p.count; i += blockDim.x) p.x[i] = held[p.count - 1 - i];
}
