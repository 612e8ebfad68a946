#include "support/backends.h"

#include <cstdint>
#include <cstring>

namespace ki::test {

std::string Backend::name() const {
  return target.empty() ? device : device + "/" + target + "/" + std::to_string(thread_count) + " threads";
}

Device Backend::open() const {
  return open_device(device.c_str(), target.empty() ? nullptr : target.c_str(), thread_count);
}

std::vector<SimdTarget> simd_targets() {
  std::vector<SimdTarget> targets;
  const auto collect = [](void* user_data, const ki_probe_entry* entry) {
    if (entry->kind != KI_DEVICE_KIND_CPU) return;
    static_cast<std::vector<SimdTarget>*>(user_data)->push_back(
        {entry->subject, entry->status == KI_STATUS_OK, entry->detail});
  };
  check(ki_probe(collect, &targets));
  return targets;
}

const std::vector<Backend>& backends() {
  static const std::vector<Backend> all = [] {
    std::vector<Backend> result;
    for (const SimdTarget& target : simd_targets()) {
      if (!target.usable) continue;
      for (const int threads : {1, 3}) result.push_back({"cpu", target.name, threads});
    }
    std::int32_t count = 0;
    check(ki_device_count(&count));
    for (std::int32_t i = 0; i < count; ++i) {
      ki_device_info info{};
      info.struct_size = sizeof(info);
      check(ki_device_describe(i, &info));
      if (info.kind == KI_DEVICE_KIND_CUDA) result.push_back({info.name, "", 0});
    }
    return result;
  }();
  return all;
}

}  // namespace ki::test
