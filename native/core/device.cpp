// Devices by name: which there are, what they are, and why one was chosen.
#include <charconv>
#include <cstdio>
#include <string_view>

#include "core/abi.h"
#include "core/handles.h"

namespace ki {
namespace {

struct Choice {
  Backend* backend;
  int ordinal;
  std::string reason;  // empty: the device's own
};

int parse_ordinal(std::string_view name, std::string_view digits) {
  int ordinal = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), ordinal);
  if (error != std::errc{} || end != digits.data() + digits.size() || ordinal < 0) {
    refuse("name", "'", name, "' is no device; expected auto, cpu or cuda:N");
  }
  return ordinal;
}

Choice choose(std::string_view name) {
  if (name == "cpu") return {&cpu_backend(), 0, "asked for by name"};
  if (name.substr(0, 5) == "cuda:") return {&cuda_backend(), parse_ordinal(name, name.substr(5)), "asked for by name"};
  if (name != "auto") refuse("name", "'", name, "' is no device; expected auto, cpu or cuda:N");
  const std::string why_not = cuda_backend().why_not_auto();
  if (why_not.empty()) return {&cuda_backend(), 0, "auto: the first CUDA device"};
  return {&cpu_backend(), 0, concat("auto: no CUDA device (", why_not, ")")};
}

Backend& backend_at(int32_t index, int* ordinal) {
  *ordinal = index;
  for (Backend* backend : {&cpu_backend(), &cuda_backend()}) {
    const int count = backend->device_count();
    if (*ordinal < count) return *backend;
    *ordinal -= count;
  }
  refuse("index", index, " is past the last device");
}

void open(const char* name, const ki_device_options* options, ki_device** device) {
  require(device, "device") = nullptr;
  DeviceOptions read;
  if (options != nullptr) {
    const ki_device_options given = read_struct(options, "options");
    read.thread_count = given.thread_count;
    if (given.target != nullptr) read.target = given.target;
  }
  const Choice choice = choose(&require(name, "name"));
  auto handle = std::make_unique<ki_device>();
  handle->implementation = choice.backend->open(choice.ordinal, read);
  handle->reason = concat(choice.reason, "; ", handle->implementation->info().reason);
  *device = handle.release();
}

}  // namespace
}  // namespace ki

ki_status ki_device_count(int32_t* count) noexcept {
  return ki::guard(
      [&] { ki::require(count, "count") = ki::cpu_backend().device_count() + ki::cuda_backend().device_count(); });
}

ki_status ki_device_describe(int32_t index, ki_device_info* info) noexcept {
  return ki::guard([&] {
    if (index < 0) ki::refuse("index", index, " is negative");
    int ordinal = 0;
    ki::Backend& backend = ki::backend_at(index, &ordinal);
    ki::write_struct(backend.describe(ordinal), info, "info");
  });
}

ki_status ki_device_open(const char* name, const ki_device_options* options, ki_device** device) noexcept {
  return ki::guard([&] { ki::open(name, options, device); });
}

ki_status ki_device_get_info(const ki_device* device, ki_device_info* info) noexcept {
  return ki::guard([&] {
    ki_device_info described = ki::require(device, "device").implementation->info();
    std::snprintf(described.reason, sizeof described.reason, "%s", device->reason.c_str());
    ki::write_struct(described, info, "info");
  });
}

void ki_device_close(ki_device* device) noexcept { delete device; }

ki_status ki_probe(ki_probe_callback callback, void* user_data) noexcept {
  return ki::guard([&] {
    if (callback == nullptr) ki::refuse("callback", "must not be NULL");
    for (ki::Backend* backend : {&ki::cpu_backend(), &ki::cuda_backend()}) {
      for (const ki::ProbeEntry& tried : backend->probe()) {
        const ki_probe_entry entry{sizeof(ki_probe_entry), backend->kind(),     tried.status, 0,
                                   tried.subject.c_str(),  tried.detail.c_str()};
        callback(user_data, &entry);
      }
    }
  });
}
