// Which elements of a matrix each lane of a warp holds for mma.m16n8k16, and which rows it names for ldmatrix. `i` counts
// a lane's elements; two 16-bit elements share a register.
#pragma once

#include "cuda/device/host_device.h"

namespace ki::cuda {

inline constexpr int kWarpSize = 32;

// The left factor, 16x16, 16-bit.
struct FragmentA {
  static constexpr int kElements = 8;
  KI_HOST_DEVICE static constexpr int row(int lane, int i) { return lane / 4 + i / 2 % 2 * 8; }
  KI_HOST_DEVICE static constexpr int col(int lane, int i) { return lane % 4 * 2 + i % 2 + i / 4 * 8; }
};

// The right factor, 16x8, 16-bit.
struct FragmentB {
  static constexpr int kElements = 4;
  KI_HOST_DEVICE static constexpr int row(int lane, int i) { return lane % 4 * 2 + i % 2 + i / 2 * 8; }
  KI_HOST_DEVICE static constexpr int col(int lane, int) { return lane / 4; }
};

// The sums, 16x8, float32. Lanes 4g to 4g + 3 share rows g and g + 8. Two of these side by side lie as a FragmentA does,
// so the scores become the left factor of the next product without leaving their lane.
struct FragmentC {
  static constexpr int kElements = 4;
  KI_HOST_DEVICE static constexpr int row(int lane, int i) { return lane / 4 + i / 2 * 8; }
  KI_HOST_DEVICE static constexpr int col(int lane, int i) { return lane % 4 * 2 + i % 2; }
};

// ldmatrix.x4 of a 16x16 block: the row that a lane names, and which 8 of its 16 columns.
//
// Row-major blocks become a FragmentA. Transposed, rows of keys by columns of values become two FragmentB, one for each 8
// columns.
struct MatrixRowsA {
  KI_HOST_DEVICE static constexpr int row(int lane) { return lane % 16; }
  KI_HOST_DEVICE static constexpr int half(int lane) { return lane / 16; }
};

// Rows of the block become columns of two FragmentB, one for each 8 rows.
struct MatrixRowsB {
  KI_HOST_DEVICE static constexpr int row(int lane) { return lane % 8 + lane / 16 * 8; }
  KI_HOST_DEVICE static constexpr int half(int lane) { return lane / 8 % 2; }
};

}  // namespace ki::cuda
