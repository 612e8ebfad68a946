#include "core/tensor.h"

#include "core/abi.h"

namespace ki {
namespace {

const char* kind_name(ki_device_kind kind) {
  switch (kind) {
    case KI_DEVICE_KIND_CPU: return "cpu";
    case KI_DEVICE_KIND_CUDA: return "cuda";
  }
  return "unknown device kind";
}

void check_stride(const Tensor& tensor, const char* name, int dimension, std::int64_t stride) {
  if (stride < 0) refuse(name, "stride ", stride, " of dimension ", dimension, " is negative");
  if (dimension == tensor.rank - 1 && stride != 1) {
    refuse(name, "stride ", stride, " of the last dimension: it must be contiguous (stride 1); shape ",
           shape_text(tensor));
  }
}

// Sets `elements` and `span_bytes`. Both are int64, whatever the strides: what would not fit is refused.
void measure(Tensor& tensor, const char* name) {
  std::int64_t elements = 1, last = 0;
  bool overflow = false;
  for (int i = 0; i < tensor.rank; ++i) {
    std::int64_t reach = 0;
    overflow |= __builtin_mul_overflow(elements, tensor.shape[i], &elements);
    overflow |= __builtin_mul_overflow(std::max<std::int64_t>(tensor.shape[i] - 1, 0), tensor.strides[i], &reach);
    overflow |= __builtin_add_overflow(last, reach, &last);
  }
  std::int64_t span = 0;
  overflow |= __builtin_add_overflow(last, std::int64_t{1}, &span);
  overflow |= __builtin_mul_overflow(span, size_of(tensor.dtype), &span);
  for (int i = 0; i < tensor.rank; ++i) {
    if (tensor.shape[i] == 0) elements = span = overflow = 0;
  }
  if (overflow) refuse(name, "shape ", shape_text(tensor), " with these strides reaches beyond 2^63 bytes");
  tensor.elements = elements;
  tensor.span_bytes = span;
}

void check_address(const Tensor& tensor, const char* name, Addresses addresses) {
  const auto address = reinterpret_cast<std::uintptr_t>(tensor.data);
  if (tensor.elements == 0 || (address == 0 && addresses == Addresses::optional)) return;
  if (address == 0) refuse(name, "data is NULL, and shape ", shape_text(tensor), " has elements");
  if (address % size_of(tensor.dtype) != 0) {
    refuse(name, "data is misaligned: ", name_of(tensor.dtype), " needs a multiple of ", size_of(tensor.dtype),
           " bytes");
  }
  if (address + static_cast<std::uint64_t>(tensor.span_bytes) < address) {
    refuse(name, "shape ", shape_text(tensor), " with these strides reaches beyond the address space");
  }
}

}  // namespace

std::int64_t size_of(ki_dtype dtype) {
  switch (dtype) {
    case KI_DTYPE_FLOAT32:
    case KI_DTYPE_INT32: return 4;
    case KI_DTYPE_FLOAT16:
    case KI_DTYPE_BFLOAT16: return 2;
    case KI_DTYPE_BOOL:
    case KI_DTYPE_INT8: return 1;
  }
  return 0;
}

const char* name_of(ki_dtype dtype) {
  switch (dtype) {
    case KI_DTYPE_FLOAT32: return "float32";
    case KI_DTYPE_FLOAT16: return "float16";
    case KI_DTYPE_BFLOAT16: return "bfloat16";
    case KI_DTYPE_BOOL: return "bool";
    case KI_DTYPE_INT8: return "int8";
    case KI_DTYPE_INT32: return "int32";
  }
  return "unknown dtype";
}

std::string shape_text(const Tensor& tensor) {
  std::string text = "[";
  for (int i = 0; i < tensor.rank; ++i) text += (i ? ", " : "") + std::to_string(tensor.shape[i]);
  return text + "]";
}

Tensor read_tensor(const ki_tensor* source, const char* name, std::span<const char* const> dimensions,
                   Addresses addresses) {
  const ki_tensor given = read_struct(source, name);
  if (given.reserved != 0) refuse(name, "reserved is ", given.reserved, ", must be 0");
  if (size_of(given.dtype) == 0) refuse(name, "dtype ", static_cast<int>(given.dtype), " is unknown");
  if (given.rank != static_cast<int>(dimensions.size())) {
    std::string expected;
    for (const char* dimension : dimensions) expected += (expected.empty() ? "" : ", ") + std::string(dimension);
    refuse(name, "rank is ", given.rank, ", expected ", dimensions.size(), ": [", expected, "]");
  }
  Tensor tensor{};
  tensor.dtype = given.dtype;
  tensor.rank = given.rank;
  tensor.device_kind = given.device_kind;
  tensor.device_ordinal = given.device_ordinal;
  tensor.data = static_cast<std::byte*>(given.data);
  std::copy_n(given.shape, given.rank, tensor.shape.begin());
  for (int i = 0; i < given.rank; ++i) {
    if (given.shape[i] < 0) refuse(name, dimensions[i], " is negative; shape ", shape_text(tensor));
  }
  for (int i = 0; i < given.rank; ++i) {
    if (given.shape[i] <= 1) continue;
    check_stride(tensor, name, i, given.strides[i]);
    tensor.strides[i] = given.strides[i];
  }
  measure(tensor, name);
  check_address(tensor, name, addresses);
  return tensor;
}

void require_on_device(const Tensor& tensor, const char* name, const ki_device_info& device) {
  if (tensor.device_kind == device.kind && tensor.device_ordinal == device.ordinal) return;
  refuse(name, "is on ", kind_name(tensor.device_kind), ":", tensor.device_ordinal, ", and the call runs on ",
         kind_name(device.kind), ":", device.ordinal, "; no operator moves data between devices");
}

}  // namespace ki
