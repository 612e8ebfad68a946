#include "support/backends.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

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

namespace {

bool is_wanted(const std::string& device) {
  const char* wanted = std::getenv("KI_TEST_DEVICE");
  return wanted == nullptr || device.starts_with(wanted);
}

/// The file of compiled kernels is the last thing that the probe of CUDA looks for.
bool have_compiled_kernels() {
  ki_status last = KI_STATUS_NOT_SUPPORTED;
  const auto look = [](void* user_data, const ki_probe_entry* entry) {
    if (entry->kind == KI_DEVICE_KIND_CUDA) *static_cast<ki_status*>(user_data) = entry->status;
  };
  check(ki_probe(look, &last));
  return last == KI_STATUS_OK;
}

}  // namespace

const std::vector<std::string>& device_names() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> result;
    std::int32_t count = 0;
    check(ki_device_count(&count));
    for (std::int32_t i = 0; i < count; ++i) {
      ki_device_info info{};
      info.struct_size = sizeof(info);
      check(ki_device_describe(i, &info));
      if (is_wanted(info.name)) result.push_back(info.name);
    }
    return result;
  }();
  return all;
}

const std::vector<Backend>& backends() {
  static const std::vector<Backend> all = [] {
    std::vector<Backend> result;
    for (const std::string& device : device_names()) {
      if (device != "cpu") {
        if (have_compiled_kernels()) result.push_back({device, "", 0});
        continue;
      }
      for (const SimdTarget& target : simd_targets()) {
        if (!target.usable) continue;
        for (const int threads : {1, 3}) result.push_back({device, target.name, threads});
      }
    }
    return result;
  }();
  return all;
}

std::string test_name(const std::string& device_name) {
  std::string name = device_name;
  std::ranges::replace(name, ':', '_');
  return name;
}

}  // namespace ki::test
