// Where the elements of mma's operands sit in the registers of a warp. One rule serves every shape and type of compute
// capability 8.x: four lanes share a row of A (a column of B), each lane's register holds neighbouring elements along
// k, and registers step first through the row halves, then along k.
#pragma once

namespace vgpu::arithmetic {

struct Cell {
  int row = 0, column = 0;
  constexpr bool operator==(const Cell&) const = default;
};

// A is m x k. `packed` is how many elements a register of one lane holds: 32 bits over the width of the type, 1 for
// f64.
constexpr Cell a_cell(int m, int packed, int lane, int reg, int element) {
  const int row_halves = m / 8;
  return {lane / 4 + 8 * (reg % row_halves), lane % 4 * packed + element + 4 * packed * (reg / row_halves)};
}

// B is k x 8.
constexpr Cell b_cell(int packed, int lane, int reg, int element) {
  return {lane % 4 * packed + element + 4 * packed * reg, lane / 4};
}

// C and D are m x 8; one element a register (f32, s32, f64) or two (f16).
constexpr Cell c_cell(int packed, int lane, int reg, int element) {
  const int index = reg * packed + element;
  return {lane / 4 + 8 * (index / 2), lane % 4 * 2 + index % 2};
}

constexpr int a_registers(int m, int k, int packed) { return m * k / (32 * packed); }
constexpr int b_registers(int k, int packed) { return 8 * k / (32 * packed); }
constexpr int c_registers(int m, int packed) { return m * 8 / (32 * packed); }

}  // namespace vgpu::arithmetic
