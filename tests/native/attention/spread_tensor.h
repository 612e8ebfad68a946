#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>

#include "support/dtype.h"
#include "support/handles.h"
#include "support/tensor_data.h"

namespace ki::test {

/// A tensor whose entries along one dimension lie so far apart that 32 bits do not count the elements between the first and
/// the last. Of its memory only what the elements lie in is ever touched: on the CPU it is reserved address space, and the
/// virtual GPU's is sparse.
class SpreadTensor {
 public:
  /// Holds the elements of `data`. The other dimensions lie dense.
  SpreadTensor(const Device& device, ki_stream* stream, const TensorData& data, int dimension)
      : stream_(stream), view_(data.view()) {
    // An odd multiple of 8 keeps rows aligned to 16 bytes.
    constexpr std::int64_t kStride = (std::int64_t{1} << 31) + 72, kSmallStride = (std::int64_t{1} << 30) + 72;
    std::int64_t dense = 1;
    for (int d = view_.rank; d-- > 0;) {
      if (d == dimension) continue;
      view_.strides[d] = dense;
      dense *= view_.shape[d];
    }
    view_.strides[dimension] = view_.shape[dimension] <= 3 ? kStride : kSmallStride;
    const std::int64_t elements = (view_.shape[dimension] - 1) * view_.strides[dimension] + dense;
    allocate(device, static_cast<std::uint64_t>(elements * element_size(view_.dtype)));
    copy_rows(view_, data.view());
  }

  /// What the library is given.
  const ki_tensor* view() const { return &view_; }

  /// Copies the elements to a tensor of the same shape.
  void download(TensorData& data) const { copy_rows(data.view(), view_); }

 private:
  struct Unmap {
    std::size_t size;
    void operator()(void* memory) const { munmap(memory, size); }
  };

  void allocate(const Device& device, std::uint64_t bytes) {
    const ki_device_info info = info_of(device);
    view_.device_kind = info.kind;
    view_.device_ordinal = info.ordinal;
    if (info.kind == KI_DEVICE_KIND_CPU) {
      void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (memory == MAP_FAILED) throw std::runtime_error("cannot reserve address space");
      reserved_ = {memory, Unmap{bytes}};
      view_.data = memory;
    } else {
      buffer_ = create_buffer(device, bytes);
      view_.data = data_of(buffer_);
    }
  }

  static std::byte* row(const ki_tensor& t, std::int64_t number) {
    std::int64_t offset = 0;
    for (int d = t.rank - 1; d-- > 0; number /= t.shape[d]) offset += number % t.shape[d] * t.strides[d];
    return static_cast<std::byte*>(t.data) + offset * element_size(t.dtype);
  }

  void copy_rows(const ki_tensor& to, const ki_tensor& from) const {
    std::int64_t rows = 1;
    for (int d = 0; d + 1 < to.rank; ++d) rows *= to.shape[d];
    const auto bytes = static_cast<std::uint64_t>(to.shape[to.rank - 1] * element_size(to.dtype));
    for (std::int64_t r = 0; r < rows; ++r) check(ki_copy(stream_, row(to, r), row(from, r), bytes));
    check(ki_stream_synchronize(stream_));
  }

  ki_stream* stream_;
  ki_tensor view_;
  std::unique_ptr<void, Unmap> reserved_;
  Buffer buffer_;
};

}  // namespace ki::test
