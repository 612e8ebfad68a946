// CUB's block primitives with every algorithm each of them offers. All kernels run in one block of kThreads,
// block_merge_sort in one of kMergeSortThreads.
#include <cub/block/block_adjacent_difference.cuh>
#include <cub/block/block_discontinuity.cuh>
#include <cub/block/block_exchange.cuh>
#include <cub/block/block_histogram.cuh>
#include <cub/block/block_load.cuh>
#include <cub/block/block_merge_sort.cuh>
#include <cub/block/block_radix_sort.cuh>
#include <cub/block/block_reduce.cuh>
#include <cub/block/block_scan.cuh>
#include <cub/block/block_store.cuh>

namespace {

constexpr int kThreads = 96;  // no power of two
constexpr int kItems = 5;
constexpr int kMergeSortThreads = 128;  // must be one

struct Less {
  template <class T>
  __device__ bool operator()(const T& a, const T& b) const { return a < b; }
};

struct Difference {
  __device__ int operator()(int a, int b) const { return a - b; }
};

// results: sum of all, sum of the first `valid`, maximum.
template <cub::BlockReduceAlgorithm Algorithm, class T>
__device__ void reduce(const T* in, T* results, int valid) {
  using Reduce = cub::BlockReduce<T, kThreads, Algorithm>;
  __shared__ typename Reduce::TempStorage storage;
  const T x = in[threadIdx.x];
  const T sum = Reduce(storage).Sum(x);
  __syncthreads();
  const T partial = Reduce(storage).Sum(x, valid);
  __syncthreads();
  const T maximum = Reduce(storage).Reduce(x, cub::Max());
  if (threadIdx.x == 0) {
    results[0] = sum;
    results[1] = partial;
    results[2] = maximum;
  }
}

template <cub::BlockScanAlgorithm Algorithm, class T>
__device__ void scan(const T* in, T* exclusive, T* inclusive, T* total) {
  using Scan = cub::BlockScan<T, kThreads, Algorithm>;
  __shared__ typename Scan::TempStorage storage;
  T items[kItems], before[kItems], up_to[kItems], aggregate;
  for (int i = 0; i < kItems; ++i) items[i] = in[threadIdx.x * kItems + i];
  Scan(storage).ExclusiveSum(items, before, aggregate);
  __syncthreads();
  Scan(storage).InclusiveScan(items, up_to, cub::Max());
  for (int i = 0; i < kItems; ++i) {
    exclusive[threadIdx.x * kItems + i] = before[i];
    inclusive[threadIdx.x * kItems + i] = up_to[i];
  }
  if (threadIdx.x == kThreads - 1) *total = aggregate;
}

template <int RadixBits, bool Memoize, cub::BlockScanAlgorithm Algorithm>
__device__ void radix_sort(unsigned* keys, int* values, bool descending) {
  using Sort = cub::BlockRadixSort<unsigned, kThreads, kItems, int, RadixBits, Memoize, Algorithm>;
  __shared__ typename Sort::TempStorage storage;
  unsigned k[kItems];
  int v[kItems];
  for (int i = 0; i < kItems; ++i) k[i] = keys[threadIdx.x * kItems + i], v[i] = values[threadIdx.x * kItems + i];
  if (descending) {
    Sort(storage).SortDescending(k, v);
  } else {
    Sort(storage).Sort(k, v);
  }
  for (int i = 0; i < kItems; ++i) keys[threadIdx.x * kItems + i] = k[i], values[threadIdx.x * kItems + i] = v[i];
}

template <cub::BlockLoadAlgorithm Load, cub::BlockStoreAlgorithm Store, int Items>
__device__ void copy(const int* in, int* out, int valid) {
  using Loader = cub::BlockLoad<int, kThreads, Items, Load>;
  using Storer = cub::BlockStore<int, kThreads, Items, Store>;
  __shared__ union {
    typename Loader::TempStorage load;
    typename Storer::TempStorage store;
  } storage;
  int items[Items];
  if (valid == kThreads * Items) {
    Loader(storage.load).Load(in, items);
  } else {
    Loader(storage.load).Load(in, items, valid, -1);
  }
  for (int i = 0; i < Items; ++i) items[i] += static_cast<int>(threadIdx.x) * Items + i;
  __syncthreads();
  if (valid == kThreads * Items) {
    Storer(storage.store).Store(out, items);
  } else {
    Storer(storage.store).Store(out, items, valid);
  }
}

template <cub::BlockHistogramAlgorithm Algorithm>
__device__ void histogram(const unsigned char* in, unsigned* bins) {
  using Histogram = cub::BlockHistogram<unsigned char, kThreads, kItems, 256, Algorithm>;
  __shared__ typename Histogram::TempStorage storage;
  __shared__ unsigned counts[256];
  unsigned char items[kItems];
  for (int i = 0; i < kItems; ++i) items[i] = in[threadIdx.x * kItems + i];
  Histogram(storage).Histogram(items, counts);
  __syncthreads();
  for (int bin = threadIdx.x; bin < 256; bin += kThreads) bins[bin] = counts[bin];
}

}  // namespace

#define REDUCE(name, algorithm, type) \
  extern "C" __global__ void name(const type* in, type* out, int valid) { reduce<algorithm>(in, out, valid); }
