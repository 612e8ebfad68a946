// Merges attention over parts of the keys by the logarithms of their sums. Memory is all it takes: every part is read once,
// in accesses of 16 bytes, four parts at a time.
#pragma once

#include <type_traits>

#include "attention/cuda/combine_params.h"
#include "cuda/device/larger.cuh"
#include "cuda/device/online_softmax.cuh"
#include "cuda/device/row_columns.cuh"
#include "cuda/device/swizzle.cuh"
#include "cuda/ptx/special_registers.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

// A row of the output, and the lane's columns of it.
template <class Part>
struct CombineRow {
  static constexpr int kColumns = kChunkBytes / int(sizeof(Part));  // that are neighbours
  static constexpr int kVectors = kCombineColumns / kColumns;

  int batch, position, head, lane;
  bool exists;

  __device__ explicit CombineRow(const CombineParams& p) {
    const unsigned lanes = p.lanes_per_row, thread = ptx::tid_x(), heads = p.heads_q, positions = p.seq_q;
    const unsigned row = ptx::ctaid_x() * (kCombineThreads / lanes) + thread / lanes;
    lane = thread % lanes;
    head = row % heads;
    position = row / heads % positions;
    batch = row / heads / positions;
    exists = row < p.rows && (p.positions == nullptr || position < *p.positions);
  }

  template <class Byte>
  __device__ Byte* at(Byte* data, const Strides& strides) const {
    return data + batch * strides.batch + position * strides.position + head * strides.head;
  }

  __device__ int column(const CombineParams& p, int vector) const {
    return (vector * p.lanes_per_row + lane) * kColumns;
  }
};

// Sums of one row. A part that has seen no key adds nothing, whatever its output holds, so that is not read.
template <class Part>
struct CombineSums {
  using Row = CombineRow<Part>;
  float columns[Row::kVectors][Row::kColumns] = {};
  float weights = 0;

  __device__ static float weight(float logsumexp, float largest) {
    constexpr float kLog2e = 1.44269504088896341F;
    return logsumexp == -kInfinity ? 0 : ptx::ex2_approx_ftz_f32((logsumexp - largest) * kLog2e);
  }

  __device__ void add(float weight, const float (&x)[Row::kVectors][Row::kColumns]) {
    weights += weight;
#pragma unroll
    for (int v = 0; v < Row::kVectors; ++v) {
#pragma unroll
      for (int i = 0; i < Row::kColumns; ++i) columns[v][i] = fmaf(weight, x[v][i], columns[v][i]);
    }
  }
};

// The lane's columns of a row that has elements of T; zeros if it is not wanted.
template <bool kWhole, class T, class Row>
__device__ void load_row(float (&x)[Row::kVectors][Row::kColumns], const CombineParams& p, const Row& row,
                         const char* from, bool wanted) {
#pragma unroll
  for (int v = 0; v < Row::kVectors; ++v) {
    const int column = row.column(p, v), count = wanted ? p.head_dim_v - column : 0;
    const T* at = reinterpret_cast<const T*>(from) + column;
    if constexpr (kWhole) {
#pragma unroll
      for (float& element : x[v]) element = 0;
      if (count > 0) load_columns<T>(x[v], at);
    } else {
      load_columns<T>(x[v], at, count);
    }
  }
}

// Adds all parts. kWhole: the lane has no vector of columns of which only some exist, and all are aligned.
template <bool kWhole, class Part, class Out>
__device__ void add_parts(CombineSums<Part>& sums, const CombineParams& p, const CombineRow<Part>& row, float own,
                          float largest, const char* logsumexps) {
  constexpr int kTogether = 4;  // loads in flight
  using Row = CombineRow<Part>;
  if (p.accumulate) {
    float x[Row::kVectors][Row::kColumns];
    load_row<kWhole, Out>(x, p, row, row.at(static_cast<const char*>(p.output), p.output_strides), own != -kInfinity);
    sums.add(CombineSums<Part>::weight(own, largest), x);
  }
  const char* outputs = row.at(static_cast<const char*>(p.partial_outputs), p.partial_strides);
#pragma unroll 1
  for (int part = 0; part < p.parts; part += kTogether) {
    float x[kTogether][Row::kVectors][Row::kColumns], logsumexp[kTogether];
#pragma unroll
    for (int i = 0; i < kTogether; ++i) {
      const bool exists = part + i < p.parts;
      logsumexp[i] =
          exists ? *reinterpret_cast<const float*>(logsumexps + (part + i) * p.part_logsumexp_stride) : -kInfinity;
    }
#pragma unroll
    for (int i = 0; i < kTogether; ++i) {
      load_row<kWhole, Part>(x[i], p, row, outputs + (part + i) * p.part_stride, logsumexp[i] != -kInfinity);
    }
#pragma unroll
    for (int i = 0; i < kTogether; ++i) sums.add(CombineSums<Part>::weight(logsumexp[i], largest), x[i]);
  }
}

template <class Part, class Out>
__device__ void attention_combine(const CombineParams& p) {
  using Row = CombineRow<Part>;
  const Row row(p);
  CombineSums<Part> sums;
  float largest = -kInfinity;
  const char* logsumexps = row.at(static_cast<const char*>(p.partial_logsumexps), p.partial_logsumexp_strides);
  auto* own_logsumexp = reinterpret_cast<float*>(row.at(static_cast<char*>(p.logsumexp), p.logsumexp_strides));
  // A vector of Part's columns, that the output's row is made of as well, is whole or not there.
  const bool whole = p.aligned && p.head_dim_v % Row::kColumns == 0;
  if (row.exists) {
    const float own = p.accumulate ? *own_logsumexp : -kInfinity;
    largest = own;
#pragma unroll 4
    for (int part = 0; part < p.parts; ++part) {
      largest = larger(largest, *reinterpret_cast<const float*>(logsumexps + part * p.part_logsumexp_stride));
    }
    if (whole) {
      add_parts<true, Part, Out>(sums, p, row, own, largest, logsumexps);
    } else {
      add_parts<false, Part, Out>(sums, p, row, own, largest, logsumexps);
    }
  }
  __syncwarp();  // All lanes of the row have read what one of them overwrites.
  if (!row.exists) return;

  const float inverse = inverse_of(sums.weights);
#pragma unroll
  for (int v = 0; v < Row::kVectors; ++v) {
    const int column = row.column(p, v), count = p.head_dim_v - column;
    Out* to = reinterpret_cast<Out*>(row.at(static_cast<char*>(p.output), p.output_strides)) + column;
#pragma unroll
    for (float& x : sums.columns[v]) x *= inverse;
    if (!whole) {
      store_columns<Out>(to, sums.columns[v], count);
    } else if (count > 0) {
      store_columns<Out>(to, sums.columns[v]);
    }
  }
  // An infinite logsumexp leaves a sum of NaN, and dominates all the same.
  if (p.logsumexp != nullptr && row.lane == 0) {
    *own_logsumexp = fabsf(largest) == kInfinity ? largest : largest + logf(sums.weights);
  }
}

}  // namespace ki::attention::cuda
