#include "long_convolution/convolution_gradient_run.h"

#include <cmath>
#include <cstddef>
#include <utility>

#include "reference/cyclic_convolution.h"
#include "reference/long_convolution_gradients.h"
#include "support/random.h"

namespace ki::test {
namespace {

Array absolute(Array array) {
  for (double& x : array.values) x = std::fabs(x);
  return array;
}

/// dc of one row.
std::vector<double> gated_gradients(const LongConvolutionArguments& a, const Array& grad_output, std::int64_t b,
                                    std::int64_t h) {
  std::vector<double> dc;
  for (std::int64_t t = 0; t < a.length(); ++t) {
    dc.push_back(grad_output({b, h, t}) * (a.output_gate ? (*a.output_gate)({b, h, t}) : 1));
  }
  return dc;
}

/// Norms of the rows that the backward pass multiplies, each [batch, channels].
struct RowNorms {
  Array x, dc, filter;

  RowNorms(const LongConvolutionArguments& a, const Array& grad_output)
      : x({a.batch(), a.channels()}), dc({a.batch(), a.channels()}), filter({a.batch(), a.channels()}) {
    LongConvolutionArguments unmasked = a;
    unmasked.mask.reset();
    for (std::int64_t h = 0; h < a.channels(); ++h) {
      const double filter_norm = norm(used_filter(a, h)) == 0 ? 0 : norm(used_filter(unmasked, h));
      for (std::int64_t b = 0; b < a.batch(); ++b) {
        x({b, h}) = norm(gated_row(a, b, h, false));
        dc({b, h}) = norm(gated_gradients(a, grad_output, b, h));
        filter({b, h}) = filter_norm;
      }
    }
  }
};

Array products(const Array& a, const Array& b) {
  Array result = a;
  for (std::size_t i = 0; i < result.values.size(); ++i) result.values[i] *= b.values[i];
  return result;
}

/// Sums over the batch.
Array over_batch(const Array& rows) {
  Array result({rows.shape[1]});
  for (std::size_t i = 0; i < rows.values.size(); ++i) result({rows.index(i)[1]}) += rows.values[i];
  return result;
}

/// A call with a workspace of exactly the size it asks for.
void run_with_workspace(const Device& device, ki_stream* stream, const LongConvolutionPlan& plan,
                        const ki_long_convolution_problem& problem, const ki_long_convolution_gradients& gradients,
                        std::optional<std::string>& stray_write) {
  std::uint64_t size = 0;
  check(ki_long_convolution_backward_workspace(plan.get(), &problem, &gradients, &size));
  const GuardedWorkspace workspace(device, stream, size);
  check(ki_long_convolution_backward(stream, plan.get(), &problem, &gradients, workspace.data(), size));
  if (workspace.is_overrun()) stray_write = "the workspace was overrun";
}

}  // namespace

std::string ConvolutionGradientCase::name() const {
  constexpr const char* kSuffixes[] = {"", "_of_input", "_of_filter", "_of_gates"};
  return forward.name() + kSuffixes[static_cast<int>(wanted)];
}

void PrintTo(const ConvolutionGradientCase& gradient_case, std::ostream* stream) { *stream << gradient_case.name(); }

ConvolutionGradientData::ConvolutionGradientData(const ConvolutionGradientCase& c)
    : gradient_case(c), forward(c.forward), grad_output(placed_rows(c.forward, false)) {
  Random random(seed_of(c.name()) + 1);
  Array values(grad_output.shape());
  for (double& x : values.values) x = c.forward.contents == ConvolutionContents::ones ? 1 : random.normal();
  grad_output.write(values);
  const TensorData rows = placed_rows(c.forward, true);
  if (c.wants_input()) grad_input.emplace(rows);
  if (c.wants_filter()) grad_filter.emplace(KI_DTYPE_FLOAT32, forward.filter.shape());
  if (c.wants_gates() && forward.input_gate) grad_input_gate.emplace(rows);
  if (c.wants_gates() && forward.output_gate) grad_output_gate.emplace(rows);
  if (c.wants_gates() && forward.skip) grad_skip.emplace(KI_DTYPE_FLOAT32, forward.skip->shape());
  *this = copy();
}

std::vector<TensorData*> ConvolutionGradientData::written() {
  std::vector<TensorData*> all;
  for (auto* tensor : {&grad_input, &grad_filter, &grad_input_gate, &grad_output_gate, &grad_skip}) {
    if (*tensor) all.push_back(&**tensor);
  }
  return all;
}

ConvolutionGradientData ConvolutionGradientData::copy() const {
  ConvolutionGradientData result = *this;
  separate(result.forward.tensors());
  // No gradient shares memory with another.
  for (TensorData* tensor : result.written()) separate({tensor});
  separate({&result.grad_output});
  return result;
}

ConvolutionGradients run_backward(const ConvolutionGradientData& original, const Device& device, ki_stream* stream,
                                  const LongConvolutionPlan& plan, Workspace workspace) {
  ConvolutionGradientData data = original.copy();
  for (TensorData* tensor : data.written()) tensor->write_sentinel();
  Staging staging(device, stream);
  LongConvolutionCall call(data.forward, staging);
  call.problem.output = nullptr;
  ki_long_convolution_gradients gradients{};
  gradients.struct_size = sizeof(gradients);
  gradients.grad_output = staging.place(data.grad_output);
  gradients.grad_input = staging.place(data.grad_input);
  gradients.grad_filter = staging.place(data.grad_filter);
  gradients.grad_input_gate = staging.place(data.grad_input_gate);
  gradients.grad_output_gate = staging.place(data.grad_output_gate);
  gradients.grad_skip = staging.place(data.grad_skip);
  if (data.grad_filter && data.forward.convolution_case.squash > 0) {
    gradients.filter = staging.place(data.forward.filter);
  }

  ConvolutionGradients result;
  if (workspace == Workspace::of_caller) {
    run_with_workspace(device, stream, plan, call.problem, gradients, result.stray_write);
  } else {
    check(ki_long_convolution_backward(stream, plan.get(), &call.problem, &gradients, nullptr, 0));
  }
  staging.download();
  const std::vector<TensorData*> written = data.written();
  if (!result.stray_write) {
    result.stray_write = staging.changed_outside(std::vector<const TensorData*>(written.begin(), written.end()));
  }
  const auto read = [](const std::optional<TensorData>& tensor) {
    return tensor ? std::optional(tensor->read()) : std::nullopt;
  };
  result.input = read(data.grad_input);
  result.filter = read(data.grad_filter);
  result.input_gate = read(data.grad_input_gate);
  result.output_gate = read(data.grad_output_gate);
  result.skip = read(data.grad_skip);
  std::vector<TensorData> all;
  for (const TensorData* tensor : written) all.push_back(*tensor);
  result.bits = bits_of(all);
  result.precision = precision_of(device, plan, data.forward.convolution_case.dtype);
  return result;
}

ConvolutionGradients run_backward(const ConvolutionGradientData& data, const Device& device, Workspace workspace) {
  const Stream stream = create_stream(device);
  const LongConvolutionPlan plan = create_plan(device, stream.get(), data.forward);
  return run_backward(data, device, stream.get(), plan, workspace);
}

ConvolutionGradientExpectation::ConvolutionGradientExpectation(const ConvolutionGradientData& data) {
  const LongConvolutionArguments a = data.forward.arguments();
  const Array dy = data.grad_output.read();
  const LongConvolutionGradients g = gradients_reference(a, dy);
  const RowNorms norms(a, dy);
  const Array ones(a.input.shape, 1);
  const Array& input_factor = a.input_gate ? *a.input_gate : ones;
  input = {g.input, input_factor, absolute(products(g.input_sums, input_factor)), products(norms.dc, norms.filter),
           g.input_norms};
  for (std::size_t i = 0; a.skip && i < dy.values.size(); ++i) {
    input.terms.values[i] += std::fabs((*a.skip)({dy.index(i)[1]}) * dy.values[i]);
  }
  input_gate = {g.input_gate, a.input, absolute(g.input_gate), input.product_norms, g.input_norms};
  output_gate = {g.output_gate, dy, absolute(g.output_gate), products(norms.x, norms.filter),
                 long_convolution_reference(a).row_norms};
  const bool masks_all = a.mask && norm(masked({1}, *a.mask)) == 0;  // then not even rounding is left
  filter = {g.filter, Array(g.filter.shape, masks_all ? 0 : 1), absolute(g.filter),
            over_batch(products(norms.x, norms.dc)), g.filter_norms};
  for (std::size_t i = 0; i < g.filter.values.size(); ++i) {
    if (a.squash > 0 && std::fabs(a.filter.values[i]) <= a.squash) filter.factor.values[i] = 0;
  }
  // One row, which no transform makes.
  skip = {g.skip, Array(g.skip.shape), Array(g.skip.shape), Array({1}), Array({1})};
  for (std::size_t i = 0; i < dy.values.size(); ++i) {
    skip.terms({dy.index(i)[1]}) += std::fabs(dy.values[i] * a.input.values[i]);
  }
}

testing::AssertionResult is_right(const ConvolutionGradientData& data, const ConvolutionGradients& got,
                                  const ConvolutionGradientExpectation& want) {
  if (got.stray_write) return testing::AssertionFailure() << *got.stray_write;
  struct Compared {
    const char* name;
    ki_dtype dtype;
    const std::optional<Array>& got;
    const TransformExpected& want;
  };
  const ki_dtype dtype = data.forward.convolution_case.dtype;
  const Compared all[] = {{"grad_input", dtype, got.input, want.input},
                          {"grad_filter", KI_DTYPE_FLOAT32, got.filter, want.filter},
                          {"grad_input_gate", dtype, got.input_gate, want.input_gate},
                          {"grad_output_gate", dtype, got.output_gate, want.output_gate},
                          {"grad_skip", KI_DTYPE_FLOAT32, got.skip, want.skip}};
  for (const Compared& compared : all) {
    if (!compared.got) continue;
    if (auto result = matches(compared.dtype, *compared.got, compared.want, got.precision); !result) {
      return testing::AssertionFailure() << compared.name << ": " << result.message();
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace ki::test
