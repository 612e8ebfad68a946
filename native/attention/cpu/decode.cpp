// The host side of the decode path: splits keys into ranges, gives each its place for partial results, and merges them.
#include "attention/cpu/decode.h"

#include <algorithm>

#include "attention/cpu/forward.h"
#include "cpu/cpu_device.h"

namespace ki::attention::cpu {
namespace {

using ki::cpu::CpuDevice;

// Query rows of one key and value head at the most. With more, packing the keys costs less than it saves: over 2048 keys
// the two paths were equally fast at 14 rows (bfloat16) and 24 (float32).
constexpr std::int64_t kMaxRows = 16;

// The same where the other path, which does not split keys, would have work for few threads, if there are keys enough; and
// where the caller wants them split. At 64 rows half of one thread's speed is lost.
constexpr std::int64_t kMaxSplitRows = 64;
constexpr std::int64_t kFewHeads = 4;
constexpr std::int64_t kWorthSplitting = 2048;

// Keys for each row at the least: packing fewer takes no time.
constexpr std::int64_t kMinKeysPerRow = 8;

// Keys of a chosen range at the least: reading them takes far longer than merging one more partial result.
constexpr std::int64_t kMinRangeKeys = 512;

// Ranges times heads that keep a machine busy, and ranges at the most where there are many heads: partial results are 1%
// of the keys and values, or less.
constexpr std::int64_t kWantedRanges = 64;
constexpr std::int64_t kFewestRanges = 8;

// Tasks for each worker, so that the last one to finish is not far behind the others.
constexpr std::int64_t kTasksPerWorker = 4;

// Floats of the queries and of the partial results of the heads of a task at the most, so that both stay in the first-level
// cache: they are passed over for every few keys.
constexpr std::int64_t kMaxTaskFloats = 4096;

// Bytes of keys and values that take about as long to read as waking a thread up (some 10 microseconds).
constexpr std::int64_t kWorthWaking = 100'000;

DecodeKernels::Attend kernel_for(const DecodeKernels& compiled, ki_dtype dtype) {
  switch (dtype) {
    case KI_DTYPE_FLOAT32: return compiled.float32;
    case KI_DTYPE_FLOAT16: return compiled.float16;
    case KI_DTYPE_BFLOAT16: return compiled.bfloat16;
    case KI_DTYPE_INT8: return compiled.int8;
    default: return nullptr;
  }
}

std::int64_t ceiling(std::int64_t value, std::int64_t divisor) { return (value + divisor - 1) / divisor; }

// Sizes that shapes alone decide.
struct Sizes {
  explicit Sizes(const Problem& p)
      : rows(std::min(p.seq_q * p.group, kMaxSplitRows)), splits(choose_split_count(p, p.seq_k)), heads(p.heads_kv) {
    sums = heads * rows * decode_pitch(p.head_dim_v);
    scalars = round_up(heads * rows, kMaxLanes);
    queries = heads * rows * decode_pitch(p.head_dim);
    scores = heads * rows * kDecodePitch;
    seen = round_up(heads * rows * 2, kMaxLanes);
  }
  std::int64_t partials(std::int64_t batch) const { return batch * splits * (sums + 2 * scalars); }
  std::int64_t scratch() const { return queries + scores + 2 * scalars + seen; }

  std::int64_t rows, splits, heads;
  std::int64_t sums, scalars;          // floats of a range's partial results, scalars also of scratch memory
  std::int64_t queries, scores, seen;  // floats of a worker's scratch memory
};

// The workspace: sums of all ranges, then maxima, then sums of weights, then each worker's scratch memory.
class Workspace {
 public:
  Workspace(const Problem& p, void* memory) : sizes_(p), ranges_(p.batch * sizes_.splits) {
    sums_ = static_cast<float*>(memory);
    maxima_ = sums_ + ranges_ * sizes_.sums;
    weights_ = maxima_ + ranges_ * sizes_.scalars;
    scratch_ = weights_ + ranges_ * sizes_.scalars;
  }

  const Sizes& sizes() const { return sizes_; }
  Partial partial(const Problem& p, std::int64_t batch, std::int64_t range, std::int64_t row) const {
    const std::int64_t index = batch * sizes_.splits + range;
    return {sums_ + index * sizes_.sums + row * decode_pitch(p.head_dim_v), maxima_ + index * sizes_.scalars + row,
            weights_ + index * sizes_.scalars + row};
  }
  DecodeScratch scratch(int worker) const {
    float* memory = scratch_ + worker * sizes_.scratch();
    float* scores = memory + sizes_.queries;
    float* shifts = scores + sizes_.scores;
    float* rescale = shifts + sizes_.scalars;
    return {memory, scores, shifts, rescale, reinterpret_cast<std::uint64_t*>(rescale + sizes_.scalars)};
  }

