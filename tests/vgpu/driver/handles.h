// Opaque handles. A handle is a number that is never given twice and never followed, so a stale or a foreign one is
// recognised instead of dereferenced.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace vgpu::driver {

// Unlike any small value (streams 0 to 2 are names), aligned like a pointer.
inline std::uint64_t next_handle() {
  static std::uint64_t last = 0x0000'7600'0000'0000;  // under the driver's mutex
  return last += 64;
}

template <typename Handle, typename Object>
class Handles {
 public:
  Handle add(std::shared_ptr<Object> object) {
    const std::uint64_t number = next_handle();
    objects_.emplace(number, std::move(object));
    return reinterpret_cast<Handle>(number);
  }

  // Null for what is no live handle of this kind.
  std::shared_ptr<Object> find(Handle handle) const {
    const auto found = objects_.find(reinterpret_cast<std::uint64_t>(handle));
    return found == objects_.end() ? nullptr : found->second;
  }

  void remove(Handle handle) { objects_.erase(reinterpret_cast<std::uint64_t>(handle)); }

  template <typename Predicate>
  void remove_if(Predicate&& predicate) {
    std::erase_if(objects_, [&](const auto& entry) { return predicate(*entry.second); });
  }

 private:
  std::unordered_map<std::uint64_t, std::shared_ptr<Object>> objects_;
};

}  // namespace vgpu::driver
