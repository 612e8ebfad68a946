// The kernels of the butterfly convolution, compiled for every instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "long_convolution/cpu/butterfly_kernel.cpp"
#include "cpu/simd/targets.h"
// Highway's headers come first: they set the target.
#include "long_convolution/cpu/butterfly_kernels.h"
#include "long_convolution/cpu/butterfly_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace ki::long_convolution::cpu::HWY_NAMESPACE {

using simd::kPanelVectors;
using simd::kPitchA;
using simd::kTileRows;

// A block as a real matrix, packed for the micro-kernel: tiles of kTileRows rows, each with its columns one after the
// other. The rows of the real parts come first, then, in tiles of their own, those of the imaginary parts; columns
// likewise.
using StepsPacked = simd::Steps<1, kTileRows>;

int tiles_of(int order) { return (order + kTileRows - 1) / kTileRows; }

// The tile of `part` that begins at row `first` of a block; `parts`: of the input.
template <bool kAdjoint>
void pack_tile(const float* HWY_RESTRICT block, int order, int part, int first, int parts, float* HWY_RESTRICT to) {
  const int rows = std::min(order - first, kTileRows);
  for (int in = 0; in < parts; ++in) {
    // real = re * real - im * imaginary, imaginary = im * real + re * imaginary; an adjoint has -im for im
    const bool takes_im = part != in;
    const float sign = takes_im && (in == 1) != kAdjoint ? -1.0f : 1.0f;
    for (int k = 0; k < order; ++k, to += kTileRows) {
      for (int r = 0; r < rows; ++r) {
        const int m = first + r, at = kAdjoint ? k * order + m : m * order + k;
        to[r] = sign * block[2 * at + takes_im];
      }
    }
  }
}

void multiply_block(const ButterflyPanels& panels, const ButterflyProduct& product, int block, std::int64_t first,
                    std::int64_t end, float* HWY_RESTRICT scratch) {
  const auto& [coefficients, blocks, order, adjoint, in, out] = product;
  const int in_parts = in.is_complex() ? 2 : 1, out_parts = out.is_complex() ? 2 : 1;
  const int depth = order * in_parts, tiles = tiles_of(order), width = panels.width;
  const float* from = coefficients + 2 * std::int64_t{block} * order * order;
  const auto packed_tile = [&](int part, int tile) {
    return scratch + (std::int64_t{part} * tiles + tile) * depth * kTileRows;
  };
  for (int part = 0; part < out_parts; ++part) {
    for (int tile = 0; tile < tiles; ++tile) {
      const auto pack = adjoint ? pack_tile<true> : pack_tile<false>;
      pack(from, order, part, tile * kTileRows, in_parts, packed_tile(part, tile));
    }
  }

  const std::int64_t row_step = out.index_step * width;
  for (std::int64_t panel = first; panel < end; ++panel) {
    const float* b = panels.at(in.field, panel, block * in.block_step);
    for (int part = 0; part < out_parts; ++part) {
      float* to = panels.at(out.field, panel, block * out.block_step + part * out.part);
      for (int tile = 0; tile < tiles; ++tile) {
        const int row = tile * kTileRows, rows = std::min(order - row, kTileRows);
        const auto multiply = simd::product_function<StepsPacked>(rows, width / kLanes);
        multiply(packed_tile(part, tile), b, depth, 1.0f, to + row * row_step, row_step);
      }
    }
  }
}

// A complex number in each lane.
struct Complex {
  simd::FloatVector re, im;
};

HWY_INLINE Complex load_complex(const float* re, const float* im) {
  const FloatTag d;
  return {hn::Load(d, re), hn::Load(d, im)};
}
HWY_INLINE void store_complex(const Complex& x, float* re, float* im) {
  const FloatTag d;
  hn::Store(x.re, d, re);
  hn::Store(x.im, d, im);
}
HWY_INLINE Complex multiply(const Complex& x, const Complex& y) {
  return {hn::NegMulAdd(x.im, y.im, hn::Mul(x.re, y.re)), hn::MulAdd(x.re, y.im, hn::Mul(x.im, y.re))};
}
HWY_INLINE Complex conjugate(const Complex& x) { return {x.re, hn::Neg(x.im)}; }

void multiply_spectra(const ButterflyPanels& panels, const ButterflySpectra& s, std::int64_t panel, int k1) {
  const std::int64_t first = std::int64_t{2} * k1 * s.size.n2, imaginary = std::int64_t{s.size.n2} * panels.width;
  float* x = panels.at(s.rows, panel, first);
  const float* filter = panels.at(s.filter, panel % panels.of_batch_entry(), first);
  for (std::int64_t i = 0; i < imaginary; i += kLanes) {
    const Complex product =
        multiply(load_complex(x + i, x + imaginary + i), load_complex(filter + i, filter + imaginary + i));
    store_complex(product, x + i, x + imaginary + i);
  }
}

