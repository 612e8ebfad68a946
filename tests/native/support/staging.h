#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "kernels_interop.h"
#include "support/handles.h"
#include "support/tensor_data.h"

namespace ki::test {

/// The memory of some tensors, copied to a device and back.
class Staging {
 public:
  Staging(const Device& device, ki_stream* stream) : device_(device), stream_(stream), info_(info_of(device)) {}

  /// The tensor's view on the device. Its memory is uploaded once, whoever else shares it.
  ki_tensor upload(TensorData& tensor) {
    Memory& memory = *tensor.memory();
    const auto size = static_cast<std::uint64_t>(memory.size());
    auto [entry, is_new] = buffers_.try_emplace(&memory);
    if (is_new) {
      memory.remember();
      entry->second = create_buffer(device_, size);
      check(ki_copy(stream_, data_of(entry->second), memory.data(), size));
    }
    ki_tensor view = tensor.view();
    view.device_kind = info_.kind;
    view.device_ordinal = info_.ordinal;
    view.data = data_of(entry->second) + tensor.offset_bytes();
    return view;
  }

  /// The same, where it stays as long as this object lives. NULL for a tensor that there is not.
  const ki_tensor* place(TensorData& tensor) { return &views_.emplace_back(upload(tensor)); }
  const ki_tensor* place(std::optional<TensorData>& tensor) { return tensor ? place(*tensor) : nullptr; }

  /// Copies everything back to where it came from, when the stream has done its work.
  void download() {
    for (auto& [memory, buffer] : buffers_) {
      check(ki_copy(stream_, memory->data(), data_of(buffer), static_cast<std::uint64_t>(memory->size())));
    }
    check(ki_stream_synchronize(stream_));
  }

  /// Says which byte has changed that is in none of these tensors.
  std::optional<std::string> changed_outside(std::span<const TensorData* const> written) const {
    for (const auto& [memory, buffer] : buffers_) {
      if (auto change = test::changed_outside(*memory, written)) return change;
    }
    return std::nullopt;
  }

 private:
  const Device& device_;
  ki_stream* stream_;
  ki_device_info info_;
  std::map<Memory*, Buffer> buffers_;
  std::deque<ki_tensor> views_;  // whose addresses do not change
};

}  // namespace ki::test
