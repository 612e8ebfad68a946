#include "long_convolution/gated_rows.h"

#include "core/checks.h"
#include "core/error.h"

namespace ki::long_convolution {

Tensor read_rows(const ki_tensor* given, const char* name, const Tensor& input, Addresses addresses) {
  const Tensor tensor = read_tensor(given, name, kRowDimensions, addresses);
  require_dtype(tensor, name, input.dtype, ", the input's");
  require_shape_of(tensor, name, kRowDimensions, input, "input");
  return tensor;
}

Tensor read_rows_or_none(const ki_tensor* given, const char* name, const Tensor& input, Addresses addresses) {
  return given == nullptr ? Tensor{} : read_rows(given, name, input, addresses);
}

Tensor read_skip_or_none(const ki_tensor* given, const Tensor& input, Addresses addresses) {
  if (given == nullptr) return {};
  const Tensor skip = read_tensor(given, "skip", kChannelDimensions, addresses);
  if (skip.dtype != KI_DTYPE_FLOAT32) require_dtype(skip, "skip", input.dtype, ", the input's, or float32");
  require_length(skip, "skip", 0, {"channels", input.shape[1], "input", input});
  return skip;
}

Tensor read_gate_gradient(const ki_tensor* given, const char* name, const Tensor& gate, const Tensor& input,
                          Addresses addresses) {
  const Tensor gradient = read_rows_or_none(given, name, input, addresses);
  if (gradient.rank > 0 && gate.rank == 0) refuse(name, "is given, and there is no gate");
  return gradient;
}

Tensor read_skip_gradient(const ki_tensor* given, const Tensor& skip, Addresses addresses) {
  if (given == nullptr) return {};
  if (skip.rank == 0) refuse("grad_skip", "is given, and there is no skip");
  const Tensor gradient = read_tensor(given, "grad_skip", kChannelDimensions, addresses);
  require_dtype(gradient, "grad_skip", KI_DTYPE_FLOAT32);
  require_shape_of(gradient, "grad_skip", kChannelDimensions, skip, "skip");
  return gradient;
}

}  // namespace ki::long_convolution
