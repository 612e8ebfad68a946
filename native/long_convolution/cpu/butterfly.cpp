// The host side of the butterfly convolution on the CPU.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <vector>

#include "cpu/aligned_memory.h"
#include "cpu/cpu_device.h"
#include "long_convolution/butterfly_schedule.h"
#include "long_convolution/cpu/butterfly_kernels.h"

namespace ki::long_convolution::cpu {
namespace {

using ki::cpu::CpuDevice;

// Scratch memory for the rows that are computed together: enough for blocks to be packed once for many rows, and no
// more than what a few calls at a time can be given.
constexpr std::int64_t kBudget = std::int64_t{128} << 20;

int dtype_index(ki_dtype dtype) { return dtype == KI_DTYPE_FLOAT32 ? 0 : dtype == KI_DTYPE_FLOAT16 ? 1 : 2; }

// Columns of a panel: few channels need few vectors.
int panel_width(const ButterflyKernels& kernels, std::int64_t channels) {
  const std::int64_t vectors = (channels + kernels.lanes - 1) / kernels.lanes;
  return kernels.lanes * static_cast<int>(std::clamp<std::int64_t>(vectors, 1, kernels.panel_vectors));
}

std::int64_t scratch_floats(ButterflySize size, int width) {
  const int order = std::max(size.n1, size.n2);
  const auto floats = std::max(butterfly_product_scratch(order), butterfly_gradient_scratch(order, width));
  return static_cast<std::int64_t>(ki::cpu::round_up(static_cast<std::uint64_t>(floats), 16));  // whole cache lines
}

// Steps run one after the other; the tasks of each are spread over the threads.
class CpuSteps final : public ButterflySteps {
 public:
  CpuSteps(CpuDevice& device, ButterflySize size, int width, float* scratch)
      : pool_(device.pool()),
        kernels_(butterfly_kernels(device.target())),
        width_(width),
        scratch_(scratch),
        scratch_floats_(scratch_floats(size, width)) {}

  void load_rows(const ButterflyGroup& group, const ButterflyLoad& load) override {
    const ButterflyPanels panels{group, width_};
    const auto kernel = kernels_.load_rows[dtype_index(load.rows.dtype)];
    run(panels.count() * load.size.n1, [&](std::int64_t task, int) {
      kernel(panels, load, task / load.size.n1, static_cast<int>(task % load.size.n1));
    });
  }

  void store_rows(const ButterflyGroup& group, const ButterflyStore& store) override {
    const ButterflyPanels panels{group, width_};
    const auto kernel = kernels_.store_rows[dtype_index(store.to.dtype)];
    run(panels.count() * store.size.n1, [&](std::int64_t task, int) {
      kernel(panels, store, task / store.size.n1, static_cast<int>(task % store.size.n1));
    });
  }

  void multiply_blocks(const ButterflyGroup& group, const ButterflyProduct& product) override {
    const ButterflyPanels panels{group, width_};
    // A block is packed for each share of the panels, so there are no more shares than keep the threads busy.
    const std::int64_t count = panels.count(), wanted = 4 * std::int64_t{pool_.thread_count()};
    const std::int64_t shares = std::clamp<std::int64_t>(wanted / product.blocks, 1, std::max<std::int64_t>(count, 1));
    run(product.blocks * shares, [&](std::int64_t task, int worker) {
      const std::int64_t share = task % shares;
      kernels_.multiply_block(panels, product, static_cast<int>(task / shares), count * share / shares,
                              count * (share + 1) / shares, scratch_of(worker));
    });
  }

  void multiply_spectra(const ButterflyGroup& group, const ButterflySpectra& spectra) override {
    const ButterflyPanels panels{group, width_};
    run(panels.count() * spectra.size.n1, [&](std::int64_t task, int) {
      kernels_.multiply_spectra(panels, spectra, task / spectra.size.n1, static_cast<int>(task % spectra.size.n1));
    });
  }

  void multiply_spectra_backward(const ButterflyGroup& group, const ButterflySpectra& spectra) override {
    const ButterflyPanels panels{group, width_};
    run(panels.of_batch_entry() * spectra.size.n1, [&](std::int64_t task, int) {
      kernels_.multiply_spectra_backward(panels, spectra, task / spectra.size.n1,
                                         static_cast<int>(task % spectra.size.n1));
    });
  }

  void sum_gradient(const ButterflyGroup& group, const ButterflyGradient& gradient) override {
    const ButterflyPanels panels{group, width_};
    run(gradient.blocks, [&](std::int64_t task, int worker) {
      kernels_.sum_gradient(panels, gradient, static_cast<int>(task), scratch_of(worker));
    });
  }

  void clear(float* data, std::int64_t count) override { std::fill_n(data, count, 0.0f); }

  void sum_skip_gradient(const Tensor& gradient, const Tensor& a, const Tensor& b) {
    const auto kernel = kernels_.sum_of_products[dtype_index(a.dtype)];
    run(gradient.shape[0], [&](std::int64_t channel, int) {
      reinterpret_cast<float*>(gradient.data)[channel * gradient.strides[0]] = kernel(a, b, channel);
    });
  }

 private:
  template <class Body>
  void run(std::int64_t tasks, const Body& body) {
    pool_.parallel_for(tasks, pool_.thread_count(), body);
  }
  float* scratch_of(int worker) const { return scratch_ + worker * scratch_floats_; }

