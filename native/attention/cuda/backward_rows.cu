// What the backward pass needs to know of every query row, before anything else: its logsumexp in base 2, and delta,
// the sum over its output of gradient times output (FlashAttention-2, Dao 2023, section 3.1.2). One warp a row.
//   KI_ELEMENT   ptx::f16, ptx::bf16 or float
#include "attention/cuda/backward_place.cuh"
#include "cuda/device/fragment.cuh"
#include "cuda/device/online_softmax.cuh"
#include "cuda/device/row_columns.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

// Packed rows behind the last sequence belong to nobody: their gradient is 0.
template <class T>
__device__ void clear_row(const BackwardParams& p, int row, int head) {
  auto* gradient = reinterpret_cast<T*>(row_at(static_cast<char*>(p.grad_query), p.grad_query_strides, 0, row, head));
  for (int i = ptx::tid_x() % kWarpSize; i < p.row_bytes / int(sizeof(T)); i += kWarpSize) gradient[i] = T{};
}

// Where the gradient of the queries will be summed by atomics.
__device__ inline void clear_sums(const BackwardParams& p, int batch, int row, int head) {
  float* sums = p.query_sums + (row_sums_at(p, batch, row, head) - p.row_sums) * p.query_sums_width;
  for (int i = ptx::tid_x() % kWarpSize; i < p.query_sums_width; i += kWarpSize) sums[i] = 0;
}

template <class T>
__device__ float sum_of_products(const BackwardParams& p, int batch, int row, int head) {
  const auto* output =
      reinterpret_cast<const T*>(row_at(static_cast<const char*>(p.output), p.output_strides, batch, row, head));
  const auto* gradient = reinterpret_cast<const T*>(
      row_at(static_cast<const char*>(p.grad_output), p.grad_output_strides, batch, row, head));
  float sum = 0;
  for (int i = ptx::tid_x() % kWarpSize; i < p.row_bytes_v / int(sizeof(T)); i += kWarpSize) {
    sum = fmaf(to_float(output[i]), to_float(gradient[i]), sum);
  }
  return lanes_sum<kWarpSize>(sum);
}

extern "C" __global__ void __launch_bounds__(kRowSumsThreads)
    attention_backward_rows(const __grid_constant__ BackwardParams params) {
  const BackwardParams& p = params;
  const Sequences& sequences = p.sequences;
  const int block = ptx::ctaid_x(),
            entry = block / p.tiles;  // an entry of the batch, with a head
  const int row = block % p.tiles * (kRowSumsThreads / kWarpSize) + ptx::tid_x() / kWarpSize;
  const int batch = entry / p.heads_q, head = entry % p.heads_q;
  if (row >= sequences.rows_q) return;
  if (sequences.cu_seqlens_q != nullptr && row >= sequences.first_query(sequences.batch)) {
    clear_row<KI_ELEMENT>(p, row, head);
    return;
  }
  if (p.query_sums != nullptr) clear_sums(p, batch, row, head);
  const float logsumexp = *reinterpret_cast<const float*>(
      row_at(static_cast<const char*>(p.logsumexp), p.logsumexp_strides, batch, row, head));
  const float delta = sum_of_products<KI_ELEMENT>(p, batch, row, head);
  if (ptx::tid_x() % kWarpSize != 0) return;
  // A row that sees nothing has exponents of -infinity, whatever they are taken from.
  constexpr float kLog2e = 1.44269504088896341F;
  const bool sees_nothing = logsumexp == -kInfinity;
  float* to = row_sums_at(p, batch, row, head);
  to[0] = sees_nothing ? kInfinity : logsumexp * kLog2e;
  to[p.row_sums_half] = sees_nothing ? 0 : delta;
}

}  // namespace ki::attention::cuda
