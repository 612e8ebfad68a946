// What the kernels of the butterfly convolution compute, task by task, for every instruction set.
//
// A panel is a vector's or a few vectors' worth of columns, all of one batch entry. A field is a row of panels; a panel
// is a row of points, each with its columns side by side. So the rows of the problem are the lanes, and every product
// is a real one: of a matrix that all lanes share, and a panel.
#pragma once

#include <cstdint>

#include "cpu/simd_target.h"
#include "long_convolution/butterfly_steps.h"

namespace ki::long_convolution::cpu {

// The panels of a group.
struct ButterflyPanels {
  ButterflyGroup group;
  int width;  // columns of a panel

  std::int64_t of_batch_entry() const { return group.padded / width; }
  std::int64_t count() const { return group.batch * of_batch_entry(); }
  std::int64_t batch_of(std::int64_t panel) const { return group.first_batch + panel / of_batch_entry(); }
  // Its first channel, counted from the group's first.
  std::int64_t channel_of(std::int64_t panel) const { return panel % of_batch_entry() * width; }
  // Columns that exist.
  int columns_of(std::int64_t panel) const {
    const std::int64_t left = group.channels - channel_of(panel);
    return static_cast<int>(left < width ? left : width);
  }
  float* at(const ButterflyField& field, std::int64_t panel, std::int64_t point) const {
    return field.data + (panel * field.points + point) * width;
  }
};

// Floats of scratch memory that a task needs which multiplies blocks, or sums their gradients.
std::int64_t butterfly_product_scratch(int order);
std::int64_t butterfly_gradient_scratch(int order, int width);

// One instruction set's kernels. Tasks: what each function is called for; they can run at the same time.
struct ButterflyKernels {
  int lanes, panel_vectors;  // of a vector, and of a panel at the most

  // A panel's points of one t1. By the dtype of the rows: float32, float16, bfloat16.
  void (*load_rows[3])(const ButterflyPanels& panels, const ButterflyLoad& load, std::int64_t panel, int t1);
  void (*store_rows[3])(const ButterflyPanels& panels, const ButterflyStore& store, std::int64_t panel, int t1);

  // One block, and the panels [first, end).
  void (*multiply_block)(const ButterflyPanels& panels, const ButterflyProduct& product, int block, std::int64_t first,
                         std::int64_t end, float* scratch);
  // One k1 of a panel; backward: of a panel's channels in all batch entries.
  void (*multiply_spectra)(const ButterflyPanels& panels, const ButterflySpectra& spectra, std::int64_t panel, int k1);
  void (*multiply_spectra_backward)(const ButterflyPanels& panels, const ButterflySpectra& spectra, std::int64_t panel,
                                    int k1);
  // One block.
  void (*sum_gradient)(const ButterflyPanels& panels, const ButterflyGradient& gradient, int block, float* scratch);
  // One channel: sum of a * b over batch and length.
  float (*sum_of_products[3])(const Tensor& a, const Tensor& b, std::int64_t channel);
};

const ButterflyKernels& butterfly_kernels(ki::cpu::SimdTarget target);

}  // namespace ki::long_convolution::cpu
