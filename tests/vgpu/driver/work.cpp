// Carrying out of work: see work.h.
#include "driver/work.h"

#include <cstring>
#include <string>

#include "driver/driver.h"
#include "driver/modules.h"

namespace vgpu::driver {

namespace {

CUresult result_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::done: return CUDA_SUCCESS;
    case Outcome::illegal_address: return CUDA_ERROR_ILLEGAL_ADDRESS;
    case Outcome::misaligned_address: return CUDA_ERROR_MISALIGNED_ADDRESS;
    case Outcome::illegal_instruction: return CUDA_ERROR_ILLEGAL_INSTRUCTION;
    case Outcome::launch_failure: return CUDA_ERROR_LAUNCH_FAILED;
    case Outcome::timeout: return CUDA_ERROR_LAUNCH_TIMEOUT;
    case Outcome::assertion: return CUDA_ERROR_ASSERT;
  }
  return CUDA_ERROR_UNKNOWN;
}

CUresult run(Driver& driver, const EmptyWork&) {
  static_cast<void>(driver);
  return CUDA_SUCCESS;
}

CUresult run(Driver& driver, const KernelWork& work) {
  Launch launch;
  launch.program = work.function->module->program.get();
  launch.kernel = work.function->index;
  launch.grid = work.grid;
  launch.block = work.block;
  launch.dynamic_shared_bytes = work.dynamic_shared_bytes;
  launch.parameters = work.parameters;
  Counters counters;
  counters.kernel = work.function->name;
  const Outcome outcome =
      execute(launch, work.settings, *driver.memory, driver.findings, work.settings.counters ? &counters : nullptr);
  if (work.settings.counters) {
    const std::scoped_lock lock(driver.mutex);
    driver.counters.push_back(std::move(counters));
  }
  return result_of(outcome);
}

// Memory was there when the work was issued and is gone now.
CUresult report_gone(Driver& driver, const char* what, std::uint64_t address, std::uint64_t size_bytes) {
  const AddressFault fault = driver.memory->explain(address, size_bytes);
  const FindingKind kind =
      fault.kind == AddressFault::Kind::use_after_free ? FindingKind::use_after_free : FindingKind::out_of_bounds;
  driver.findings.add(kind, what, 0, 0, std::string(what) + " uses memory that is gone: " + fault.text);
  return CUDA_ERROR_ILLEGAL_ADDRESS;
}

CUresult run(Driver& driver, const CopyWork& work) {
  DeviceMemory& memory = *driver.memory;
  const auto find = [&](const Place& place) {
    if (place.host) return reinterpret_cast<std::byte*>(place.address);
    return memory.resolve(place.address, extent(work, place));
  };
  const std::byte* from = work.staged ? work.staged->data() : find(work.from);
  if (from == nullptr) return report_gone(driver, "a copy", work.from.address, extent(work, work.from));
  std::byte* const to = find(work.to);
  if (to == nullptr) return report_gone(driver, "a copy", work.to.address, extent(work, work.to));
  const bool from_host = work.staged || work.from.host;
  for (std::size_t z = 0; z < work.depth; ++z) {
    for (std::size_t y = 0; y < work.height; ++y) {
      const std::size_t to_offset = z * work.to.slice_pitch + y * work.to.row_pitch;
      const std::size_t from_offset = z * work.from.slice_pitch + y * work.from.row_pitch;
      std::memmove(to + to_offset, from + from_offset, work.width);
      if (work.to.host) continue;
      if (from_host)
        memory.set_initialised(work.to.address + to_offset, work.width);
      else
        memory.copy_initialised(work.to.address + to_offset, work.from.address + from_offset, work.width);
    }
  }
  return CUDA_SUCCESS;
}

CUresult run(Driver& driver, const FillWork& work) {
  std::byte* const to = driver.memory->resolve(work.address, extent(work));
  if (to == nullptr) return report_gone(driver, "a fill", work.address, extent(work));
  const std::size_t row_bytes = work.width * work.element_bytes;
  for (std::size_t y = 0; y < work.height; ++y) {
    std::byte* const row = to + y * work.pitch;
    for (std::size_t x = 0; x < row_bytes; x += work.element_bytes)
      std::memcpy(row + x, &work.value, work.element_bytes);
    driver.memory->set_initialised(work.address + y * work.pitch, row_bytes);
  }
  return CUDA_SUCCESS;
}

CUresult run(Driver& driver, const HostWork& work) {
  static_cast<void>(driver);
  const HostFunctionScope scope;
  work.function(work.data);
  return CUDA_SUCCESS;
}

CUresult run(Driver& driver, const FreeWork&) {  // the scheduler's, which holds the mutex
  static_cast<void>(driver);
  return CUDA_SUCCESS;
}

}  // namespace

std::uint64_t extent(const CopyWork& copy, const Place& place) {
  return (copy.depth - 1) * place.slice_pitch + (copy.height - 1) * place.row_pitch + copy.width;
}

std::uint64_t extent(const FillWork& fill) { return (fill.height - 1) * fill.pitch + fill.width * fill.element_bytes; }

CUresult carry_out(Driver& driver, const Work& work) {
  try {
    return std::visit([&](const auto& kind) { return run(driver, kind); }, work);
  } catch (const std::exception& error) {
    driver.findings.add(FindingKind::internal, "", 0, 0, std::string("the virtual GPU failed: ") + error.what());
    return CUDA_ERROR_LAUNCH_FAILED;
  }
}

}  // namespace vgpu::driver
