// CUB's device-wide algorithms, each as the kernels that cub::Device... would launch: its agents with their tuning
// policies, in entries whose parameters are plain pointers. Scan, select and radix sort pass totals from block to block
// through global memory (decoupled look-back), with spin loops and relaxed or volatile accesses.
#include <cub/agent/agent_histogram.cuh>
#include <cub/agent/agent_radix_sort_histogram.cuh>
#include <cub/agent/agent_radix_sort_onesweep.cuh>
#include <cub/agent/agent_reduce.cuh>
#include <cub/agent/agent_reduce_by_key.cuh>
#include <cub/agent/agent_scan.cuh>
#include <cub/agent/agent_select_if.cuh>
#include <cub/block/block_scan.cuh>
#include <cub/device/dispatch/dispatch_histogram.cuh>

namespace {

constexpr int kThreads = 128;

// What the host must know: bytes of the state of `tiles` tiles, and items of a tile.
template <class State, class Agent>
__device__ void describe(int tiles, std::size_t* facts) {
  State::AllocationSize(tiles, facts[0]);
  facts[1] = Agent::TILE_ITEMS;
}

template <class State>
__device__ State tile_state(void* storage, int tiles) {
  State state;
  state.Init(tiles, storage, ~std::size_t{0});
  return state;
}

template <class T>
using ReduceAgent =
    cub::AgentReduce<cub::AgentReducePolicy<kThreads, 16, T, 4, cub::BLOCK_REDUCE_WARP_REDUCTIONS, cub::LOAD_LDG>,
                     const T*, T*, int, cub::Sum, T>;

template <class T>
using ScanAgent =
    cub::AgentScan<cub::AgentScanPolicy<kThreads, 7, T, cub::BLOCK_LOAD_WARP_TRANSPOSE, cub::LOAD_DEFAULT,
                                        cub::BLOCK_STORE_WARP_TRANSPOSE, cub::BLOCK_SCAN_WARP_SCANS>,
                   const T*, T*, cub::Sum, cub::detail::InputValue<T>, int, T>;
template <class T>
using ScanState = cub::ScanTileState<T>;

// One block for each even share of the input; the last of several launches reduces the blocks' results.
template <class T>
__device__ void reduce(const T* in, T* out, int count) {
  __shared__ typename ReduceAgent<T>::TempStorage storage;
  const int share = (count + gridDim.x - 1) / gridDim.x, begin = blockIdx.x * share, end = min(count, begin + share);
  if (begin >= end) return;
  const T total = ReduceAgent<T>(storage, in, cub::Sum()).ConsumeRange(begin, end);
  if (threadIdx.x == 0) out[blockIdx.x] = total;
}

template <class T>
__device__ void scan(const T* in, T* out, int count, void* state_storage, int tiles, T initial) {
  __shared__ typename ScanAgent<T>::TempStorage storage;
  auto state = tile_state<ScanState<T>>(state_storage, tiles);
  ScanAgent<T>(storage, in, out, cub::Sum(), cub::detail::InputValue<T>(initial)).ConsumeRange(count, state, 0);
}

struct IsOdd {
  __device__ bool operator()(int x) const { return x & 1; }
};

template <bool KeepRejects>
using SelectAgent =
    cub::AgentSelectIf<cub::AgentSelectIfPolicy<kThreads, 10, cub::BLOCK_LOAD_DIRECT, cub::LOAD_LDG,
                                                cub::BLOCK_SCAN_WARP_SCANS>,
                       const int*, cub::NullType*, int*, IsOdd, cub::NullType, int, KeepRejects>;
using SelectState = cub::ScanTileState<int>;

template <bool KeepRejects>
__device__ void select(const int* in, int* out, int* selected, int count, void* state_storage, int tiles) {
  using Agent = SelectAgent<KeepRejects>;
  __shared__ typename Agent::TempStorage storage;
  auto state = tile_state<SelectState>(state_storage, tiles);
  Agent(storage, in, nullptr, out, IsOdd(), cub::NullType(), count).ConsumeRange(tiles, state, selected);
}

using ReduceByKeyAgent =
    cub::AgentReduceByKey<cub::AgentReduceByKeyPolicy<kThreads, 6, cub::BLOCK_LOAD_DIRECT, cub::LOAD_LDG,
                                                      cub::BLOCK_SCAN_WARP_SCANS>,
                          const int*, int*, const int*, int*, int*, cub::Equality, cub::Sum, int, int>;
using ReduceByKeyState = cub::ReduceByKeyScanTileState<int, int>;

constexpr int kRadixBits = 8;
using HistogramAgent =
    cub::AgentRadixSortHistogram<cub::AgentRadixSortHistogramPolicy<kThreads, 8, 1, unsigned, kRadixBits>, false,
                                 unsigned, int>;
using OnesweepAgent = cub::AgentRadixSortOnesweep<
    cub::AgentRadixSortOnesweepPolicy<kThreads, 11, unsigned, 1, cub::RADIX_RANK_MATCH_EARLY_COUNTS_ANY,
                                      cub::BLOCK_SCAN_RAKING_MEMOIZE, cub::RADIX_SORT_STORE_DIRECT, kRadixBits>,
    false, unsigned, int, int, int>;

using PassThrough =
    cub::DispatchHistogram<1, 1, const unsigned char*, unsigned, int, int>::PassThruTransform;
using EvenAgent =
    cub::AgentHistogram<cub::AgentHistogramPolicy<kThreads, 8, cub::BLOCK_LOAD_DIRECT, cub::LOAD_LDG, true, cub::SMEM,
                                                  false>,
                        256, 1, 1, const unsigned char*, unsigned, PassThrough, PassThrough, int>;

}  // namespace

