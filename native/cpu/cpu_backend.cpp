// The one CPU there is, described and opened.
#include <cstdio>

#include "cpu/cpu_device.h"
#include "cpu/system.h"

namespace ki {
namespace cpu {
namespace {

class CpuBackend final : public Backend {
 public:
  ki_device_kind kind() const override { return KI_DEVICE_KIND_CPU; }
  int device_count() override { return 1; }
  ki_device_info describe(int) override {
    return describe(choose_simd_target(""), available_threads(), DeviceOptions{});
  }

  std::shared_ptr<Device> open(int, const DeviceOptions& options) override {
    if (options.thread_count < 0 || options.thread_count > kMaxThreads) {
      refuse("options.thread_count", options.thread_count, " is out of range; expected 0 (the default) to ",
             kMaxThreads);
    }
    const SimdTarget target = choose_simd_target(options.target);
    const int threads = options.thread_count > 0 ? options.thread_count : available_threads();
    return std::make_shared<CpuDevice>(target, threads, describe(target, threads, options));
  }

  std::vector<ProbeEntry> probe() override {
    std::vector<ProbeEntry> tried;
    for (const SimdTarget target : kSimdTargets) {
      const std::string missing = missing_features(target);
      tried.push_back({missing.empty() ? KI_STATUS_OK : KI_STATUS_NOT_SUPPORTED, name_of(target),
                       missing.empty() ? "usable: " + processor_model() : "the processor lacks " + missing});
    }
    return tried;
  }

  std::string why_not_auto() override { return ""; }

 private:
  static ki_device_info describe(SimdTarget target, int threads, const DeviceOptions& options) {
    ki_device_info info{};
    info.struct_size = sizeof info;
    info.kind = KI_DEVICE_KIND_CPU;
    info.parallelism = threads;
    info.memory_bytes = memory_bytes();
    info.l2_cache_bytes = l2_cache_bytes();
    std::snprintf(info.name, sizeof info.name, "cpu");
    std::snprintf(info.target, sizeof info.target, "%s", name_of(target));
    std::snprintf(info.model, sizeof info.model, "%s", processor_model().c_str());
    std::snprintf(
        info.reason, sizeof info.reason, "%s is %s; %d %s, %s", name_of(target),
        options.target.empty() ? "the best instruction set this processor has" : "the instruction set asked for",
        threads, threads == 1 ? "thread" : "threads",
        options.thread_count > 0 ? "as asked for" : "as many as the process may use");
    return info;
  }
};

}  // namespace
}  // namespace cpu

Backend& cpu_backend() {
  static cpu::CpuBackend backend;
  return backend;
}

}  // namespace ki
