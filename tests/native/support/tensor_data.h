#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernels_interop.h"
#include "support/array.h"

namespace ki::test {

/// A block of host memory, aligned to 64 bytes, for tensors to be laid out in. Whatever no tensor has claimed reads as NaN
/// in every type.
class Memory {
 public:
  explicit Memory(std::int64_t size_bytes);

  std::byte* data() { return lines_.data()->bytes; }
  const std::byte* data() const { return lines_.data()->bytes; }
  std::int64_t size() const { return static_cast<std::int64_t>(lines_.size() * sizeof(Line)); }

  /// Remembers the contents for changed_outside.
  void remember() { remembered_ = lines_; }
  const std::byte* remembered() const { return remembered_.data()->bytes; }

 private:
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  std::vector<Line> lines_;
  std::vector<Line> remembered_;
};

/// Order of a tensor's dimensions in memory, outermost first, and the gaps between rows.
struct Layout {
  std::vector<int> order{};      ///< a permutation of the dimensions; empty = 0, 1, 2, ...
  std::int64_t row_gap = 0;      ///< unused elements behind each row of the last dimension
  std::vector<int> broadcast{};  ///< dimensions with stride 0
  std::int64_t misalign = 1;     ///< elements between a 64-byte boundary and the first element
};

/// Strides of a tensor of this shape in this layout, in elements.
Shape strides_of(const Shape& shape, const Layout& layout);

/// A strided tensor in a Memory.
class TensorData {
 public:
  /// A tensor in memory of its own, between two guards.
  TensorData(ki_dtype dtype, const Shape& shape, const Layout& layout = {});

  /// A tensor in memory that it shares with others; `offset` is its first element's.
  TensorData(ki_dtype dtype, Shape shape, Shape strides, std::shared_ptr<Memory> memory, std::int64_t offset);

  /// The view of the C ABI; its data is on the host.
  ki_tensor view() const;

  ki_dtype dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  const std::shared_ptr<Memory>& memory() const { return memory_; }
  void move_to(std::shared_ptr<Memory> memory) { memory_ = std::move(memory); }

  /// Distance of the first element from the start of the memory, in bytes.
  std::int64_t offset_bytes() const { return offset_bytes_; }

  /// The part of it that has the first `length` indices along a dimension, in the same memory.
  TensorData narrowed(int dimension, std::int64_t length) const;

  /// Entry `index` along the first dimension, without that dimension, in the same memory.
  TensorData at(std::int64_t index) const;

  /// Stores values, rounded to the type. What is repeated along a broadcast dimension keeps the last.
  void write(const Array& values);

  /// Fills the elements with a large finite number that no test expects.
  void write_sentinel();

  Array read() const;

  /// The elements' bits, in row-major order, for comparisons that must be exact.
  std::vector<std::uint32_t> read_bits() const;

  /// Marks the bytes of its elements in a mask over its memory.
  void mark(std::vector<bool>& mask) const;

 private:
  template <typename Visit>
  void for_each_element(Visit visit) const;

  ki_dtype dtype_;
  Shape shape_;
  Shape strides_;
  std::shared_ptr<Memory> memory_;
  std::int64_t offset_bytes_;
};

/// Gives tensors memory that nobody else has, in which those that share some still do.
void separate(const std::vector<TensorData*>& tensors);

/// The elements' bits of some tensors, one behind the other.
std::vector<std::uint32_t> bits_of(const std::vector<TensorData>& tensors);

/// Says which byte of a memory has changed since Memory::remember, other than in the elements of these tensors.
std::optional<std::string> changed_outside(const Memory& memory, std::span<const TensorData* const> written);

}  // namespace ki::test
