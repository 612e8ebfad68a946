// Register i of ldmatrix holds matrix i: lane l has elements 2 * (l % 4) and the next one of row l / 4, so that the 32
// lanes one after the other are the matrix, row by row; with .trans, column by column.
#include "arithmetic/ldmatrix.h"

#include <cstring>

namespace vgpu::arithmetic {
namespace {

struct Matrix {
  std::uint16_t element[8][8];
};
static_assert(sizeof(Matrix) == 32 * sizeof(std::uint32_t));

Matrix transposed(const Matrix& matrix) {
  Matrix result;
  for (int row = 0; row < 8; ++row) {
    for (int column = 0; column < 8; ++column) result.element[column][row] = matrix.element[row][column];
  }
  return result;
}

}  // namespace

void ldmatrix(int count, bool transpose, const std::byte* const* rows, std::uint32_t* const* d) {
  for (int i = 0; i < count; ++i) {
    Matrix matrix;
    for (int row = 0; row < 8; ++row) std::memcpy(matrix.element[row], rows[address_lane(i, row)], 16);
    if (transpose) matrix = transposed(matrix);
    std::memcpy(d[i], &matrix, sizeof matrix);
  }
}

void stmatrix(int count, bool transpose, const std::uint32_t* const* a, std::byte* const* rows) {
  for (int i = 0; i < count; ++i) {
    Matrix matrix;
    std::memcpy(&matrix, a[i], sizeof matrix);
    if (transpose) matrix = transposed(matrix);
    for (int row = 0; row < 8; ++row) std::memcpy(rows[address_lane(i, row)], matrix.element[row], 16);
  }
}

void movmatrix(std::uint32_t* d, const std::uint32_t* a) {
  Matrix matrix;
  std::memcpy(&matrix, a, sizeof matrix);
  matrix = transposed(matrix);
  std::memcpy(d, &matrix, sizeof matrix);
}

}  // namespace vgpu::arithmetic
