// The host side of the butterfly convolution on CUDA: every step is a launch.
#include <algorithm>
#include <string>

#include "cuda/launch.h"
#include "long_convolution/butterfly_schedule.h"
#include "long_convolution/cuda/butterfly_params.h"

namespace ki::long_convolution::cuda {
namespace {

using ki::cuda::Kernel;

// Scratch memory for the rows that are computed together: enough to fill the device many times over.
constexpr std::int64_t kBudget = std::int64_t{512} << 20;

// Modules that differ by the dtype of the rows.
struct Modules {
  const char *rows, *product, *gradient;
};

Modules modules_for(ki_dtype dtype) {
  switch (dtype) {
    case KI_DTYPE_FLOAT16: return {"butterfly_rows_f16", "butterfly_product_p2", "butterfly_gradient_p2"};
    case KI_DTYPE_BFLOAT16: return {"butterfly_rows_bf16", "butterfly_product_p2", "butterfly_gradient_p2"};
    default: return {"butterfly_rows_f32", "butterfly_product_p3", "butterfly_gradient_p3"};
  }
}

unsigned tiles(std::int64_t elements, std::int64_t tile) { return static_cast<unsigned>((elements + tile - 1) / tile); }

bool is_aligned(const float* address) { return reinterpret_cast<std::uintptr_t>(address) % 16 == 0; }

ButterflyRowsParams rows_params(const Tensor& rows, std::int64_t first_batch, std::int64_t first_channel) {
  if (rows.rank == 0) return {};
  const bool has_batch = rows.rank == 3;
  const std::int64_t batch_stride = has_batch ? rows.strides[0] : 0, channel_stride = rows.strides[has_batch ? 1 : 0];
  const std::int64_t offset = first_batch * batch_stride + first_channel * channel_stride;
  return {rows.data + offset * size_of(rows.dtype), batch_stride, channel_stride};
}

ButterflyRowsParams rows_params(const Tensor& rows, const ButterflyGroup& group) {
  return rows_params(rows, group.first_batch, group.first_channel);
}

ButterflyFieldParams field_params(const ButterflyView& view) {
  return {view.field.data, view.block_step, view.index_step, view.part};
}

class CudaSteps final : public ButterflySteps {
 public:
  CudaSteps(Stream& stream, ki_dtype dtype) : stream_(stream), modules_(modules_for(dtype)) {}

  void load_rows(const ButterflyGroup& group, const ButterflyLoad& load) override {
    ButterflyLoadParams params{};
    params.rows = rows_params(load.rows, group);
    params.gate = rows_params(load.gate, group);
    params.to = load.to.data;
    params.columns = group.columns();
    params.padded = group.padded;
    params.channels = group.channels;
    params.length = load.rows.shape[load.rows.rank - 1];
    params.n1 = load.size.n1;
    params.n2 = load.size.n2;
    const Kernel kernel{modules_for(load.rows.dtype).rows, "butterfly_load", kButterflyTileThreads, 0};
    launch(kernel, tiles(load.size.points(), kButterflyTile) * tiles(params.columns, kButterflyTile), params);
  }

  void store_rows(const ButterflyGroup& group, const ButterflyStore& store) override {
    ButterflyStoreParams params{};
    params.to = rows_params(store.to, group);
    params.factor = rows_params(store.factor, group);
    if (store.skip.rank > 0) {
      params.other = rows_params(store.other, group);
      params.skip_stride = store.skip.strides[0];
      params.skip = store.skip.data + group.first_channel * params.skip_stride * size_of(store.skip.dtype);
      params.skip_is_float32 = store.skip.dtype == KI_DTYPE_FLOAT32;
    }
    params.from = store.from.data;
    params.columns = group.columns();
    params.padded = group.padded;
    params.channels = group.channels;
    params.length = store.to.shape[store.to.rank - 1];
    const Kernel kernel{modules_for(store.to.dtype).rows, "butterfly_store", kButterflyTileThreads, 0};
    launch(kernel, tiles(params.length, kButterflyTile) * tiles(params.columns, kButterflyTile), params);
  }

  void multiply_blocks(const ButterflyGroup& group, const ButterflyProduct& product) override {
    ButterflyProductParams params{};
    params.coefficients = product.coefficients;
    params.in = field_params(product.in);
    params.out = field_params(product.out);
    params.columns = group.columns();
    params.order = product.order;
    params.adjoint = product.adjoint;
    params.aligned = is_aligned(product.coefficients);
    const unsigned grid = tiles(params.columns, kButterflyColumns) * tiles(product.order, kButterflyRows) *
                          static_cast<unsigned>(product.blocks);
    launch({modules_.product, "butterfly_product", kButterflyThreads, 0}, grid, params);
  }

  void multiply_spectra(const ButterflyGroup& group, const ButterflySpectra& spectra) override {
    launch_spectra("butterfly_spectra", group, spectra);
  }
  void multiply_spectra_backward(const ButterflyGroup& group, const ButterflySpectra& spectra) override {
    launch_spectra("butterfly_spectra_backward", group, spectra);
  }

