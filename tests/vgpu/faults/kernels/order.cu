// Order by other means than the barrier of a block: locks, flags, named barriers; and waiting for what never comes.

__device__ inline void named_barrier_sync(int barrier, int threads) {
  asm volatile("bar.sync %0, %1;" ::"r"(barrier), "r"(threads) : "memory");
}
__device__ inline void named_barrier_arrive(int barrier, int threads) {
  asm volatile("bar.arrive %0, %1;" ::"r"(barrier), "r"(threads) : "memory");
}

template <bool correct>
__device__ void add_under_lock(int* lock, int* value) {
  if (threadIdx.x != 0) return;
  while (atomicCAS(lock, 0, 1) != 0) {
  }
  if (correct) __threadfence();
  *value += 1;  // mark: guarded
  if (correct) __threadfence();
  atomicExch(lock, 0);
}

// Every block writes its part, all blocks meet, and each reads its neighbour's part.
template <bool correct>
__device__ void meet_in_grid(unsigned* arrived, const int* in, int* parts, int* out) {
  const int thread = threadIdx.x, block = blockIdx.x, blocks = gridDim.x;
  parts[block * blockDim.x + thread] = 2 * in[block * blockDim.x + thread];  // mark: own part
  if (correct) __syncthreads();
  if (thread == 0) {
    __threadfence();
    atomicAdd(arrived, 1);
    while (*static_cast<volatile unsigned*>(arrived) < blocks) {
    }
    __threadfence();
  }
  __syncthreads();
  out[block * blockDim.x + thread] = parts[(block + 1) % blocks * blockDim.x + thread];  // mark: part of another
}

// Warps 0 and 1 fill two stages in turn, warps 2 and 3 empty them.
template <bool correct>
__device__ void hand_over(const int* in, int* out, int rounds) {
  __shared__ int stages[2][64];
  enum { full = 1, empty = 3 };  // and the next, for the other stage
  const int thread = threadIdx.x % 64;
  for (int round = 0; round < rounds; ++round) {
    const int stage = round % 2;
    if (threadIdx.x < 64) {
      if (round >= 2) named_barrier_sync(empty + stage, 128);
      stages[stage][thread] = in[round * 64 + thread];  // mark: fill
      named_barrier_arrive(full + stage, 128);
    } else {
      named_barrier_sync(full + stage, 128);
      if (!correct && round + 2 < rounds) named_barrier_arrive(empty + stage, 128);  // too early
      out[round * 64 + thread] = stages[stage][63 - thread];  // mark: empty
      if (correct && round + 2 < rounds) named_barrier_arrive(empty + stage, 128);
    }
  }
}

extern "C" {
__global__ void lock_none(int* lock, int* value) { add_under_lock<true>(lock, value); }
__global__ void lock_no_fences(int* lock, int* value) { add_under_lock<false>(lock, value); }
__global__ void grid_none(unsigned* arrived, const int* in, int* parts, int* out) {
  meet_in_grid<true>(arrived, in, parts, out);
}
__global__ void grid_no_barrier(unsigned* arrived, const int* in, int* parts, int* out) {
  meet_in_grid<false>(arrived, in, parts, out);
}
__global__ void hand_over_none(const int* in, int* out, int rounds) { hand_over<true>(in, out, rounds); }
__global__ void hand_over_too_early(const int* in, int* out, int rounds) { hand_over<false>(in, out, rounds); }

__global__ void wait_at_two_barriers(int threads) {
  named_barrier_sync(threadIdx.x < 32 ? 1 : 2, threads);  // mark: two barriers
}
__global__ void wait_for_a_flag(volatile int* flag) {
  while (*flag == 0) {  // mark: flag
  }
}
// Counts bytes by their low bits.
__global__ void histogram(const unsigned char* in, int* out, int synchronised) {
  __shared__ int bins[16];
  if (threadIdx.x < 16) bins[threadIdx.x] = 0;
  __syncthreads();
  atomicAdd(&bins[in[threadIdx.x] % 16], 1);  // mark: count
  if (synchronised) __syncthreads();
  if (threadIdx.x < 16) out[threadIdx.x] = bins[threadIdx.x];  // mark: total
}
}
