// What a stream can be asked to do. The same values are queued for the GPU and kept as the nodes of a graph.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "driver/api.h"
#include "machine/launch.h"

namespace vgpu::driver {

struct Function;

struct KernelWork {
  std::shared_ptr<Function> function;
  Dim3 grid, block;
  std::uint32_t dynamic_shared_bytes = 0;
  std::vector<std::byte> parameters;
  bool cooperative = false;
  Settings settings;
};

// One side of a copy: depth slices of height rows of width bytes.
struct Place {
  std::uint64_t address = 0;
  bool host = false;  // follow the address; otherwise it is looked up in the device's memory
  std::size_t row_pitch = 0, slice_pitch = 0;
};

struct CopyWork {
  Place to, from;
  std::size_t width = 0, height = 1, depth = 1;
  // Pageable memory is read when the copy is issued, as a driver does through its staging buffer.
  std::shared_ptr<const std::vector<std::byte>> staged;
};

struct FillWork {
  std::uint64_t address = 0;
  std::size_t pitch = 0, width = 0, height = 1;  // width in elements
  std::uint32_t value = 0, element_bytes = 1;
};

struct HostWork {
  CUhostFn function = nullptr;
  CUstreamCallback callback = nullptr;  // instead of `function`: cuStreamAddCallback, told of errors
  CUstream stream = nullptr;
  void* data = nullptr;
};

struct FreeWork {  // cuMemFreeAsync
  std::uint64_t address = 0;
};

struct EmptyWork {};  // an event, or a join

using Work = std::variant<EmptyWork, KernelWork, CopyWork, FillWork, HostWork, FreeWork>;

// Bytes from the first to behind the last of one side of a copy.
std::uint64_t extent(const CopyWork& copy, const Place& place);
std::uint64_t extent(const FillWork& fill);

class Driver;

// Carries it out on the calling thread, with settings as they were when it was issued. The driver's mutex is not held.
CUresult carry_out(Driver& driver, const Work& work);

}  // namespace vgpu::driver
