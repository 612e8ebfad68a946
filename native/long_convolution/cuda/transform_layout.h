// How the fused kernels decompose a transform, and where its points lie in shared memory and in the plan's tables.
//
// A transform of N points is a matrix of N / 256 lines of 256 points, n = line * 256 + 16 * m1 + m2. Forward, in decimation in
// frequency:
//
//   outer     down the lines                        line n1 -> k1
//   rows      in each line, over m1                 m1 -> q1
//   columns   in each line, over m2                 m2 -> q2       frequency k = k1 + lines * (q1 + 16 * q2)
//
// and backward the mirror image, so that nothing is ever put into another order. All three multiply with 16x16 matrices. The
// twiddles after a step depend on the numbers of its results and of what is still to be summed, and where one of these is the
// same for a whole tile they become part of the matrix, W = exp(-2 pi i / 16):
//
//   M(d)[q][m] = W^((q + d)(m + d))
//
// is the transform of 16 points between whole frequencies, at a distance of d. Its factor W^(q d) is one too many; as the result
// is only multiplied with the spectrum and goes back by the conjugate matrices, it cancels, and M is symmetric: one set of
// fragments serves as left and as right factor, forward and backward.
//
// A block of the kernel holds 16 lines (or 32 or 64, if a transform has that many): transforms of fewer lines share a block, and
// their outer matrix has small transforms along its diagonal.
#pragma once

#include <cstdint>

#include "cuda/device/fragment.cuh"
#include "cuda/device/host_device.h"
#include "long_convolution/cuda/column_order.h"

namespace ki::long_convolution::cuda {

inline constexpr int kLinePoints = 256;
inline constexpr int kMatrixLines = 16;        // that one product of the outer step takes together
inline constexpr int kMaxFusedPoints = 16384;  // of a fused transform
// Warps of a block: with more, what each does once would weigh more; 16 of them fit a multiprocessor by their registers.
KI_HOST_DEVICE constexpr int fused_warps(int folds) { return folds == 4 ? 8 : 4; }
KI_HOST_DEVICE constexpr int fused_threads(int folds) { return fused_warps(folds) * ki::cuda::kWarpSize; }
KI_HOST_DEVICE constexpr int fused_blocks(int folds) { return 16 / fused_warps(folds); }  // of a multiprocessor

// Shape of a transform of a power of two, 256 to 16384 points.
struct FusedShape {
  int points;