void multiply_spectra_backward(const ButterflyPanels& panels, const ButterflySpectra& s, std::int64_t panel, int k1) {
  const FloatTag d;
  const std::int64_t first = std::int64_t{2} * k1 * s.size.n2, imaginary = std::int64_t{s.size.n2} * panels.width;
  const float* filter = panels.at(s.filter, panel, first);
  float* grad_filter = panels.at(s.grad_filter, panel, first);
  for (std::int64_t batch = 0; batch < panels.group.batch; ++batch) {
    float* rows = panels.at(s.rows, batch * panels.of_batch_entry() + panel, first);
    float* grad = panels.at(s.grad_product, batch * panels.of_batch_entry() + panel, first);
    for (std::int64_t i = 0; i < imaginary; i += kLanes) {
      const std::int64_t j = imaginary + i;
      const Complex x = load_complex(rows + i, rows + j), g = load_complex(grad + i, grad + j);
      const Complex k = load_complex(filter + i, filter + j);
      store_complex(multiply(x, k), rows + i, rows + j);
      store_complex(multiply(conjugate(k), g), grad + i, grad + j);
      const Complex more = multiply(conjugate(x), g);
      hn::Store(hn::Add(hn::Load(d, grad_filter + i), more.re), d, grad_filter + i);
      hn::Store(hn::Add(hn::Load(d, grad_filter + j), more.im), d, grad_filter + j);
    }
  }
}

// sums[order, order] = sign * sums + left right^T over a panel's columns: `left` is the tile of rows that begins at
// `row`, staged, and `right` all rows, packed transposed.
void add_products(const float* left, const float* right, int order, int row, int columns, float sign, float* sums) {
  const float signs[kTileRows] = {sign, sign, sign, sign, sign, sign};
  const int rows = std::min(order - row, kTileRows);
  for (int column = 0, vectors; column < order; column += vectors * kLanes) {
    vectors = simd::panel_vectors(order, column);
    const auto accumulate = simd::accumulate_function(rows, vectors);
    accumulate(left, right + std::int64_t{column} * columns, columns, signs, sums + std::int64_t{row} * order + column,
               order);
  }
}

void sum_gradient(const ButterflyPanels& panels, const ButterflyGradient& gradient, int block,
                  float* HWY_RESTRICT scratch) {
  const auto& [to, blocks, order, add, left, right] = gradient;
  const int width = panels.width, elements = order * order;
  const int left_parts = left.is_complex() ? 2 : 1, right_parts = right.is_complex() ? 2 : 1;
  // (a + bi) conj(c + di) = (ac + bd) + (bc - ad)i. The product that is subtracted is added between two changes of
  // sign; where it is alone, there is one change at the end.
  float *real = scratch, *imaginary = real + elements, *packed = imaginary + elements;
  std::fill_n(scratch, 2 * elements, 0.0f);
  HWY_ALIGN float stage[2][kTileRows * kPitchA];
  for (std::int64_t panel = 0; panel < panels.count(); ++panel) {
    const int columns = panels.columns_of(panel);  // those of padding may hold anything if coefficients are not finite
    float* packed_part[2] = {packed, packed + std::int64_t{order} * width};
    for (int part = 0; part < right_parts; ++part) {
      const float* from = panels.at(right.field, panel, block * right.block_step + part * right.part);
      simd::pack_transposed(from, width, columns, order, packed_part[part]);
    }
    for (int row = 0; row < order; row += kTileRows) {
      for (int part = 0; part < left_parts; ++part) {
        for (int r = 0; r < std::min(order - row, kTileRows); ++r) {
          const std::int64_t point = block * left.block_step + (row + r) * left.index_step + part * left.part;
          std::copy_n(panels.at(left.field, panel, point), columns, stage[part] + r * kPitchA);
        }
      }
      add_products(stage[0], packed_part[0], order, row, columns, 1, real);
      if (left_parts == 1) {
        add_products(stage[0], packed_part[1], order, row, columns, 1, imaginary);
      } else if (right_parts == 1) {
        add_products(stage[1], packed_part[0], order, row, columns, 1, imaginary);
      } else {
        add_products(stage[1], packed_part[1], order, row, columns, 1, real);
        add_products(stage[0], packed_part[1], order, row, columns, -1, imaginary);
        add_products(stage[1], packed_part[0], order, row, columns, -1, imaginary);
      }
    }
  }
  const float sign = left_parts == 1 ? -1.0f : 1.0f;
  float* block_gradient = to + 2 * std::int64_t{block} * elements;
  for (int i = 0; i < elements; ++i) {
    block_gradient[2 * i] = (add ? block_gradient[2 * i] : 0.0f) + real[i];
    block_gradient[2 * i + 1] = (add ? block_gradient[2 * i + 1] : 0.0f) + sign * imaginary[i];
  }
}

using ki::cpu::BFloat16;
using ki::cpu::Float16;

constexpr ButterflyKernels kButterflyKernels{
    kLanes,
    kPanelVectors,
    {load_rows<float>, load_rows<Float16>, load_rows<BFloat16>},
    {store_rows<float>, store_rows<Float16>, store_rows<BFloat16>},
    multiply_block,
    multiply_spectra,
    multiply_spectra_backward,
    sum_gradient,
    {sum_of_products<float>, sum_of_products<Float16>, sum_of_products<BFloat16>},
};

}  // namespace ki::long_convolution::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ki::long_convolution::cpu {

const ButterflyKernels& butterfly_kernels(ki::cpu::SimdTarget target) {
  return KI_FOR_TARGET(target, kButterflyKernels);
}

std::int64_t butterfly_product_scratch(int order) {
  // Both parts' rows, in whole tiles, times both parts' columns.
  constexpr int kTileRows = 6;
  return std::int64_t{2} * ((order + kTileRows - 1) / kTileRows * kTileRows) * 2 * order;
}

std::int64_t butterfly_gradient_scratch(int order, int width) {
  return std::int64_t{2} * order * order + std::int64_t{2} * order * width;
}

}  // namespace ki::long_convolution::cpu
#endif