 private:
  const Sizes sizes_;
  const std::int64_t ranges_;
  float *sums_, *maxima_, *weights_, *scratch_;
};

// Heads of a task: all, if they fit and there are tasks enough. It changes no result.
std::int64_t heads_of_task(const Problem& p, const Sizes& sizes, std::int64_t ranges, int workers) {
  const std::int64_t row_floats = std::max(decode_pitch(p.head_dim), decode_pitch(p.head_dim_v));
  const std::int64_t fitting = std::max<std::int64_t>(kMaxTaskFloats / (sizes.rows * row_floats), 1);
  const std::int64_t wanted = workers == 1 ? 1 : ceiling(kTasksPerWorker * workers, std::max<std::int64_t>(ranges, 1));
  return std::clamp<std::int64_t>(p.heads_kv / wanted, 1, fitting);
}

}  // namespace

SeenKeys::SeenKeys(const Problem& p, const Sequence& sequence) : sinks(0), begin(0), end(0) {
  if (sequence.seq_q == 0) return;
  // A later query sees no fewer keys at either end.
  const VisibleKeys first = p.visible_keys(sequence, 0), last = p.visible_keys(sequence, sequence.seq_q - 1);
  begin = first.begin;
  end = last.end;
  sinks = std::min(last.sinks, begin);
}

bool takes_decode_path(const Problem& p, const Sequence& sequence) {
  const std::int64_t rows = sequence.seq_q * p.group, keys = sequence.seq_k;
  if (rows > kMaxSplitRows || keys < kMinKeysPerRow * rows) return false;
  return rows <= kMaxRows || p.split_count > 1 || (p.heads_kv <= kFewHeads && keys >= kWorthSplitting);
}

std::int64_t choose_split_count(const Problem& p, std::int64_t keys) {
  if (keys == 0) return 0;
  if (p.split_count > 0) return std::min(p.split_count, keys);
  const std::int64_t most = std::max(kWantedRanges / std::max<std::int64_t>(p.heads_kv, 1), kFewestRanges);
  return std::min(ceiling(keys, kMinRangeKeys), most);
}

std::uint64_t decode_workspace(Device& device, const Problem& p) {
  const int workers = static_cast<CpuDevice&>(device).pool().thread_count();
  const Sizes sizes(p);
  return static_cast<std::uint64_t>(sizes.partials(p.batch) + workers * sizes.scratch()) * sizeof(float);
}

void decode(Device& device, const Problem& p, void* memory) {
  auto& cpu = static_cast<CpuDevice&>(device);
  const DecodeKernels& compiled = decode_kernels(cpu.target());
  const DecodeKernels::Attend attend = kernel_for(compiled, p.key.dtype);
  const Workspace workspace(p, memory);
  const Sizes& sizes = workspace.sizes();
  if (p.batch == 0 || p.heads_kv == 0 || sizes.rows == 0) return;

  std::int64_t ranges = 0, keys = 0;
  for (std::int64_t b = 0; b < p.batch; ++b) {
    const Sequence sequence = p.sequence(b);
    if (!takes_decode_path(p, sequence)) continue;
    const SeenKeys seen(p, sequence);
    ranges += choose_split_count(p, seen.count());
    keys += seen.count();
  }
  const std::int64_t bytes = keys * p.heads_kv * (p.head_dim + p.head_dim_v) * size_of(p.key.dtype);
  const int threads = cpu.pool().thread_count();
  const auto workers = static_cast<int>(std::clamp<std::int64_t>(bytes / kWorthWaking, 1, threads));

  const std::int64_t task_heads = heads_of_task(p, sizes, ranges, workers);
  const std::int64_t head_blocks = ceiling(p.heads_kv, task_heads);
  cpu.pool().parallel_for(p.batch * sizes.splits * head_blocks, workers, [&](std::int64_t index, int worker) {
    const std::int64_t b = index / head_blocks / sizes.splits, range = index / head_blocks % sizes.splits;
    const std::int64_t head = index % head_blocks * task_heads;
    const Sequence sequence = p.sequence(b);
    if (!takes_decode_path(p, sequence)) return;
    const SeenKeys seen(p, sequence);
    const std::int64_t count = seen.count(), splits = choose_split_count(p, count);
    if (range >= splits) return;
    const auto rows = static_cast<int>(sequence.seq_q * p.group);
    attend(p,
           {sequence, b, head, std::min(head + task_heads, p.heads_kv), rows, count * range / splits,
            count * (range + 1) / splits, seen, workspace.partial(p, b, range, head * rows)},
           workspace.scratch(worker));
  });

  cpu.pool().parallel_for(p.batch * p.heads_kv, workers, [&](std::int64_t index, int) {
    const std::int64_t b = index / p.heads_kv, head = index % p.heads_kv;
    const Sequence sequence = p.sequence(b);
    if (!takes_decode_path(p, sequence)) return;
    const auto rows = static_cast<int>(sequence.seq_q * p.group);
    const std::int64_t parts = choose_split_count(p, SeenKeys(p, sequence).count());
    compiled.merge(
        p, {sequence, b, head, rows, parts, workspace.partial(p, b, 0, head * rows), sizes.sums, sizes.scalars});
  });
}

}  // namespace ki::attention::cpu
