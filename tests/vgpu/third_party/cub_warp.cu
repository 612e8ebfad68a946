// CUB's warp primitives, each a kernel of one warp or more. Logical warps of 32 and 8 lanes use shuffles; of 7, shared
// memory.
#include <cub/warp/warp_exchange.cuh>
#include <cub/warp/warp_load.cuh>
#include <cub/warp/warp_merge_sort.cuh>
#include <cub/warp/warp_reduce.cuh>
#include <cub/warp/warp_scan.cuh>
#include <cub/warp/warp_store.cuh>

namespace {

constexpr int kThreads = 64;

struct Less {
  template <class T>
  __device__ bool operator()(const T& a, const T& b) const { return a < b; }
};

// A warp of the hardware holds as many logical warps as fit, but only one if their width is no power of two.
template <int Width>
struct LogicalWarp {
  static constexpr int kPerWarp = (Width & (Width - 1)) == 0 ? 32 / Width : 1;
  static constexpr int kCount = kThreads / 32 * kPerWarp;
  const int lane = threadIdx.x % 32 % Width;
  const int index = threadIdx.x / 32 * kPerWarp + threadIdx.x % 32 / Width;
  const int item = index * Width + lane;
  const bool exists = threadIdx.x % 32 / Width < kPerWarp;
};

// Sum of all of each logical warp's items, and the maximum of the first `valid`.
template <int Width>
__device__ void reduce(const int* in, int* sums, int* maxima, int valid) {
  using Reduce = cub::WarpReduce<int, Width>;
  using Warp = LogicalWarp<Width>;
  __shared__ typename Reduce::TempStorage storage[Warp::kCount];
  const Warp warp;
  if (!warp.exists) return;
  const int x = in[warp.item];
  const int sum = Reduce(storage[warp.index]).Sum(x);
  __syncwarp(__activemask());
  const int maximum = Reduce(storage[warp.index]).Reduce(x, cub::Max(), valid);
  if (warp.lane == 0) {
    sums[warp.index] = sum;
    maxima[warp.index] = maximum;
  }
}

template <int Width>
__device__ void scan(const int* in, int* inclusive, int* exclusive, int* totals) {
  using Scan = cub::WarpScan<int, Width>;
  using Warp = LogicalWarp<Width>;
  __shared__ typename Scan::TempStorage storage[Warp::kCount];
  const Warp warp;
  if (!warp.exists) return;
  int before, up_to, total;
  Scan(storage[warp.index]).Scan(in[warp.item], up_to, before, 0, cub::Sum());
  __syncwarp(__activemask());
  Scan(storage[warp.index]).InclusiveSum(in[warp.item], up_to, total);
  inclusive[warp.item] = up_to;
  exclusive[warp.item] = before;
  totals[warp.item] = total;
}

// Loads items in blocked order, writes them down in striped order, sorts, and stores.
template <cub::WarpLoadAlgorithm Load, cub::WarpStoreAlgorithm Store>
__device__ void sort(const int* in, int* out, int* striped) {
  constexpr int kItems = 4;
  using Loader = cub::WarpLoad<int, kItems, Load>;
  using Storer = cub::WarpStore<int, kItems, Store>;
  using Exchange = cub::WarpExchange<int, kItems>;
  using Sort = cub::WarpMergeSort<int, kItems>;
  __shared__ union {
    typename Loader::TempStorage load;
    typename Storer::TempStorage store;
    typename Exchange::TempStorage exchange;
    typename Sort::TempStorage sort;
  } storage[kThreads / 32];
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32, offset = warp * 32 * kItems;
  int items[kItems], exchanged[kItems];
  Loader(storage[warp].load).Load(in + offset, items);
  __syncwarp();
  Exchange(storage[warp].exchange).BlockedToStriped(items, exchanged);
  for (int i = 0; i < kItems; ++i) striped[offset + i * 32 + lane] = exchanged[i];
  __syncwarp();
  Sort(storage[warp].sort).Sort(items, Less());
  __syncwarp();
  Storer(storage[warp].store).Store(out + offset, items);
}

}  // namespace

extern "C" __global__ void warp_reduce_32(const int* in, int* a, int* b, int valid) { reduce<32>(in, a, b, valid); }
extern "C" __global__ void warp_reduce_8(const int* in, int* a, int* b, int valid) { reduce<8>(in, a, b, valid); }
extern "C" __global__ void warp_reduce_7(const int* in, int* a, int* b, int valid) { reduce<7>(in, a, b, valid); }
extern "C" __global__ void warp_scan_32(const int* in, int* a, int* b, int* c) { scan<32>(in, a, b, c); }
extern "C" __global__ void warp_scan_8(const int* in, int* a, int* b, int* c) { scan<8>(in, a, b, c); }
extern "C" __global__ void warp_scan_7(const int* in, int* a, int* b, int* c) { scan<7>(in, a, b, c); }
extern "C" __global__ void warp_sort_transposed(const int* in, int* out, int* striped) {
  sort<cub::WARP_LOAD_TRANSPOSE, cub::WARP_STORE_TRANSPOSE>(in, out, striped);
}
extern "C" __global__ void warp_sort_vectorized(const int* in, int* out, int* striped) {
  sort<cub::WARP_LOAD_VECTORIZE, cub::WARP_STORE_VECTORIZE>(in, out, striped);
}
