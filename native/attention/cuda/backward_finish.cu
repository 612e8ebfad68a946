// Turns the float32 sums of the gradient of the queries into the gradient itself. One warp a row.
//   KI_ELEMENT   ptx::f16 or ptx::bf16
#include "attention/cuda/backward_place.cuh"
#include "cuda/device/fragment.cuh"
#include "cuda/ptx/convert.cuh"

namespace ki::attention::cuda {

using namespace ki::cuda;

extern "C" __global__ void __launch_bounds__(kRowSumsThreads)
    attention_backward_finish(const __grid_constant__ BackwardParams params) {
  const BackwardParams& p = params;
  const Sequences& sequences = p.sequences;
  const int block = ptx::ctaid_x(), entry = block / p.tiles, lane = ptx::tid_x() % kWarpSize;
  const int row = block % p.tiles * (kRowSumsThreads / kWarpSize) + ptx::tid_x() / kWarpSize;
  const int batch = entry / p.heads_q, head = entry % p.heads_q;
  if (row >= sequences.rows_q) return;
  if (sequences.cu_seqlens_q != nullptr && row >= sequences.first_query(sequences.batch)) return;
  // Rows have an even number of elements, at addresses that are multiples of 16.
  const auto* sums = reinterpret_cast<const float2*>(p.query_sums + (row_sums_at(p, batch, row, head) - p.row_sums) *
                                                                        p.query_sums_width);
  auto* to = reinterpret_cast<std::uint32_t*>(
      row_at(static_cast<char*>(p.grad_query), p.grad_query_strides, batch, row, head));
  for (int i = lane; i < p.query_sums_width / 2; i += kWarpSize) {
    to[i] = ptx::cvt_rn_x2_f32<KI_ELEMENT>(sums[i].y * p.scale, sums[i].x * p.scale);
  }
}

}  // namespace ki::attention::cuda