  ki::cpu::ThreadPool& pool_;
  const ButterflyKernels& kernels_;
  const int width_;
  float* const scratch_;
  const std::int64_t scratch_floats_;
};

// A plan, and where the threads' scratch memory lies behind what it needs.
struct Layout {
  int width;
  ButterflyPlan plan;
  std::int64_t thread_floats;

  std::uint64_t bytes() const { return plan.bytes() + static_cast<std::uint64_t>(thread_floats) * sizeof(float); }
  float* thread_scratch(void* workspace) const {
    return static_cast<float*>(workspace) + plan.fields + plan.filter_field;
  }
};

Layout layout_of(Device& device, const ButterflyProblem& p,
                 ButterflyPlan (*make_plan)(const ButterflyProblem&, std::int64_t, std::int64_t)) {
  auto& cpu = static_cast<CpuDevice&>(device);
  const int width = panel_width(butterfly_kernels(cpu.target()), p.channels);
  return {width, make_plan(p, width, kBudget), scratch_floats(p.size, width) * cpu.pool().thread_count()};
}

std::uint64_t forward_workspace(Device& device, const ButterflyProblem& p) {
  return layout_of(device, p, plan_butterfly_forward).bytes();
}

void forward(Device& device, Stream&, const ButterflyProblem& p, void* workspace) {
  if (p.output.elements == 0) return;
  const Layout layout = layout_of(device, p, plan_butterfly_forward);
  CpuSteps steps(static_cast<CpuDevice&>(device), p.size, layout.width, layout.thread_scratch(workspace));
  run_butterfly_forward(steps, p, layout.plan, static_cast<float*>(workspace));
}

std::uint64_t backward_workspace(Device& device, const ButterflyBackwardProblem& b) {
  return layout_of(device, b.forward, plan_butterfly_backward).bytes();
}

void backward(Device& device, Stream&, const ButterflyBackwardProblem& b, void* workspace) {
  const ButterflyProblem& p = b.forward;
  const Layout layout = layout_of(device, p, plan_butterfly_backward);
  CpuSteps steps(static_cast<CpuDevice&>(device), p.size, layout.width, layout.thread_scratch(workspace));
  run_butterfly_backward(steps, b, layout.plan, static_cast<float*>(workspace));
  if (b.grad_skip.rank > 0) steps.sum_skip_gradient(b.grad_skip, b.grad_output, p.input);
}

// exp(2 pi i f / n) for f = 0 to n - 1, real and imaginary part.
std::vector<float> roots_of_unity(std::int64_t n) {
  std::vector<float> roots(static_cast<std::size_t>(2 * n));
  for (std::int64_t f = 0; f < n; ++f) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(f) / static_cast<double>(n);
    roots[static_cast<std::size_t>(2 * f)] = static_cast<float>(std::cos(angle));
    roots[static_cast<std::size_t>(2 * f + 1)] = static_cast<float>(std::sin(angle));
  }
  return roots;
}

// Block b's element (i, j) = the root that it needs, over `divisor`, a power of two; conjugated where sign is -1.
template <class Root>
void write_blocks(ki::cpu::ThreadPool& pool, const Tensor& to, const std::vector<float>& roots, float sign,
                  float divisor, const Root& root) {
  const std::int64_t n = std::ssize(roots) / 2, order = to.shape[1];
  pool.parallel_for(to.shape[0], pool.thread_count(), [&](std::int64_t block, int) {
    auto* out = reinterpret_cast<float*>(to.data) + 2 * block * order * order;
    for (std::int64_t i = 0; i < order; ++i) {
      for (std::int64_t j = 0; j < order; ++j, out += 2) {
        const float* from = roots.data() + 2 * (root(block, i, j) % n);
        out[0] = from[0] / divisor;
        out[1] = sign * from[1] / divisor;
      }
    }
  });
}

void write_dft(Device& device, Stream&, const ButterflyTables& tables) {
  const std::int64_t n1 = tables.size.n1, n2 = tables.size.n2;
  const ButterflyCoefficients& c = tables.coefficients;
  const std::vector<float> roots = roots_of_unity(n1 * n2);
  ki::cpu::ThreadPool& pool = static_cast<CpuDevice&>(device).pool();
  // t k / n = (t1 n2 + t2)(k1 + n1 k2) / n = k1 (t1 n2 + t2) / n + t2 k2 n1 / n, up to whole turns.
  const auto second = [n1](auto, auto i, auto j) { return i * j * n1; };
  write_blocks(pool, c.forward_first, roots, -1, 1, [=](auto t2, auto k1, auto t1) { return k1 * (t1 * n2 + t2); });
  write_blocks(pool, c.forward_second, roots, -1, 1, second);
  write_blocks(pool, c.inverse_second, roots, 1, static_cast<float>(n2), second);
  write_blocks(pool, c.inverse_first, roots, 1, static_cast<float>(n1),
               [=](auto t2, auto t1, auto k1) { return k1 * (t1 * n2 + t2); });
}

constexpr ButterflyOperations kOperations{forward_workspace, forward, backward_workspace, backward, write_dft};
const OperationsEntry registration(KI_DEVICE_KIND_CPU, kButterflyOperator, &kOperations);

}  // namespace
}  // namespace ki::long_convolution::cpu
