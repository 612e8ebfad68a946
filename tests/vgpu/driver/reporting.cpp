// Answers of functions that do nothing: see reporting.h.
#include "driver/reporting.h"

#include <cstdio>
#include <set>
#include <string>

#include "driver/driver.h"

namespace vgpu::driver {

int legacy_symbol_called(const char* name, const char* mapped) noexcept {
  guarded([&] {
    Driver& driver = Driver::instance();
    if (driver.forked) return;
    const std::scoped_lock lock(driver.mutex);
    std::string text = std::string("the symbol ") + name + " was called, an old function with other types";
    if (mapped != nullptr) text += std::string("; cuda.h maps the name to ") + mapped;
    driver.findings.add(FindingKind::legacy_symbol, name, 0, 0, std::move(text));
    driver.show_new_findings();
  });
  return CUDA_ERROR_NOT_SUPPORTED;
}

int not_supported(const char* name) noexcept {
  guarded([&] {
    Driver& driver = Driver::instance();
    if (driver.forked) return;
    const std::scoped_lock lock(driver.mutex);
    if (driver.unsupported_calls.insert(name).second)
      std::fprintf(stderr, "vgpu: %s is not supported by the virtual GPU\n", name);
  });
  return CUDA_ERROR_NOT_SUPPORTED;
}

}  // namespace vgpu::driver