REDUCE(block_reduce_raking, cub::BLOCK_REDUCE_RAKING, float)
REDUCE(block_reduce_commutative, cub::BLOCK_REDUCE_RAKING_COMMUTATIVE_ONLY, int)
REDUCE(block_reduce_warps, cub::BLOCK_REDUCE_WARP_REDUCTIONS, int)
REDUCE(block_reduce_double, cub::BLOCK_REDUCE_WARP_REDUCTIONS, double)

#define SCAN(name, algorithm, type)                                                        \
  extern "C" __global__ void name(const type* in, type* before, type* up_to, type* total) { \
    scan<algorithm>(in, before, up_to, total);                                             \
  }
SCAN(block_scan_raking, cub::BLOCK_SCAN_RAKING, int)
SCAN(block_scan_memoize, cub::BLOCK_SCAN_RAKING_MEMOIZE, int)
SCAN(block_scan_warps, cub::BLOCK_SCAN_WARP_SCANS, int)
SCAN(block_scan_long, cub::BLOCK_SCAN_WARP_SCANS, long long)

extern "C" __global__ void block_radix_sort_4(unsigned* keys, int* values) {
  radix_sort<4, true, cub::BLOCK_SCAN_WARP_SCANS>(keys, values, false);
}
extern "C" __global__ void block_radix_sort_6(unsigned* keys, int* values) {
  radix_sort<6, false, cub::BLOCK_SCAN_RAKING>(keys, values, true);
}

#define COPY(name, load, store, items) \
  extern "C" __global__ void name(const int* in, int* out, int valid) { copy<load, store, items>(in, out, valid); }
COPY(block_copy_direct, cub::BLOCK_LOAD_DIRECT, cub::BLOCK_STORE_DIRECT, 5)
COPY(block_copy_striped, cub::BLOCK_LOAD_STRIPED, cub::BLOCK_STORE_STRIPED, 5)
COPY(block_copy_vectorized, cub::BLOCK_LOAD_VECTORIZE, cub::BLOCK_STORE_VECTORIZE, 4)
COPY(block_copy_transposed, cub::BLOCK_LOAD_TRANSPOSE, cub::BLOCK_STORE_TRANSPOSE, 5)
COPY(block_copy_warp_transposed, cub::BLOCK_LOAD_WARP_TRANSPOSE, cub::BLOCK_STORE_WARP_TRANSPOSE, 5)
COPY(block_copy_timesliced, cub::BLOCK_LOAD_WARP_TRANSPOSE_TIMESLICED, cub::BLOCK_STORE_WARP_TRANSPOSE_TIMESLICED, 5)

extern "C" __global__ void block_histogram_atomic(const unsigned char* in, unsigned* bins) {
  histogram<cub::BLOCK_HISTO_ATOMIC>(in, bins);
}
extern "C" __global__ void block_histogram_sort(const unsigned char* in, unsigned* bins) {
  histogram<cub::BLOCK_HISTO_SORT>(in, bins);
}

// Writes the items where `ranks` says, in blocked order.
extern "C" __global__ void block_scatter(const int* in, const int* ranks, int* out) {
  using Exchange = cub::BlockExchange<int, kThreads, kItems>;
  __shared__ typename Exchange::TempStorage storage;
  int items[kItems], to[kItems];
  for (int i = 0; i < kItems; ++i) items[i] = in[threadIdx.x * kItems + i], to[i] = ranks[threadIdx.x * kItems + i];
  Exchange(storage).ScatterToBlocked(items, items, to);
  for (int i = 0; i < kItems; ++i) out[threadIdx.x * kItems + i] = items[i];
}

extern "C" __global__ void block_merge_sort(long long* keys) {
  using Sort = cub::BlockMergeSort<long long, kMergeSortThreads, kItems>;
  __shared__ typename Sort::TempStorage storage;
  long long items[kItems];
  for (int i = 0; i < kItems; ++i) items[i] = keys[threadIdx.x * kItems + i];
  Sort(storage).Sort(items, Less());
  for (int i = 0; i < kItems; ++i) keys[threadIdx.x * kItems + i] = items[i];
}

// Where runs of equal items begin, and the difference of each item to the one on its left.
extern "C" __global__ void block_neighbours(const int* in, int* heads, int* differences) {
  using Discontinuity = cub::BlockDiscontinuity<int, kThreads>;
  using Adjacent = cub::BlockAdjacentDifference<int, kThreads>;
  __shared__ union {
    typename Discontinuity::TempStorage discontinuity;
    typename Adjacent::TempStorage adjacent;
  } storage;
  int items[kItems], flags[kItems], left[kItems];
  for (int i = 0; i < kItems; ++i) items[i] = in[threadIdx.x * kItems + i];
  Discontinuity(storage.discontinuity).FlagHeads(flags, items, cub::Inequality());
  __syncthreads();
  Adjacent(storage.adjacent).SubtractLeft(items, left, Difference());
  for (int i = 0; i < kItems; ++i) {
    heads[threadIdx.x * kItems + i] = flags[i];
    differences[threadIdx.x * kItems + i] = left[i];
  }
}