  KI_HOST_DEVICE constexpr int lines() const { return points / kLinePoints; }
  // Lines of a block over 16: the outer transform of more lines begins with butterflies of so many.
  KI_HOST_DEVICE constexpr int folds() const { return lines() <= kMatrixLines ? 1 : lines() / kMatrixLines; }
  KI_HOST_DEVICE constexpr int block_lines() const { return folds() * kMatrixLines; }
  // Transforms that share a block.
  KI_HOST_DEVICE constexpr int transforms() const { return block_lines() / lines(); }
};

// Lines change their order in the outer step: fold ka, product kb. Without folds it stays.
KI_HOST_DEVICE constexpr int outer_frequency(int line, int folds) {
  return line / kMatrixLines + folds * (line % kMatrixLines);
}

// Shared memory holds a plane of real and one of imaginary parts, lines of 512 bytes each. Chunks of 16 bytes change places so
// that the same chunk of eight lines, every other chunk of half a line, and eight neighbours all fall on all banks.
inline constexpr int kLineBytes = 2 * kLinePoints;
inline constexpr int kLineChunks = kLineBytes / 16;
KI_HOST_DEVICE constexpr unsigned chunk_place(unsigned line, unsigned chunk) {
  return chunk ^ (chunk / 8 % 2) ^ (line % 8);
}
KI_HOST_DEVICE constexpr unsigned chunk_offset(unsigned line, unsigned chunk) {
  return line * kLineBytes + chunk_place(line, chunk) * 16;
}

// From one chunk to others of the same warp, without computing their places anew. `first`: an offset or an address, if the planes
// are aligned to 128 bytes. The same chunk in the warp's next lines, of which it has every `warps`-th from line < warps on:
KI_HOST_DEVICE constexpr unsigned line_of_turn(unsigned first, int turn, int warps) {
  return (first ^ static_cast<unsigned>(turn * warps % 8 * 16)) + static_cast<unsigned>(turn * warps * kLineBytes);
}
// and the next chunks in the same line, of which warps take pairs in turn, from chunk < 2 warps on.
KI_HOST_DEVICE constexpr unsigned chunk_of_turn(unsigned first, int turn, int warps) {
  const int chunks = 2 * warps * turn;
  return (first ^ static_cast<unsigned>(chunks / 8 % 2 * 16)) + static_cast<unsigned>(chunks * 16);
}

// Both planes, and what the block knows of its lines and windows.
constexpr int fused_shared_bytes(int folds) {
  const int lines = folds * kMatrixLines, transforms = folds == 1 ? kMatrixLines : 1;
  return 2 * lines * kLineBytes + 2 * lines * 16 + 2 * transforms * 96 + lines * 8;
}

// The spectrum of a line lies as the lanes multiply it: pairs of neighbouring columns q2, [4][32 lanes][2] complex numbers.
KI_HOST_DEVICE constexpr int line_place(int q1, int q2) {
  return (q2 / 8 * 2 + q1 / 8) * 64 + (q1 % 8 * 4 + q2 % 8 / 2) * 2 + q2 % 2;
}

// Where frequency k of a transform lies in its spectrum.
KI_HOST_DEVICE constexpr int spectrum_place(int frequency, int points, ColumnOrder columns) {
  const int lines = points / kLinePoints, folds = lines <= kMatrixLines ? 1 : lines / kMatrixLines;
  const int k1 = frequency % lines, q = frequency / lines;
  const int line = k1 % folds * kMatrixLines + k1 / folds;
  return line * kLinePoints + line_place(q % 16, columns.place(q / 16));
}

// The same for transforms of any size: those over global memory have a natural order.
KI_HOST_DEVICE constexpr int spectrum_place_of_plan(int frequency, int points, ColumnOrder columns) {
  return points <= kMaxFusedPoints ? spectrum_place(frequency, points, columns) : frequency;
}

// Matrices of a plan, in this order: `folds` of the outer step, then three of each line of a block: for its rows, for its
// columns, and that again as a right factor, whose registers have another order.
enum LineMatrix { kRowsMatrix, kColumnsMatrix, kColumnsRightMatrix, kLineMatrices };
KI_HOST_DEVICE constexpr int matrix_count(int folds) { return folds + kLineMatrices * folds * kMatrixLines; }
// A matrix M in fragments: M.re, -(M.re + M.im) and M.im - M.re, each four registers of each lane, rounded to 16 bits.
inline constexpr int kMatrixBytes = 3 * 4 * 4 * ki::cuda::kWarpSize;

// Each step of 16 points, forward or backward, is scaled by 1/4, so that the points neither grow nor shrink on average and 16
// bits suffice. The outer step's scale is a power of two as well, and what is left of 1 / N is part of the spectrum.
KI_HOST_DEVICE constexpr float outer_step_scale(int lines) {
  return lines >= 64 ? 0.125F : lines >= 16 ? 0.25F : lines >= 4 ? 0.5F : 1.0F;
}
KI_HOST_DEVICE constexpr float last_scale(int lines) {
  return 1 / (outer_step_scale(lines) * outer_step_scale(lines) * static_cast<float>(lines));
}
// What a plan's spectrum has been multiplied with besides, to that end.
KI_HOST_DEVICE constexpr float spectrum_scale(int points) {
  return points <= kMaxFusedPoints ? last_scale(points / kLinePoints) : 1.0F;
}

// Twiddles between rows and columns, W_256^(q1 m2), symmetric: 8 complex float32 of each lane.
inline constexpr int kTwiddleBytes = 8 * 8 * ki::cuda::kWarpSize;

}  // namespace ki::long_convolution::cuda
