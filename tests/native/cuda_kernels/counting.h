#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "support/handles.h"
#include "vgpu.h"

namespace ki::test {

/// The counters of the launches during its life.
class Counting {
 public:
  explicit Counting(void* library)
      : set_(find<decltype(&vgpu_set)>(library, "vgpu_set")),
        clear_(find<decltype(&vgpu_clear_counters)>(library, "vgpu_clear_counters")),
        json_(find<decltype(&vgpu_counters_json)>(library, "vgpu_counters_json")) {
    clear_();
    set_("counters", "1");
  }
  ~Counting() {
    set_("counters", "0");
    clear_();
  }

  std::string json() const { return json_(); }

 private:
  template <class Function>
  static Function find(void* library, const char* name) {
    return reinterpret_cast<Function>(dlsym(library, name));
  }

  decltype(&vgpu_set) set_;
  decltype(&vgpu_clear_counters) clear_;
  decltype(&vgpu_counters_json) json_;
};

/// The number behind `name` in a text of JSON, after the place where `section` and then `object` begin.
inline std::int64_t number(const std::string& json, const std::string& section, const std::string& object,
                           const std::string& name) {
  std::size_t at = 0;
  for (const std::string& key : {section, object, name}) {
    if (key.empty()) continue;
    at = json.find('"' + key + "\": ", at);
    if (at == std::string::npos) {
      ADD_FAILURE() << "no " << section << " " << object << " " << name << " in " << json;
      return -1;
    }
    at += key.size() + 4;
  }
  return std::stoll(json.substr(at));
}

/// Instructions of all kinds.
inline std::int64_t instructions(const std::string& json) {
  const std::string begin = "\"instructions\": {";
  std::size_t at = json.find(begin);
  if (at == std::string::npos) return -1;
  std::int64_t sum = 0;
  const std::size_t end = json.find('}', at);
  for (at = json.find("\": ", at + begin.size()); at < end; at = json.find("\": ", at + 1))
    sum += std::stoll(json.substr(at + 3));
  return sum;
}

/// A test that counts what the virtual GPU does; skipped where there is none. Base: testing::Test, or what derives from it.
template <class Base>
class CountingTest : public Base {
 protected:
  void SetUp() override {
    const char* driver = std::getenv("KERNELS_INTEROP_CUDA_DRIVER");
    std::int32_t devices = 0;
    check(ki_device_count(&devices));  // loads the driver
    library_ = driver == nullptr ? nullptr : dlopen(driver, RTLD_NOW | RTLD_NOLOAD);
    if (library_ == nullptr || dlsym(library_, "vgpu_counters_json") == nullptr) {
      GTEST_SKIP() << "there is no virtual GPU to count";
    }
  }
  void TearDown() override {
    if (library_ != nullptr) dlclose(library_);
  }

  template <class F>
  std::string count_during(F f) {
    const Counting counting(library_);
    f();
    return counting.json();
  }

 private:
  void* library_ = nullptr;
};

}  // namespace ki::test