extern "C" __global__ void __launch_bounds__(kThreads) device_reduce_int(const int* in, int* out, int count) {
  reduce(in, out, count);
}
extern "C" __global__ void __launch_bounds__(kThreads) device_reduce_float(const float* in, float* out, int count) {
  reduce(in, out, count);
}

extern "C" __global__ void scan_int_facts(int tiles, std::size_t* facts) {
  describe<ScanState<int>, ScanAgent<int>>(tiles, facts);
}
extern "C" __global__ void scan_int_init(void* storage, int tiles) {
  tile_state<ScanState<int>>(storage, tiles).InitializeStatus(tiles);
}
extern "C" __global__ void __launch_bounds__(kThreads)
    scan_int(const int* in, int* out, int count, void* storage, int tiles, int initial) {
  scan(in, out, count, storage, tiles, initial);
}

// 64-bit items: their tile states are 16 bytes wide, written and read at once.
extern "C" __global__ void scan_long_facts(int tiles, std::size_t* facts) {
  describe<ScanState<long long>, ScanAgent<long long>>(tiles, facts);
}
extern "C" __global__ void scan_long_init(void* storage, int tiles) {
  tile_state<ScanState<long long>>(storage, tiles).InitializeStatus(tiles);
}
extern "C" __global__ void __launch_bounds__(kThreads)
    scan_long(const long long* in, long long* out, int count, void* storage, int tiles, long long initial) {
  scan(in, out, count, storage, tiles, initial);
}

extern "C" __global__ void select_facts(int tiles, std::size_t* facts) {
  describe<SelectState, SelectAgent<false>>(tiles, facts);
}
extern "C" __global__ void select_init(void* storage, int tiles) {
  tile_state<SelectState>(storage, tiles).InitializeStatus(tiles);
}
extern "C" __global__ void __launch_bounds__(kThreads)
    select_odd(const int* in, int* out, int* selected, int count, void* storage, int tiles) {
  select<false>(in, out, selected, count, storage, tiles);
}
extern "C" __global__ void __launch_bounds__(kThreads)
    partition_odd(const int* in, int* out, int* selected, int count, void* storage, int tiles) {
  select<true>(in, out, selected, count, storage, tiles);
}

extern "C" __global__ void reduce_by_key_facts(int tiles, std::size_t* facts) {
  describe<ReduceByKeyState, ReduceByKeyAgent>(tiles, facts);
}
extern "C" __global__ void reduce_by_key_init(void* storage, int tiles) {
  tile_state<ReduceByKeyState>(storage, tiles).InitializeStatus(tiles);
}
extern "C" __global__ void __launch_bounds__(kThreads)
    reduce_by_key(const int* keys, int* unique, const int* values, int* sums, int* runs, int count, void* state_storage,
                  int tiles) {
  __shared__ ReduceByKeyAgent::TempStorage storage;
  auto state = tile_state<ReduceByKeyState>(state_storage, tiles);
  ReduceByKeyAgent(storage, keys, unique, values, sums, runs, cub::Equality(), cub::Sum())
      .ConsumeRange(count, state, 0);
}

// Four passes of eight bits: counts for all of them, their exclusive sums, and one sweep each.
extern "C" __global__ void radix_facts(std::size_t* facts) { facts[0] = OnesweepAgent::TILE_ITEMS; }
extern "C" __global__ void __launch_bounds__(kThreads) radix_histogram(int* bins, const unsigned* keys, int count) {
  __shared__ HistogramAgent::TempStorage storage;
  HistogramAgent(storage, bins, keys, count, 0, 32).Process();
}
extern "C" __global__ void __launch_bounds__(1 << kRadixBits) radix_sum(int* bins) {
  using Scan = cub::BlockScan<int, 1 << kRadixBits>;
  __shared__ Scan::TempStorage storage;
  int* bin = bins + (blockIdx.x << kRadixBits) + threadIdx.x;
  int before;
  Scan(storage).ExclusiveSum(*bin, before);
  *bin = before;
}
extern "C" __global__ void __launch_bounds__(kThreads)
    radix_sweep(int* lookback, int* counter, int* bins_out, const int* bins, unsigned* keys_out, const unsigned* keys,
                int* values_out, const int* values, int count, int bit) {
  __shared__ OnesweepAgent::TempStorage storage;
  OnesweepAgent(storage, lookback, counter, bins_out, bins, keys_out, keys, values_out, values, count, bit, kRadixBits)
      .Process();
}

extern "C" __global__ void __launch_bounds__(kThreads)
    device_histogram(const unsigned char* samples, unsigned* histogram, int count, int tiles) {
  __shared__ EvenAgent::TempStorage storage;
  int bins[1] = {256};
  unsigned* histograms[1] = {histogram};
  PassThrough transforms[1];
  EvenAgent agent(storage, samples, bins, bins, histograms, histograms, transforms, transforms);
  agent.InitBinCounters();
  agent.ConsumeTiles(count, 1, count, tiles, cub::GridQueue<int>());
  agent.StoreOutput();
}
