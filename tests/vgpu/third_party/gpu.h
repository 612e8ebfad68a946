// A virtual GPU with one module, for tests that launch its kernels and expect no finding.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <ostream>
#include <string>
#include <type_traits>
#include <vector>

#include "machine/launch.h"

namespace vgpu::third_party {

// An array in device memory; its address is what kernels get.
template <class T>
struct Array {
  std::uint64_t address = 0;
  std::size_t count = 0;
};

class Gpu {
 public:
  // `module` names a file that the build made: `cub_block` is cub_block.ptx.
  Gpu(const std::string& module, const Settings& settings);
  // Fails the test for every finding that was not expected.
  ~Gpu();
  Gpu(const Gpu&) = delete;
  Gpu& operator=(const Gpu&) = delete;

  template <class T>
  Array<T> upload(const std::vector<T>& values) {
    const Array<T> array = allocate<T>(values.size());
    write(array.address, values.data(), values.size() * sizeof(T));
    return array;
  }

  // Nobody has written it: kernels that read it are told off.
  template <class T>
  Array<T> allocate(std::size_t count) {
    return {allocate_bytes(count * sizeof(T)), count};
  }

  // Fails the test if a byte of it was never written.
  template <class T>
  std::vector<T> download(const Array<T>& array) {
    std::vector<T> values(array.count);
    read(values.data(), array.address, array.count * sizeof(T));
    return values;
  }

  // Fails the test unless the kernel ends well and nothing was found. Blocks and grids are lines.
  template <class... Arguments>
  void launch(const std::string& kernel, std::uint32_t blocks, std::uint32_t threads, const Arguments&... arguments) {
    begin(kernel);
    (push(arguments), ...);
    run({blocks}, threads, 0);
  }

  // The same with a grid of two dimensions, dynamic shared memory and the parameters as bytes.
  void launch_packed(const std::string& kernel, Dim3 grid, std::uint32_t threads, std::uint32_t shared_bytes,
                     std::vector<std::byte> parameters);

  // The full name of the kernel whose name contains this text.
  std::string kernel_with(const std::string& text) const;

  // From now on findings of this kind at this source are right, and there must be one.
  void expect(FindingKind kind, const std::string& source) {
    expected_kind_ = kind;
    expected_source_ = source;
  }

  Counters counters;  // of the last launch

 private:
  template <class T>
  void push(const Array<T>& array) {
    push(array.address);
  }
  template <class T>
  requires std::is_arithmetic_v<T>
  void push(const T& value) { push_bytes(&value, sizeof value); }
  void begin(const std::string& kernel);
  void push_bytes(const void* bytes, std::size_t size);
  void run(Dim3 grid, std::uint32_t threads, std::uint32_t shared_bytes);
  std::uint64_t allocate_bytes(std::size_t size);
  void write(std::uint64_t address, const void* bytes, std::size_t size);
  void read(void* bytes, std::uint64_t address, std::size_t size);

  DeviceMemory memory_;
  Findings findings_;
  Settings settings_;
  std::string text_;
  std::unique_ptr<Program> program_;
  std::string kernel_name_;
  int kernel_ = -1;
  std::size_t pushed_ = 0;
  std::vector<std::byte> parameters_;
  FindingKind expected_kind_ = FindingKind::internal;
  std::string expected_source_;
};

// Every order in which warps and blocks may run.
std::vector<Settings> every_schedule();
// Every schedule with every rounding of tensor instructions.
std::vector<Settings> every_schedule_and_rounding();
std::string name_of(const testing::TestParamInfo<Settings>& settings);

}  // namespace vgpu::third_party

namespace vgpu {
void PrintTo(const Settings& settings, std::ostream* out);  // for GoogleTest
}  // namespace vgpu