  void sum_gradient(const ButterflyGroup& group, const ButterflyGradient& gradient) override {
    ButterflyGradientParams params{};
    params.gradient = gradient.gradient;
    params.left = field_params(gradient.left);
    params.right = field_params(gradient.right);
    params.columns = group.columns();
    params.order = gradient.order;
    params.add = gradient.add;
    params.aligned = is_aligned(gradient.gradient);
    const unsigned side = tiles(gradient.order, kButterflyRows);
    launch({modules_.gradient, "butterfly_gradient", kButterflyThreads, 0},
           side * side * static_cast<unsigned>(gradient.blocks), params);
  }

  void clear(float* data, std::int64_t count) override {
    stream_.fill(data, 0, static_cast<std::uint64_t>(count) * sizeof(float));
  }

  void sum_skip_gradient(const Tensor& gradient, const Tensor& a, const Tensor& b) {
    ButterflySkipParams params{};
    params.a = rows_params(a, 0, 0);
    params.b = rows_params(b, 0, 0);
    params.sum = reinterpret_cast<float*>(gradient.data);
    params.sum_stride = gradient.strides[0];
    params.batch = a.shape[0];
    params.length = a.shape[2];
    const Kernel kernel{modules_for(a.dtype).rows, "butterfly_skip_gradient", kButterflySumThreads, 0};
    launch(kernel, static_cast<unsigned>(gradient.shape[0]), params);
  }

 private:
  template <class Params>
  void launch(const Kernel& kernel, unsigned grid, const Params& params) {
    if (grid > 0) ki::cuda::launch(stream_, kernel, {grid}, &params, sizeof(params));
  }

  void launch_spectra(const char* entry, const ButterflyGroup& group, const ButterflySpectra& spectra) {
    const ButterflySpectraParams params{
        spectra.rows.data, spectra.grad_product.data, spectra.filter.data, spectra.grad_filter.data, group.columns(),
        group.padded,      spectra.size.n1,           spectra.size.n2};
    launch({"butterfly_spectra", entry, kButterflySpectraThreads, 0},
           tiles(spectra.size.points() * group.padded, kButterflySpectraThreads), params);
  }

  Stream& stream_;
  const Modules modules_;
};

// A grid has no more than 2^31 - 1 blocks, and the channels are those of the gradient of the skip.
void check(const ButterflyProblem& p) {
  constexpr std::int64_t kMaxChannels = 0x7FFFFFFF;
  if (p.channels > kMaxChannels) {
    not_supported("input", "channels is ", p.channels, " in shape ", shape_text(p.input), "; up to ", kMaxChannels,
                  " are supported on CUDA");
  }
}

std::uint64_t forward_workspace(Device&, const ButterflyProblem& p) {
  check(p);
  return plan_butterfly_forward(p, kButterflyColumnMultiple, kBudget).bytes();
}

void forward(Device&, Stream& stream, const ButterflyProblem& p, void* workspace) {
  if (p.output.elements == 0) return;
  CudaSteps steps(stream, p.input.dtype);
  run_butterfly_forward(steps, p, plan_butterfly_forward(p, kButterflyColumnMultiple, kBudget),
                        static_cast<float*>(workspace));
}

std::uint64_t backward_workspace(Device&, const ButterflyBackwardProblem& b) {
  check(b.forward);
  return plan_butterfly_backward(b.forward, kButterflyColumnMultiple, kBudget).bytes();
}

void backward(Device&, Stream& stream, const ButterflyBackwardProblem& b, void* workspace) {
  const ButterflyProblem& p = b.forward;
  CudaSteps steps(stream, p.input.dtype);
  run_butterfly_backward(steps, b, plan_butterfly_backward(p, kButterflyColumnMultiple, kBudget),
                         static_cast<float*>(workspace));
  if (b.grad_skip.rank > 0) steps.sum_skip_gradient(b.grad_skip, b.grad_output, p.input);
}

void write_dft(Device&, Stream& stream, const ButterflyTables& tables) {
  const ButterflyCoefficients& c = tables.coefficients;
  const auto floats = [](const Tensor& tensor) { return reinterpret_cast<float*>(tensor.data); };
  const ButterflyDftParams params{floats(c.forward_first), floats(c.forward_second), floats(c.inverse_second),
                                  floats(c.inverse_first), tables.size.n1,           tables.size.n2};
  const std::int64_t numbers = std::int64_t{2} * tables.size.points() * (tables.size.n1 + tables.size.n2);
  const Kernel kernel{"butterfly_spectra", "butterfly_dft", kButterflySpectraThreads, 0};
  ki::cuda::launch(stream, kernel,
                   {static_cast<unsigned>((numbers + kButterflySpectraThreads - 1) / kButterflySpectraThreads)},
                   &params, sizeof(params));
}

constexpr ButterflyOperations kOperations{forward_workspace, forward, backward_workspace, backward, write_dft};
const OperationsEntry registration(KI_DEVICE_KIND_CUDA, kButterflyOperator, &kOperations);

}  // namespace
}  // namespace ki::long_convolution::cuda
