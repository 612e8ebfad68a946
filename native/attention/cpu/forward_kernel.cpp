// The forward kernel of one block, compiled for every instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "attention/cpu/forward_kernel.cpp"
#include "cpu/simd/targets.h"
// Highway's headers come first: they set the target.
#include "attention/cpu/forward.h"
#include "attention/cpu/forward_tile-inl.h"
#include "attention/cpu/rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

// Keys [begin, end) of a sequence.
struct KeyRange {
  std::int64_t begin, end;
};

void prepare_block(const Problem& p, const Block& block, const Scratch& s) {
  for (int r = 0; r < block.rows; ++r) {
    const QueryRow row = block.query_row(p, r);
    load_query_row(p, block, row, s.queries + r * query_pitch(p));
    s.visible[r] = p.visible_keys(block.sequence, row.query);
  }
  std::fill_n(s.accumulators, block.rows * accumulator_pitch(p), 0.0f);
  std::fill_n(s.row_max, block.rows, -kInfinity);
  std::fill_n(s.row_sum, block.rows, 0.0f);
}

// Whether 0 times any of them is 0.
bool is_finite(const float* HWY_RESTRICT packed, std::int64_t count) {
  const FloatTag d;
  auto sum = hn::Zero(d);
  for (std::int64_t i = 0; i < count; i += kLanes) sum = hn::MulAdd(hn::Load(d, packed + i), hn::Zero(d), sum);
  return hn::AllFalse(d, hn::IsNaN(sum));
}

// A hidden key has weight 0, which keeps its value out unless that is infinite or NaN.
bool leaves_out_hidden(const Problem& p, int keys, const Scratch& s) {
  const bool hides = p.mask.rank > 0 || p.tree_mask.rank > 0 || p.bias.rank > 0;
  return hides && !is_finite(s.values, round_up(p.head_dim_v, kLanes) * keys);
}

void attend_tile(const Problem& p, const Block& block, const Chunk& chunk, const Tile& tile, const Scratch& s) {
  multiply_keys(p, chunk, tile, s);
  if (p.is_general()) finish_tile_scores(p, block, chunk, tile, s);
  float rescale[kTileRows];
  softmax(tile, s, rescale);
  if (p.dropout_threshold != 0) drop_weights(p, block, chunk, tile, s);
  accumulate_values(p, chunk, tile, rescale, s);
}

// Attends to the keys in range(row) for every row of the block. Ranges begin and end the later, the later the row.
//
// Chunks lie on a grid, of which a block packs what its rows see: where a row's sums are rescaled depends on the row alone.
template <class Range>
void attend_range(const Problem& p, const Block& block, const Scratch& s, const Range& range) {
  const std::int64_t begin = range(0).begin, end = range(block.rows - 1).end;
  // Tiles of nearly equal height: 13 rows are better cut into 4, 4 and 5 than into 6, 6 and 1.
  const int tiles = (block.rows + kTileRows - 1) / kTileRows;
  for (std::int64_t key = begin, next; key < end; key = next) {
    next = std::min(end, (key / kKeyChunk + 1) * kKeyChunk);
    Chunk chunk{key, static_cast<int>(next - key), false};
    pack_chunk(p, block, chunk.first_key, chunk.keys, s);
    chunk.leaves_out_hidden = leaves_out_hidden(p, chunk.keys, s);
    for (int t = 0; t < tiles; ++t) {
      const int first = block.rows * t / tiles, last = block.rows * (t + 1) / tiles;
      const Tile tile = make_tile(first, last - first, chunk, range);
      if (!tile.any.empty()) attend_tile(p, block, chunk, tile, s);
    }
  }
}

void write_output(const Problem& p, const Block& block, const Scratch& s) {
  for (int r = 0; r < block.rows; ++r) {
    write_output_row(p, block, block.query_row(p, r), s.accumulators + r * accumulator_pitch(p), s.row_max[r],
                     s.row_sum[r]);
  }
}

void forward_block(const Problem& p, const Block& block, const Scratch& s) {
  prepare_block(p, block, s);
  attend_range(p, block, s, [&](int r) { return KeyRange{0, s.visible[r].sinks}; });
  attend_range(p, block, s, [&](int r) { return KeyRange{s.visible[r].begin, s.visible[r].end}; });
  write_output(p, block, s);
}

constexpr Kernels kKernels{forward_block};

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ki::attention::cpu {

const Kernels& kernels(ki::cpu::SimdTarget target) { return KI_FOR_TARGET(target, kKernels); }

}  // namespace ki::attention::cpu
#endif
