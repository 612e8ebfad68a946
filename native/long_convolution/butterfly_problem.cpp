// Reads and checks butterfly convolutions.
#include "long_convolution/butterfly_problem.h"

#include <array>

#include "core/abi.h"
#include "core/checks.h"
#include "long_convolution/gated_rows.h"

namespace ki::long_convolution {
namespace {

constexpr const char* kFilterDimensions[] = {"channels", "filter_length"};

// What the dimensions of a tensor of coefficients are: blocks, rows, columns, and the two parts of a complex number.
struct BlockDimensions {
  const char* names[4];
  int ButterflySize::*count;
  int ButterflySize::*rows;
};
constexpr BlockDimensions kFirst{{"n2", "n1", "n1", "2"}, &ButterflySize::n2, &ButterflySize::n1};
constexpr BlockDimensions kSecond{{"n1", "n2", "n2", "2"}, &ButterflySize::n1, &ButterflySize::n2};

void require_contiguous(const Tensor& tensor, const char* name) {
  std::int64_t stride = 1;
  for (int d = tensor.rank; d-- > 0; stride *= tensor.shape[d]) {
    if (tensor.shape[d] > 1 && tensor.strides[d] != stride) {
      refuse(name, "stride ", tensor.strides[d], " of dimension ", d, " in shape ", shape_text(tensor),
             ": coefficients must be contiguous, so that it is ", stride);
    }
  }
}

Tensor read_block_tensor(const ki_tensor* given, const char* name, const BlockDimensions& dimensions,
                         Addresses addresses) {
  const Tensor tensor = read_tensor(given, name, dimensions.names, addresses);
  require_dtype(tensor, name, KI_DTYPE_FLOAT32);
  return tensor;
}

void require_blocks(const Tensor& tensor, const char* name, const BlockDimensions& dimensions, ButterflySize size,
                    const char* setter) {
  const std::int64_t expected[] = {size.*dimensions.count, size.*dimensions.rows, size.*dimensions.rows, 2};
  for (int d = 0; d < 4; ++d) {
    if (tensor.shape[d] == expected[d]) continue;
    refuse(name, "dimension ", d, " (", dimensions.names[d], ") is ", tensor.shape[d], " in shape ", shape_text(tensor),
           ", and must be ", expected[d], ", as ", setter, " sets n1 = ", size.n1, " and n2 = ", size.n2);
  }
  require_contiguous(tensor, name);
}

bool is_factor(std::int64_t n) { return n >= kMinButterflyFactor && n <= kMaxButterflyFactor && (n & (n - 1)) == 0; }

// The first tensor sets the size; the others must agree with it.
ButterflySize size_set_by(const Tensor& forward_first) {
  const std::int64_t n1 = forward_first.shape[1], n2 = forward_first.shape[0];
  for (const auto& [name, n] : {std::pair{"n1", n1}, std::pair{"n2", n2}}) {
    if (is_factor(n)) continue;
    refuse("forward_first", name, " is ", n, " in shape ", shape_text(forward_first),
           ", and must be a power of two from ", kMinButterflyFactor, " to ", kMaxButterflyFactor);
  }
  return {static_cast<int>(n1), static_cast<int>(n2)};
}

ButterflyTables read_coefficients(const ki_tensor* forward_first, const ki_tensor* forward_second,
                                  const ki_tensor* inverse_second, const ki_tensor* inverse_first,
                                  Addresses addresses) {
  ButterflyTables tables{};
  ButterflyCoefficients& c = tables.coefficients;
  c.forward_first = read_block_tensor(forward_first, "forward_first", kFirst, addresses);
  tables.size = size_set_by(c.forward_first);
  c.forward_second = read_block_tensor(forward_second, "forward_second", kSecond, addresses);
  c.inverse_second = read_block_tensor(inverse_second, "inverse_second", kSecond, addresses);
  c.inverse_first = read_block_tensor(inverse_first, "inverse_first", kFirst, addresses);
  require_blocks(c.forward_first, "forward_first", kFirst, tables.size, "forward_first");
  require_blocks(c.forward_second, "forward_second", kSecond, tables.size, "forward_first");
  require_blocks(c.inverse_second, "inverse_second", kSecond, tables.size, "forward_first");
  require_blocks(c.inverse_first, "inverse_first", kFirst, tables.size, "forward_first");
  return tables;
}

Tensor read_gradient_blocks(const ki_tensor* given, const char* name, const BlockDimensions& dimensions,
                            ButterflySize size, Addresses addresses) {
  if (given == nullptr) return {};
  const Tensor tensor = read_block_tensor(given, name, dimensions, addresses);
  require_blocks(tensor, name, dimensions, size, "forward_first");
  return tensor;
}

void require_fits(const Tensor& tensor, const char* name, const char* what, std::int64_t length, ButterflySize size) {
  if (length <= size.points()) return;
  refuse(name, what, " is ", length, " in shape ", shape_text(tensor), ", and the transform of ", size.n1, " * ",
         size.n2, " has ", size.points(), " points");
}

// All of a problem but its output.
ButterflyProblem read_inputs(const ki_butterfly_convolution_problem& given, Addresses addresses) {
  if (given.reserved != 0) refuse("problem.reserved", given.reserved, " must be 0");
  ButterflyProblem p{};
  p.input = read_tensor(given.input, "input", kRowDimensions, addresses);
  require_float(p.input, "input");
  p.batch = p.input.shape[0];
  p.channels = p.input.shape[1];
  p.length = p.input.shape[2];
  const ButterflyTables tables = read_coefficients(given.forward_first, given.forward_second, given.inverse_second,
                                                   given.inverse_first, addresses);
  p.coefficients = tables.coefficients;
  p.size = tables.size;
  require_fits(p.input, "input", "length", p.length, p.size);

  p.filter = read_tensor(given.filter, "filter", kFilterDimensions, addresses);
  require_float(p.filter, "filter");
  require_length(p.filter, "filter", 0, {"channels", p.channels, "input", p.input});
  p.filter_length = p.filter.shape[1];
  if (p.filter_length < 1) refuse("filter", "filter_length is 0 in shape ", shape_text(p.filter));
  require_fits(p.filter, "filter", "filter_length", p.filter_length, p.size);

  p.input_gate = read_rows_or_none(given.input_gate, "input_gate", p.input, addresses);
  p.output_gate = read_rows_or_none(given.output_gate, "output_gate", p.input, addresses);
  p.skip = read_skip_or_none(given.skip, p.input, addresses);
  return p;
}

}  // namespace

ButterflyProblem read_butterfly_problem(const ki_butterfly_convolution_problem* problem, const ki_device_info& device,
                                        Addresses addresses) {
  const ki_butterfly_convolution_problem given = read_struct(problem, "problem");
  ButterflyProblem p = read_inputs(given, addresses);
  p.output = read_rows(given.output, "output", p.input, addresses);
  const ButterflyCoefficients& c = p.coefficients;
  const std::array tensors{
      NamedTensor{&p.input, "input", false},
      NamedTensor{&p.filter, "filter", false},
      NamedTensor{&c.forward_first, "forward_first", false},
      NamedTensor{&c.forward_second, "forward_second", false},
      NamedTensor{&c.inverse_second, "inverse_second", false},
      NamedTensor{&c.inverse_first, "inverse_first", false},
      NamedTensor{&p.input_gate, "input_gate", false},
      NamedTensor{&p.output_gate, "output_gate", false},
      NamedTensor{&p.skip, "skip", false},
      NamedTensor{&p.output, "output", true},
  };
  check_placement(tensors, device);
  return p;
}

ButterflyBackwardProblem read_butterfly_backward_problem(const ki_butterfly_convolution_problem* problem,
                                                         const ki_butterfly_convolution_gradients* gradients,
                                                         const ki_device_info& device, Addresses addresses) {
  const ki_butterfly_convolution_gradients given = read_struct(gradients, "gradients");
  const ki_butterfly_convolution_problem forward = read_struct(problem, "problem");
  if (given.reserved != 0) refuse("gradients.reserved", given.reserved, " must be 0");
  if (forward.output != nullptr) refuse("output", "must be NULL: the backward pass does not use it");

  ButterflyBackwardProblem b{};
  ButterflyProblem& p = b.forward;
  p = read_inputs(forward, addresses);
  b.grad_output = read_rows(given.grad_output, "grad_output", p.input, addresses);
  b.grad_input = read_rows_or_none(given.grad_input, "grad_input", p.input, addresses);
  b.grad_input_gate = read_gate_gradient(given.grad_input_gate, "grad_input_gate", p.input_gate, p.input, addresses);
  b.grad_output_gate =
      read_gate_gradient(given.grad_output_gate, "grad_output_gate", p.output_gate, p.input, addresses);
  if (given.grad_filter != nullptr) {
    b.grad_filter = read_tensor(given.grad_filter, "grad_filter", kFilterDimensions, addresses);
    require_dtype(b.grad_filter, "grad_filter", KI_DTYPE_FLOAT32);
    require_shape_of(b.grad_filter, "grad_filter", kFilterDimensions, p.filter, "filter");
  }
  b.grad_skip = read_skip_gradient(given.grad_skip, p.skip, addresses);
  ButterflyCoefficients& g = b.grad_coefficients;
  g.forward_first = read_gradient_blocks(given.grad_forward_first, "grad_forward_first", kFirst, p.size, addresses);
  g.forward_second = read_gradient_blocks(given.grad_forward_second, "grad_forward_second", kSecond, p.size, addresses);
  g.inverse_second = read_gradient_blocks(given.grad_inverse_second, "grad_inverse_second", kSecond, p.size, addresses);
  g.inverse_first = read_gradient_blocks(given.grad_inverse_first, "grad_inverse_first", kFirst, p.size, addresses);
  const ButterflyCoefficients& c = p.coefficients;
  const std::array tensors{
      NamedTensor{&p.input, "input", false},
      NamedTensor{&p.filter, "filter", false},
      NamedTensor{&c.forward_first, "forward_first", false},
      NamedTensor{&c.forward_second, "forward_second", false},
      NamedTensor{&c.inverse_second, "inverse_second", false},
      NamedTensor{&c.inverse_first, "inverse_first", false},
      NamedTensor{&p.input_gate, "input_gate", false},
      NamedTensor{&p.output_gate, "output_gate", false},
      NamedTensor{&p.skip, "skip", false},
      NamedTensor{&b.grad_output, "grad_output", false},
      NamedTensor{&b.grad_input, "grad_input", true},
      NamedTensor{&b.grad_filter, "grad_filter", true},
      NamedTensor{&g.forward_first, "grad_forward_first", true},
      NamedTensor{&g.forward_second, "grad_forward_second", true},
      NamedTensor{&g.inverse_second, "grad_inverse_second", true},
      NamedTensor{&g.inverse_first, "grad_inverse_first", true},
      NamedTensor{&b.grad_input_gate, "grad_input_gate", true},
      NamedTensor{&b.grad_output_gate, "grad_output_gate", true},
      NamedTensor{&b.grad_skip, "grad_skip", true},
  };
  check_placement(tensors, device);
  return b;
}

ButterflyTables read_butterfly_tables(const ki_tensor* forward_first, const ki_tensor* forward_second,
                                      const ki_tensor* inverse_second, const ki_tensor* inverse_first,
                                      const ki_device_info& device) {
  const ButterflyTables tables =
      read_coefficients(forward_first, forward_second, inverse_second, inverse_first, Addresses::required);
  const ButterflyCoefficients& c = tables.coefficients;
  const std::array tensors{
      NamedTensor{&c.forward_first, "forward_first", true},
      NamedTensor{&c.forward_second, "forward_second", true},
      NamedTensor{&c.inverse_second, "inverse_second", true},
      NamedTensor{&c.inverse_first, "inverse_first", true},
  };
  check_placement(tensors, device);
  return tables;
}

}  // namespace ki::long_convolution
