// Threads that should meet and do not: at barriers, in shuffles, in a warp.

template <bool correct>
__device__ void barrier_under_if(float* data) {
  __shared__ float shared[64];
  const int thread = threadIdx.x;
  shared[thread] = data[thread];
  if (correct) {
    __syncthreads();
    if (thread < 48) data[thread] = shared[(thread + 1) % 64];
  } else {
    if (thread < 48) {
      __syncthreads();  // mark: barrier under if
      data[thread] = shared[(thread + 1) % 64];
    }
  }
}

template <bool correct>
__device__ void shuffle_in_half_a_warp(int* data) {
  const int thread = threadIdx.x;
  int value = data[thread];
  if (thread < 16) {
    value += __shfl_xor_sync(correct ? 0x0000FFFF : 0xFFFFFFFF, value, 1);  // mark: shuffle
  }
  __syncwarp();  // the others wait here, and do not come
  data[thread] = value;
}

template <bool correct>
__device__ void return_before_barrier(float* data, int count) {
  __shared__ float shared[64];
  const int thread = threadIdx.x;
  if (!correct && thread >= count) return;
  if (thread < count) shared[thread] = data[thread];
  __syncthreads();  // mark: barrier after return
  if (thread < count) data[thread] = shared[count - 1 - thread];
}

template <bool correct>
__device__ void sum_of_neighbours(float* data) {
  __shared__ float shared[64];
  const int thread = threadIdx.x;
  shared[thread] = data[thread];  // mark: neighbour write
  if (correct) __syncwarp();
  data[thread] += shared[thread ^ 1];  // mark: neighbour read
}

extern "C" {
__global__ void barrier_under_if_none(float* data) { barrier_under_if<true>(data); }
__global__ void barrier_under_if_planted(float* data) { barrier_under_if<false>(data); }
__global__ void shuffle_none(int* data) { shuffle_in_half_a_warp<true>(data); }
__global__ void shuffle_planted(int* data) { shuffle_in_half_a_warp<false>(data); }
__global__ void return_none(float* data, int count) { return_before_barrier<true>(data, count); }
__global__ void return_planted(float* data, int count) { return_before_barrier<false>(data, count); }
__global__ void syncwarp_none(float* data) { sum_of_neighbours<true>(data); }
__global__ void syncwarp_planted(float* data) { sum_of_neighbours<false>(data); }
}
