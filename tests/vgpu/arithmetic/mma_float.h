// The floating-point products of mma: D = A * B + C for a tile of 16 x 8.
#pragma once

namespace vgpu::arithmetic {

// Columns in the order in which the accumulators' registers hold them, so that C and D need no shuffling.
inline constexpr int kColumnOrder[8] = {0, 2, 4, 6, 1, 3, 5, 7};

// The operands in double precision, where every product is exact. `depth` is K, at most 16.
struct alignas(64) FloatTile {
  double a[16][16];  // [row][k]
  double b[16][8];   // [k][kColumnOrder]
  double c[16][8];   // [row][kColumnOrder]; the result replaces it
};

// Every sum in double precision, in the order of k, starting from C.
void multiply_exact(FloatTile& tile, int depth);

// As on compute capability 8.x. `slice` products at a time (8, or 4 for tf32) and the accumulator are aligned to the
// largest of their exponents, truncated to 24 fractional bits and added as integers; the sum is truncated to f32, or
// for an f16 accumulator rounded to f16. A product's exponent is the sum of its factors' exponents, and a subnormal
// number has that of the smallest normal one: `smallest_power` is that number for the type of A and B.
void multiply_ampere(FloatTile& tile, int depth, int slice, double smallest_power, bool half_accumulator);

}  // namespace vgpu::arithmetic
