#include "butterfly/butterfly_case.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/guarded_workspace.h"

namespace ki::test {
namespace {

TensorData random_tensor(ki_dtype dtype, const Shape& shape, const Layout& layout, Random& random, double scale = 1) {
  Array values(shape);
  for (double& x : values.values) x = scale * random.normal();
  TensorData tensor(dtype, shape, layout);
  tensor.write(values);
  return tensor;
}

Shape rows_shape(const ButterflyCase& c) { return {c.batch, c.channels, c.length}; }

Layout rows_layout(const ButterflyCase& c) { return c.strided ? Layout{.order = {1, 0, 2}, .row_gap = 3} : Layout{}; }

TensorData random_rows(const ButterflyCase& c, Random& random) {
  return random_tensor(c.dtype, rows_shape(c), rows_layout(c), random);
}

/// Blocks whose rows have a length near 1, so that numbers keep their size.
TensorData random_blocks(int count, int order, Random& random) {
  return random_tensor(KI_DTYPE_FLOAT32, {count, order, order, 2}, {}, random, std::sqrt(0.5 / order));
}

TensorData sentinels(ki_dtype dtype, const Shape& shape, const Layout& layout = {}) {
  TensorData tensor(dtype, shape, layout);
  tensor.write_sentinel();
  return tensor;
}

Array values_of(const std::optional<TensorData>& tensor) { return tensor ? tensor->read() : Array{}; }

ki_butterfly_convolution_problem place_inputs(ButterflyData& data, Staging& staging) {
  ki_butterfly_convolution_problem problem{};
  problem.struct_size = sizeof(problem);
  problem.input = staging.place(data.input);
  problem.filter = staging.place(data.filter);
  problem.forward_first = staging.place(data.forward_first);
  problem.forward_second = staging.place(data.forward_second);
  problem.inverse_second = staging.place(data.inverse_second);
  problem.inverse_first = staging.place(data.inverse_first);
  problem.input_gate = staging.place(data.input_gate);
  problem.output_gate = staging.place(data.output_gate);
  problem.skip = staging.place(data.skip);
  return problem;
}

}  // namespace

std::string ButterflyCase::name() const {
  std::string text = std::string(dtype_name(dtype)) + "_" + std::to_string(n1) + "x" + std::to_string(n2) + "_b" +
                     std::to_string(batch) + "_c" + std::to_string(channels) + "_l" + std::to_string(length) + "_k" +
                     std::to_string(filter_length);
  if (filter_dtype != KI_DTYPE_FLOAT32) text += std::string("_filter_") + dtype_name(filter_dtype);
  if (gates) text += "_gates";
  if (skip) text += std::string("_skip_") + dtype_name(*skip);
  if (dft) text += "_dft";
  if (strided) text += "_strided";
  return text;
}

std::vector<ButterflyCase> butterfly_cases() {
  const auto f32 = KI_DTYPE_FLOAT32, f16 = KI_DTYPE_FLOAT16, bf16 = KI_DTYPE_BFLOAT16;
  return {
      {.length = 256, .filter_length = 256},
      {.channels = 1, .length = 1, .filter_length = 1},
      {.batch = 3, .channels = 5, .length = 201, .filter_length = 56, .gates = true, .skip = f32},
      {.n1 = 16, .n2 = 32, .batch = 3, .channels = 2, .length = 511, .filter_length = 17, .skip = f32, .strided = true},
      {.n1 = 64, .n2 = 16, .channels = 3, .length = 1000, .filter_length = 24, .gates = true, .dft = true},
      {.n1 = 32, .n2 = 32, .batch = 2, .channels = 2, .length = 30, .filter_length = 1024, .gates = true},
      {.batch = 2, .channels = 70, .length = 100, .filter_length = 30, .gates = true, .strided = true},
      {.dtype = f16, .batch = 2, .length = 255, .filter_dtype = f16, .gates = true, .skip = f16, .strided = true},
      {.dtype = f16, .n1 = 32, .n2 = 16, .length = 300, .filter_length = 212, .dft = true},
      {.dtype = bf16, .n1 = 16, .n2 = 64, .batch = 3, .channels = 2, .length = 777, .filter_dtype = bf16, .skip = f32},
      {.dtype = bf16, .channels = 9, .length = 77, .gates = true, .skip = bf16, .dft = true},
  };
}

ButterflyData::ButterflyData(const ButterflyCase& c, Random random)
    : butterfly_case(c),
      input(random_rows(c, random)),
      filter(random_tensor(c.filter_dtype, {c.channels, c.filter_length}, {.row_gap = c.strided ? 5 : 0}, random)),
      forward_first(random_blocks(c.n2, c.n1, random)),
      forward_second(random_blocks(c.n1, c.n2, random)),
      inverse_second(random_blocks(c.n1, c.n2, random)),
      inverse_first(random_blocks(c.n2, c.n1, random)),
      grad_output(random_rows(c, random)) {
  if (c.dft) {
    const ButterflyCoefficientArrays dft = dft_coefficients(c.n1, c.n2);
    forward_first.write(dft.forward_first);
    forward_second.write(dft.forward_second);
    inverse_second.write(dft.inverse_second);
    inverse_first.write(dft.inverse_first);
  }
  if (c.gates) {
    input_gate = random_rows(c, random);
    output_gate = random_rows(c, random);
  }
  if (c.skip) skip = random_tensor(*c.skip, {c.channels}, {}, random);
}

ButterflyReferenceInputs ButterflyData::inputs() const {
  const ButterflyCase& c = butterfly_case;
  return {c.n1,
          c.n2,
          c.dtype,
          input.read(),
          filter.read(),
          forward_first.read(),
          forward_second.read(),
          inverse_second.read(),
          inverse_first.read(),
          values_of(input_gate),
          values_of(output_gate),
          values_of(skip)};
}

TensorData run_butterfly_forward(const ButterflyData& original, const Device& device) {
  ButterflyData data = original;
  const ButterflyCase& c = data.butterfly_case;
  TensorData output = sentinels(c.dtype, rows_shape(c), rows_layout(c));
  const Stream stream = create_stream(device);
  Staging staging(device, stream.get());
  ki_butterfly_convolution_problem problem = place_inputs(data, staging);
  problem.output = staging.place(output);

  std::uint64_t size = 0;
  check(ki_butterfly_convolution_forward_workspace(device.get(), &problem, &size));
  const GuardedWorkspace workspace(device, stream.get(), size);
  check(ki_butterfly_convolution_forward(stream.get(), &problem, workspace.data(), size));
  staging.download();
  EXPECT_FALSE(workspace.is_overrun());
  const TensorData* written[] = {&output};
  EXPECT_EQ(staging.changed_outside(written), std::nullopt);
  return output;
}

ButterflyGradientTensors run_butterfly_backward(const ButterflyData& original, const Device& device,
                                                const std::optional<std::string>& only) {
  ButterflyData data = original;
  const ButterflyCase& c = data.butterfly_case;
  const auto rows = [&] { return sentinels(c.dtype, rows_shape(c), rows_layout(c)); };
  const auto floats = [](const Shape& shape) { return sentinels(KI_DTYPE_FLOAT32, shape); };
  ButterflyGradientTensors g{rows(),
                             floats(data.filter.shape()),
                             floats(data.forward_first.shape()),
                             floats(data.forward_second.shape()),
                             floats(data.inverse_second.shape()),
                             floats(data.inverse_first.shape()),
                             {},
                             {},
                             {}};
  if (c.gates) g.grad_input_gate = rows();
  if (c.gates) g.grad_output_gate = rows();
  if (c.skip) g.grad_skip = floats({c.channels});

  const Stream stream = create_stream(device);
  Staging staging(device, stream.get());
  const ki_butterfly_convolution_problem problem = place_inputs(data, staging);
  ki_butterfly_convolution_gradients gradients{};
  gradients.struct_size = sizeof(gradients);
  gradients.grad_output = staging.place(data.grad_output);
  const auto place = [&](const char* name, auto& tensor) -> const ki_tensor* {
    return !only || *only == name ? staging.place(tensor) : nullptr;
  };
  gradients.grad_input = place("grad_input", g.grad_input);
  gradients.grad_filter = place("grad_filter", g.grad_filter);
  gradients.grad_forward_first = place("grad_forward_first", g.grad_forward_first);
  gradients.grad_forward_second = place("grad_forward_second", g.grad_forward_second);
  gradients.grad_inverse_second = place("grad_inverse_second", g.grad_inverse_second);
  gradients.grad_inverse_first = place("grad_inverse_first", g.grad_inverse_first);
  gradients.grad_input_gate = place("grad_input_gate", g.grad_input_gate);
  gradients.grad_output_gate = place("grad_output_gate", g.grad_output_gate);
  gradients.grad_skip = place("grad_skip", g.grad_skip);

  std::uint64_t size = 0;
  check(ki_butterfly_convolution_backward_workspace(device.get(), &problem, &gradients, &size));
  const GuardedWorkspace workspace(device, stream.get(), size);
  check(ki_butterfly_convolution_backward(stream.get(), &problem, &gradients, workspace.data(), size));
  staging.download();
  EXPECT_FALSE(workspace.is_overrun());
  std::vector<const TensorData*> written;
  for (const ButterflyGradientCheck& each : all_gradients(g)) written.push_back(each.got);
  EXPECT_EQ(staging.changed_outside(written), std::nullopt);
  return g;
}

std::vector<ButterflyGradientCheck> all_gradients(const ButterflyGradientTensors& g) {
  using Want = ButterflyReferenceGradients;
  std::vector<ButterflyGradientCheck> all{
      {"grad_input", &g.grad_input, &Want::grad_input},
      {"grad_filter", &g.grad_filter, &Want::grad_filter},
      {"grad_forward_first", &g.grad_forward_first, &Want::grad_forward_first},
      {"grad_forward_second", &g.grad_forward_second, &Want::grad_forward_second},
      {"grad_inverse_second", &g.grad_inverse_second, &Want::grad_inverse_second},
      {"grad_inverse_first", &g.grad_inverse_first, &Want::grad_inverse_first},
  };
  if (g.grad_input_gate) all.push_back({"grad_input_gate", &*g.grad_input_gate, &Want::grad_input_gate});
  if (g.grad_output_gate) all.push_back({"grad_output_gate", &*g.grad_output_gate, &Want::grad_output_gate});
  if (g.grad_skip) all.push_back({"grad_skip", &*g.grad_skip, &Want::grad_skip});
  return all;
}

}  // namespace ki::test
