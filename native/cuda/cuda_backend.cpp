// There is no CUDA backend in this library yet. This says so, and says what a search for the driver finds.
#include <dlfcn.h>

#include "core/backend.h"

namespace ki {
namespace {

constexpr char kNoBackend[] = "this build has no CUDA backend";

class AbsentCudaBackend final : public Backend {
 public:
  ki_device_kind kind() const override { return KI_DEVICE_KIND_CUDA; }
  int device_count() override { return 0; }
  ki_device_info describe(int) override { not_supported("index", kNoBackend); }
  std::shared_ptr<Device> open(int ordinal, const DeviceOptions&) override {
    not_supported("name", "cuda:", ordinal, " cannot be opened: ", kNoBackend);
  }

  std::vector<ProbeEntry> probe() override {
    std::vector<ProbeEntry> tried;
    for (const char* driver : {"libcuda.so.1", "libcuda.so"}) tried.push_back(look_for(driver));
    tried.push_back({KI_STATUS_NOT_SUPPORTED, "cuda", kNoBackend});
    return tried;
  }

 private:
  // The driver is loaded to see that it can be, and let go.
  static ProbeEntry look_for(const char* driver) {
    void* library = dlopen(driver, RTLD_LAZY | RTLD_LOCAL);
    if (library == nullptr) return {KI_STATUS_DEVICE_NOT_FOUND, driver, dlerror()};
    dlclose(library);
    return {KI_STATUS_NOT_SUPPORTED, driver, concat("found, but ", kNoBackend)};
  }
};

}  // namespace

Backend& cuda_backend() {
  static AbsentCudaBackend backend;
  return backend;
}

}  // namespace ki
