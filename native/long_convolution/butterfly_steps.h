// The steps that butterfly convolutions are made of. butterfly_schedule.h puts them in order; each backend implements
// them.
#pragma once

#include <cstdint>

#include "core/tensor.h"
#include "long_convolution/butterfly_problem.h"

namespace ki::long_convolution {

// The rows that are computed together: some channels of some batch entries. They lie side by side, as columns: those of
// a batch entry are padded with columns of zeros to a multiple of the backend's choice.
struct ButterflyGroup {
  std::int64_t first_channel, channels, padded;
  std::int64_t first_batch, batch;
  std::int64_t columns() const { return batch * padded; }
};

// A value for each point and column, in scratch memory. How points and columns lie is the backend's choice.
struct ButterflyField {
  float* data;
  std::int64_t points;  // 2 n if complex: a number's real and imaginary part are two points
};

// A field as the blocks of a stage see it: element `index` of block `block` is point block * block_step + index *
// index_step, and its imaginary part lies `part` points behind, or, if that is 0, does not exist.
struct ButterflyView {
  ButterflyField field;
  std::int64_t block_step, index_step, part;
  bool is_complex() const { return part != 0; }
};

// out[m] = sum over k of M[m, k] in[k], for each block M of [blocks, order, order, 2]; adjoint: of conj(M[k, m]) in[k].
// The imaginary part of an output that is real is not computed. The input's elements and then their imaginary parts are
// neighbouring points.
struct ButterflyProduct {
  const float* coefficients;
  int blocks, order;
  bool adjoint;
  ButterflyView in, out;
};

// gradient[m, k] = sum over columns of left[m] conj(right[k]) for each block of [blocks, order, order, 2], or added to
// what is there. At most one factor is real. Both have their elements and then their imaginary parts in neighbouring
// points.
struct ButterflyGradient {
  float* gradient;
  int blocks, order;
  bool add;
  ButterflyView left, right;
};

// The first `length` points of columns: rows * gate, and zeros behind. The point t1 * n2 + t2 of a row is point t2 * n1
// + t1 of the field.
struct ButterflyLoad {
  const Tensor& rows;  // [batch, channels, length] or, of a group with one batch entry, [channels, length]
  const Tensor& gate;  // of rank 0 if there is none
  ButterflySize size;
  ButterflyField to;
};

// to = from * factor + skip * other, for the first `length` points; point t of a row is point t of the field.
struct ButterflyStore {
  const Tensor& to;      // [batch, channels, length] or [channels, length]
  const Tensor& factor;  // of rank 0 for 1
  const Tensor& skip;    // [channels], of rank 0 for 0
  const Tensor& other;
  ButterflySize size;
  ButterflyField from;
};

// Spectra of rows and their gradients, point by point. `filter` and `grad_filter` have the columns of one batch entry.
struct ButterflySpectra {
  ButterflySize size;
  ButterflyField rows;          // X, becomes the product X K
  ButterflyField grad_product;  // of X K, becomes the gradient of X
  ButterflyField filter;        // K
  ButterflyField grad_filter;   // of K, summed over the batch entries and added to what is there
};

class ButterflySteps {
 public:
  virtual ~ButterflySteps() = default;
  virtual void load_rows(const ButterflyGroup& group, const ButterflyLoad& load) = 0;
  virtual void store_rows(const ButterflyGroup& group, const ButterflyStore& store) = 0;
  virtual void multiply_blocks(const ButterflyGroup& group, const ButterflyProduct& product) = 0;
  virtual void multiply_spectra(const ButterflyGroup& group, const ButterflySpectra& spectra) = 0;
  virtual void multiply_spectra_backward(const ButterflyGroup& group, const ButterflySpectra& spectra) = 0;
  virtual void sum_gradient(const ButterflyGroup& group, const ButterflyGradient& gradient) = 0;
  virtual void clear(float* data, std::int64_t count) = 0;
};

}  // namespace ki::long_convolution
