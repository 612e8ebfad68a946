#include "support/virtual_gpu.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <optional>

#include "vgpu.h"

namespace ki::test {
namespace {

constexpr char kDriver[] = "KERNELS_INTEROP_CUDA_DRIVER";

/// The functions of vgpu.h, if the library is loaded.
struct VirtualGpu {
  decltype(&vgpu_finding_count) finding_count;
  decltype(&vgpu_finding_text) finding_text;
  decltype(&vgpu_finding_kind) finding_kind;
  decltype(&vgpu_clear_findings) clear_findings;
  decltype(&vgpu_set) set;
};

std::optional<VirtualGpu> virtual_gpu() {
  const char* file = std::getenv(kDriver);
  void* library = file == nullptr ? nullptr : dlopen(file, RTLD_NOW | RTLD_NOLOAD);
  if (library == nullptr) return std::nullopt;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, name));
    return function != nullptr;
  };
  VirtualGpu gpu{};
  const bool is_virtual = find(gpu.finding_count, "vgpu_finding_count") &&
                          find(gpu.finding_text, "vgpu_finding_text") && find(gpu.finding_kind, "vgpu_finding_kind") &&
                          find(gpu.clear_findings, "vgpu_clear_findings") && find(gpu.set, "vgpu_set");
  dlclose(library);  // the product keeps it open
  if (!is_virtual) return std::nullopt;
  return gpu;
}

/// FNV-1a: the same choice on every machine.
std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return hash ^ hash >> 29;
}

std::string date() {
  std::array<char, 16> text{};
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::strftime(text.data(), text.size(), "%F", &utc);
  return text.data();
}

/// A setting of the virtual GPU: the environment's if that has one, else a choice for each test.
struct Setting {
  std::string name;      ///< for vgpu_set
  std::string variable;  ///< of the environment
  bool is_given;
  std::string value;

  Setting(const char* setting, const char* variable_name) : name(setting), variable(variable_name) {
    const char* given = std::getenv(variable_name);
    is_given = given != nullptr;
    if (is_given) value = given;
  }

  void choose(const std::string& choice) {
    if (!is_given) value = choice;
    setenv(variable.c_str(), value.c_str(), 1);  // for a library that is yet to be loaded
    if (const auto gpu = virtual_gpu(); gpu && gpu->set(name.c_str(), value.c_str()) != 0) {
      ADD_FAILURE() << "the virtual GPU knows no " << variable << "=" << value;
    }
  }
};

class VirtualGpuListener final : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo& test) override {
    const std::uint64_t hash = hash_of(std::string(test.test_suite_name()) + "." + test.name() + date());
    schedule_.choose(std::array{"forward", "reverse", "random"}[hash % 3]);
    seed_.choose(std::to_string(hash / 3 % 1'000'000));
    rounding_.choose(std::array{"exact", "ampere"}[hash / 3'000'000 % 2]);
  }

  void OnTestEnd(const testing::TestInfo& test) override {
    const auto gpu = virtual_gpu();
    if (!gpu) return;
    for (int i = 0; i < gpu->finding_count(); ++i) {
      ADD_FAILURE() << "the virtual GPU found: " << gpu->finding_kind(i) << "\n" << gpu->finding_text(i);
    }
    gpu->clear_findings();
    if (!test.result()->Failed()) return;
    std::cout << "To repeat this:";
    for (const Setting* setting : {&schedule_, &seed_, &rounding_}) {
      std::cout << " " << setting->variable << "=" << setting->value;
    }
    std::cout << " " << testing::internal::GetArgvs().front() << " --gtest_filter=" << test.test_suite_name() << "."
              << test.name() << std::endl;
  }

  Setting schedule_{"schedule", "VGPU_SCHEDULE"};
  Setting seed_{"seed", "VGPU_SEED"};
  Setting rounding_{"rounding", "VGPU_ROUNDING"};
};

/// Before anything looks for a driver. A listener that comes after the printer hears of a test's end before it does.
const bool prepared = [] {
#if defined(KI_VIRTUAL_DRIVER)
  setenv(kDriver, KI_VIRTUAL_DRIVER, 0);
  setenv("VGPU_SOURCES", KI_PTX_SOURCES, 0);
#endif
  testing::UnitTest::GetInstance()->listeners().Append(new VirtualGpuListener);
  return true;
}();

}  // namespace

void choose_schedule(const char* schedule) {
  if (const auto gpu = virtual_gpu(); gpu && gpu->set("schedule", schedule) != 0) {
    ADD_FAILURE() << "the virtual GPU knows no schedule " << schedule;
  }
}

std::vector<std::string> take_findings() {
  std::vector<std::string> kinds;
  if (const auto gpu = virtual_gpu()) {
    for (int i = 0; i < gpu->finding_count(); ++i) kinds.emplace_back(gpu->finding_kind(i));
    gpu->clear_findings();
  }
  return kinds;
}

}  // namespace ki::test
