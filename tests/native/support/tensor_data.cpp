#include "support/tensor_data.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "support/dtype.h"

namespace ki::test {
namespace {

constexpr std::int64_t kGuardBytes = 512;
constexpr std::byte kPoison{0xFF};    // a NaN in float32, float16 and bfloat16
constexpr std::byte kSentinel{0x5A};  // 1.5e16 in float32 and bfloat16, 203 in float16

/// Elements from the first to one past the last.
std::int64_t span_of(const Shape& shape, const Shape& strides) {
  std::int64_t last = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0) return 0;
    last += (shape[d] - 1) * strides[d];
  }
  return last + 1;
}

}  // namespace

Memory::Memory(std::int64_t size_bytes) : lines_(static_cast<std::size_t>(size_bytes + 63) / 64) {
  std::fill_n(data(), size(), kPoison);
}

Shape strides_of(const Shape& shape, const Layout& layout) {
  std::vector<int> order = layout.order;
  for (int d = 0; order.size() < shape.size(); ++d) order.push_back(d);
  Shape strides(shape.size());
  std::int64_t stride = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    const auto d = static_cast<std::size_t>(order[i]);
    const bool broadcast = std::ranges::find(layout.broadcast, order[i]) != layout.broadcast.end();
    strides[d] = broadcast ? 0 : stride;
    if (!broadcast) stride *= std::max<std::int64_t>(shape[d], 1);
    if (i + 1 == order.size()) stride += layout.row_gap;
  }
  return strides;
}

TensorData::TensorData(ki_dtype dtype, const Shape& shape, const Layout& layout)
    : TensorData(dtype, shape, strides_of(shape, layout), nullptr, layout.misalign) {}

TensorData::TensorData(ki_dtype dtype, Shape shape, Shape strides, std::shared_ptr<Memory> memory, std::int64_t offset)
    : dtype_(dtype),
      shape_(std::move(shape)),
      strides_(std::move(strides)),
      memory_(std::move(memory)),
      offset_bytes_(offset * element_size(dtype)) {
  if (memory_ != nullptr) return;
  offset_bytes_ += kGuardBytes;
  memory_ = std::make_shared<Memory>(offset_bytes_ + span_of(shape_, strides_) * element_size(dtype) + kGuardBytes);
}

ki_tensor TensorData::view() const {
  ki_tensor tensor{};
  tensor.struct_size = sizeof(ki_tensor);
  tensor.dtype = dtype_;
  tensor.rank = static_cast<std::int32_t>(shape_.size());
  tensor.device_kind = KI_DEVICE_KIND_CPU;
  tensor.data = memory_->data() + offset_bytes_;
  std::ranges::copy(shape_, tensor.shape);
  std::ranges::copy(strides_, tensor.strides);
  return tensor;
}

TensorData TensorData::narrowed(int dimension, std::int64_t length) const {
  TensorData part = *this;
  part.shape_.at(static_cast<std::size_t>(dimension)) = length;
  return part;
}

TensorData TensorData::at(std::int64_t index) const {
  TensorData part = *this;
  part.offset_bytes_ += index * strides_.front() * element_size(dtype_);
  part.shape_.erase(part.shape_.begin());
  part.strides_.erase(part.strides_.begin());
  return part;
}

template <typename Visit>
void TensorData::for_each_element(Visit visit) const {
  const auto count = static_cast<std::size_t>(element_count(shape_));
  Shape index(shape_.size(), 0);
  std::int64_t offset = 0;
  for (std::size_t i = 0; i < count; ++i) {
    visit(i, offset_bytes_ + offset * element_size(dtype_));
    for (std::size_t d = shape_.size(); d-- > 0;) {  // the next index, as an odometer turns
      offset += strides_[d];
      if (++index[d] < shape_[d]) break;
      offset -= index[d] * strides_[d];
      index[d] = 0;
    }
  }
}

void TensorData::write(const Array& values) {
  for_each_element([&](std::size_t i, std::int64_t at) { store(dtype_, memory_->data() + at, values.values[i]); });
}

void TensorData::write_sentinel() {
  const auto size = static_cast<std::size_t>(element_size(dtype_));
  for_each_element(
      [&](std::size_t, std::int64_t at) { std::memset(memory_->data() + at, std::to_integer<int>(kSentinel), size); });
}

Array TensorData::read() const {
  Array result(shape_);
  for_each_element([&](std::size_t i, std::int64_t at) { result.values[i] = load(dtype_, memory_->data() + at); });
  return result;
}

std::vector<std::uint32_t> TensorData::read_bits() const {
  std::vector<std::uint32_t> result(static_cast<std::size_t>(element_count(shape_)), 0);
  const auto size = static_cast<std::size_t>(element_size(dtype_));
  for_each_element([&](std::size_t i, std::int64_t at) { std::memcpy(&result[i], memory_->data() + at, size); });
  return result;
}

void TensorData::mark(std::vector<bool>& mask) const {
  for_each_element([&](std::size_t, std::int64_t at) {
    for (std::int64_t b = 0; b < element_size(dtype_); ++b) mask[static_cast<std::size_t>(at + b)] = true;
  });
}

void separate(const std::vector<TensorData*>& tensors) {
  std::map<Memory*, std::shared_ptr<Memory>> copies;
  for (TensorData* tensor : tensors) {
    std::shared_ptr<Memory>& memory = copies[tensor->memory().get()];
    if (memory == nullptr) memory = std::make_shared<Memory>(*tensor->memory());
    tensor->move_to(memory);
  }
}

std::vector<std::uint32_t> bits_of(const std::vector<TensorData>& tensors) {
  std::vector<std::uint32_t> bits;
  for (const TensorData& tensor : tensors) {
    const std::vector<std::uint32_t> more = tensor.read_bits();
    bits.insert(bits.end(), more.begin(), more.end());
  }
  return bits;
}

std::optional<std::string> changed_outside(const Memory& memory, std::span<const TensorData* const> written) {
  std::vector<bool> allowed(static_cast<std::size_t>(memory.size()), false);
  for (const TensorData* tensor : written) {
    if (tensor->memory().get() == &memory) tensor->mark(allowed);
  }
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    if (!allowed[i] && memory.data()[i] != memory.remembered()[i]) {
      return "byte " + std::to_string(i) + " of " + std::to_string(memory.size()) + " was written";
    }
  }
  return std::nullopt;
}

}  // namespace ki::test
