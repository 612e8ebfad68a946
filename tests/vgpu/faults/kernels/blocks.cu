// Global memory: blocks in each other's way, updates that get lost, pointers that are none.

template <bool correct>
__device__ void fill_tiles(int* out) {
  const int stride = correct ? blockDim.x : blockDim.x / 2;
  out[blockIdx.x * stride + threadIdx.x] = blockIdx.x;  // mark: tile
}

template <bool correct>
__device__ void count_blocks(int* counter) {
  if (threadIdx.x != 0) return;
  if (correct) {
    atomicAdd(counter, 1);
  } else {
    *counter += 1;  // mark: update
  }
}

// Every block sums up its part; the last one to be ready sums up the sums.
template <bool correct>
__device__ void sum_of_sums(const int* in, int* parts, int* ready, int* out) {
  __shared__ bool is_last;
  int sum = 0;
  for (int i = 0; i < 8; ++i) sum += in[(blockIdx.x * 8 + i) * 32 + threadIdx.x];
  parts[blockIdx.x * 32 + threadIdx.x] = sum;  // mark: part
  if (correct) __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) is_last = atomicAdd(ready, 1) == gridDim.x - 1;
  __syncthreads();
  if (!is_last) return;
  if (correct) __threadfence();
  int all = 0;
  for (int i = 0; i < gridDim.x; ++i) {
    all += parts[i * 32 + threadIdx.x];  // mark: parts
  }
  out[threadIdx.x] = all;
}

template <bool correct>
__device__ void add_rows(const float* in, float* out) {
  const float* row = in + (correct ? 4 : 3) * threadIdx.x;
  const float4 four = *reinterpret_cast<const float4*>(row);  // mark: four
  out[threadIdx.x] = four.x + four.y + four.z + four.w;
}

extern "C" {
__global__ void fill_tiles_none(int* out) { fill_tiles<true>(out); }
__global__ void fill_tiles_planted(int* out) { fill_tiles<false>(out); }
__global__ void count_blocks_none(int* counter) { count_blocks<true>(counter); }
__global__ void count_blocks_planted(int* counter) { count_blocks<false>(counter); }
__global__ void sum_of_sums_none(const int* in, int* parts, int* ready, int* out) {
  sum_of_sums<true>(in, parts, ready, out);
}
__global__ void sum_of_sums_planted(const int* in, int* parts, int* ready, int* out) {
  sum_of_sums<false>(in, parts, ready, out);
}
__global__ void add_rows_none(const float* in, float* out) { add_rows<true>(in, out); }
__global__ void add_rows_planted(const float* in, float* out) { add_rows<false>(in, out); }
__global__ void copy(const float* in, float* out) {
  out[threadIdx.x] = in[threadIdx.x];  // mark: copy
}
}
