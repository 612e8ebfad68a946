// The CUDA devices there are, described and opened.
#include <array>
#include <cstdio>

#include "cuda/cuda_device.h"
#include "cuda/modules.h"

namespace ki {
namespace cuda {
namespace {

// The kernels are compiled for this one and, as PTX, for every newer one.
constexpr int kOldestMajor = 8;

int attribute(DeviceHandle device, DeviceAttribute which) {
  int value = 0;
  check(driver().cuDeviceGetAttribute(&value, which, device), "cuDeviceGetAttribute");
  return value;
}

int driver_device_count() {
  int count = 0;
  check(driver().cuDeviceGetCount(&count), "cuDeviceGetCount");
  return count;
}

struct Described {
  DeviceHandle handle = 0;
  ki_device_info info{};
  std::string unusable;  // why it cannot be opened; empty if it can
};

Described describe_device(int ordinal) {
  Described described;
  check(driver().cuDeviceGet(&described.handle, ordinal), "cuDeviceGet");
  const DeviceHandle handle = described.handle;
  ki_device_info& info = described.info;
  info.struct_size = sizeof info;
  info.kind = KI_DEVICE_KIND_CUDA;
  info.ordinal = ordinal;
  info.parallelism = attribute(handle, kMultiprocessorCount);
  info.l2_cache_bytes = static_cast<std::uint64_t>(attribute(handle, kL2CacheSize));
  std::size_t memory_bytes = 0;
  check(driver().cuDeviceTotalMem(&memory_bytes, handle), "cuDeviceTotalMem");
  info.memory_bytes = memory_bytes;
  check(driver().cuDeviceGetName(info.model, sizeof info.model, handle), "cuDeviceGetName");
  const int major = attribute(handle, kComputeCapabilityMajor), minor = attribute(handle, kComputeCapabilityMinor);
  std::snprintf(info.name, sizeof info.name, "cuda:%d", ordinal);
  std::snprintf(info.target, sizeof info.target, "sm_%d%d", major, minor);
  const ModulesFile& modules = modules_file();
  std::snprintf(info.reason, sizeof info.reason, "%s; %s", modules.detail.c_str(), find_driver().detail.c_str());
  if (major < kOldestMajor) {
    described.unusable = concat(info.model, " has compute capability ", major, ".", minor, ", and ", kOldestMajor,
                                ".0 or newer is needed");
  }
  return described;
}

// The devices that can be opened; none if there is no driver to ask.
std::vector<Described> usable_devices() {
  std::vector<Described> usable;
  if (in_forked_child() || find_driver().status != KI_STATUS_OK) return usable;
  for (int ordinal = 0; ordinal < driver_device_count(); ++ordinal) {
    Described described = describe_device(ordinal);
    if (described.unusable.empty()) usable.push_back(described);
  }
  return usable;
}

class CudaBackend final : public Backend {
 public:
  ki_device_kind kind() const override { return KI_DEVICE_KIND_CUDA; }
  int device_count() override { return static_cast<int>(usable_devices().size()); }
  ki_device_info describe(int index) override { return usable_devices().at(static_cast<std::size_t>(index)).info; }

  std::shared_ptr<Device> open(int ordinal, const DeviceOptions& options) override {
    try {
      const int count = driver_device_count();
      if (ordinal >= count) {
        throw Error(KI_STATUS_DEVICE_NOT_FOUND, "",
                    concat("the driver knows ", count, count == 1 ? " device" : " devices", ", counted from 0"));
      }
      const Described described = describe_device(ordinal);
      if (!described.unusable.empty()) throw Error(KI_STATUS_NOT_SUPPORTED, "", described.unusable);
      if (!options.target.empty() && options.target != described.info.target) {
        refuse("options.target", "'", options.target, "' is not what cuda:", ordinal, " runs, which is ",
               described.info.target);
      }
      return std::make_shared<CudaDevice>(described.handle, described.info);
    } catch (const Error& error) {
      if (!error.argument().empty()) throw;
      throw Error(error.status(), "name", concat("name: cuda:", ordinal, " cannot be opened: ", error.what()));
    }
  }

  std::vector<ProbeEntry> probe() override {
    std::vector<ProbeEntry> tried;
    try {
      tried.push_back({find_driver().status, find_driver().file, find_driver().detail});
      driver();
      const int count = driver_device_count();
      if (count == 0) tried.push_back({KI_STATUS_DEVICE_NOT_FOUND, "cuda:0", "the driver knows no device"});
      for (int ordinal = 0; ordinal < count; ++ordinal) tried.push_back(probe_device(ordinal));
    } catch (const Error& error) {
      if (tried.back().status == KI_STATUS_OK) tried.push_back({error.status(), "cuda", error.what()});
    }
    tried.push_back({modules_file().status, modules_file().file, modules_file().detail});
    return tried;
  }

  std::string why_not_auto() override {
    try {
      driver();
      if (driver_device_count() == 0) return "the driver knows no device";
      const Described first = describe_device(0);
      if (!first.unusable.empty()) return first.unusable;
    } catch (const Error& error) {
      return error.what();
    }
    if (modules_file().status != KI_STATUS_OK) return modules_file().detail;
    return "";
  }

 private:
  static ProbeEntry probe_device(int ordinal) {
    const Described described = describe_device(ordinal);
    const ki_device_info& info = described.info;
    if (!described.unusable.empty()) return {KI_STATUS_NOT_SUPPORTED, info.name, described.unusable};
    return {KI_STATUS_OK, info.name,
            concat("usable: ", info.model, ", ", info.target, ", ", info.parallelism, " multiprocessors, ",
                   info.memory_bytes >> 20, " MiB")};
  }
};

}  // namespace
}  // namespace cuda

Backend& cuda_backend() {
  static cuda::CudaBackend backend;
  return backend;
}

}  // namespace ki
