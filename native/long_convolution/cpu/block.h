// What one transform of a call reads and writes: a block of a row, or of two rows that ride together.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/tensor.h"
#include "long_convolution/cpu/layout.h"
#include "long_convolution/cpu/rows.h"
#include "long_convolution/cpu/transform_kernel.h"

namespace ki::long_convolution::cpu {

// The values of x in [begin, end) of a row; the others are zero.
struct Range {
  std::int64_t begin, end;
};

// Rows that are read: values * gate. Indices before the first belong to the state; in a circular call all are taken
// modulo the length.
struct RowSource {
  const Tensor* values;  // [batch, channels, length]
  const Tensor* gate;    // of rank 0 if there is none
  const Tensor* state;   // [batch, channels, history]; of rank 0 if there is none
  bool circular;
};

// Rows that are written: gate * result + skip * skipped.
struct RowTarget {
  const Tensor* values;   // [batch, channels, length]
  const Tensor* gate;     // of rank 0 if there is none
  const Tensor* skipped;  // of rank 0 if there is none
  float skip;
};

// Both halves of a transform's row: its real parts and its imaginary parts. Point n of a half stands for time `first` +
// n of the row.
struct Half {
  bool exists;
  std::int64_t batch, first;
};

class Block {
 public:
  // Of a call with tensors like `call`. `first` is the time of its first point, `rows` what of the batch rides in it: one
  // row, or of a layout that pairs rows two of them.
  Block(const Layout& layout, const Tensor& call, std::int64_t channel, std::int64_t rows, std::int64_t first);

  // Two rows share every sum of their transform, so that what is not finite in one would spoil the other: rows that are
  // not finite go alone.
  bool is_pair() const { return pairs_ && halves_[1].exists; }
  Block alone(int row) const;

  // `buffer` has room for both halves, 2 * half_values floats. Tensors that are ready as they are, are not copied. Values
  // outside of `range` count as zero.
  RowIn read(const RowKernels& kernels, const RowSource& source, Range range, float* buffer) const;

  // Where the transform is to leave the results: in the tensor itself, if nothing remains to be done with them and the
  // half begins in it, or in `buffer`.
  RowOut begin_write(const RowTarget& target, Range range, float* buffer) const;
  void end_write(const RowKernels& kernels, const RowTarget& target, Range range, RowOut out) const;

 private:
  // The first `count` values of a half, behind which all are zero.
  struct Values {
    const float* at;
    std::int64_t count;
  };

  Values read_half(const RowKernels& kernels, const RowSource& source, const Half& half, Range range,
                   float* buffer) const;
  bool writes_directly(const RowTarget& target, const Half& half, Range range) const;

  std::int64_t points_, channel_;
  bool pairs_;
  Half halves_[2];
};

inline bool are_finite(const FloatKernels& kernels, RowIn in, std::int64_t points) {
  return kernels.are_finite(in.re, std::min(points, in.re_count)) &&
         (in.im == nullptr || kernels.are_finite(in.im, std::min(points, in.im_count)));
}

// The address of an element of a row.
inline std::byte* at(const Tensor& tensor, std::int64_t batch, std::int64_t channel, std::int64_t time) {
  return tensor.data + (batch * tensor.strides[0] + channel * tensor.strides[1] + time) * size_of(tensor.dtype);
}

}  // namespace ki::long_convolution::cpu
