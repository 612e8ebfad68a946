// Copies and fills behind the calls: see copies.h.
#include "driver/copies.h"

#include <cstring>

#include "driver/capture.h"

namespace vgpu::driver {

namespace {

bool is_empty(const CopyWork& work) { return work.width == 0 || work.height == 0 || work.depth == 0; }

// Host memory that was not allocated for the device or registered, at least in part.
bool is_pageable(Driver& driver, const CopyWork& work, const Place& place) {
  if (!place.host) return false;
  const auto found = driver.find_allocation(place.address);
  if (found == driver.allocations.end()) return true;
  return place.address + extent(work, place) > found->first + found->second.size_bytes;
}

void check_side(Driver& driver, const CopyWork& work, const Place& place) {
  require(place.row_pitch >= work.width || work.height == 1);
  if (!place.host) {
    require(driver.memory->resolve(place.address, extent(work, place)) != nullptr);
  } else {
    // A device's address that is declared to be the host's could not be followed.
    require(place.address != 0 && place.address < kGlobalBase);
  }
}

template <typename Descriptor>
Place place_of(Driver& driver, CUmemorytype type, const void* host, CUdeviceptr device, const Descriptor& offset) {
  Place place;
  switch (type) {
    case CU_MEMORYTYPE_HOST: place = host_place(host); break;
    case CU_MEMORYTYPE_DEVICE: place = device_place(device); break;
    case CU_MEMORYTYPE_UNIFIED: place = unified_place(driver, device); break;
    case CU_MEMORYTYPE_ARRAY: fail(CUDA_ERROR_NOT_SUPPORTED);
    default: fail(CUDA_ERROR_INVALID_VALUE);
  }
  offset(place);
  return place;
}

}  // namespace

Place host_place(const void* address) {
  Place place;
  place.address = reinterpret_cast<std::uint64_t>(address);
  place.host = true;
  return place;
}

Place device_place(std::uint64_t address) {
  Place place;
  place.address = address;
  return place;
}

Place unified_place(Driver& driver, std::uint64_t address) {
  const auto found = driver.memory->find(address);
  if (found.has_value() && !found->pinned) return device_place(address);
  if (address >= kGlobalBase) return device_place(address);  // where check() refuses it
  return host_place(reinterpret_cast<const void*>(address));
}

CopyWork linear(Place to, Place from, std::size_t bytes) {
  CopyWork work;
  work.to = to;
  work.from = from;
  work.width = bytes;
  return work;
}

CopyWork from_descriptor(Driver& driver, const CUDA_MEMCPY2D& d) {
  CopyWork work;
  work.width = d.WidthInBytes;
  work.height = d.Height;
  const auto side = [&](CUmemorytype type, const void* host, CUdeviceptr device, std::size_t x, std::size_t y,
                        std::size_t pitch) {
    return place_of(driver, type, host, device, [&](Place& place) {
      place.row_pitch = pitch == 0 ? work.width : pitch;
      require(place.address != 0 && place.row_pitch >= work.width);
      place.address += y * place.row_pitch + x;
    });
  };
  if (is_empty(work)) return work;
  work.from = side(d.srcMemoryType, d.srcHost, d.srcDevice, d.srcXInBytes, d.srcY, d.srcPitch);
  work.to = side(d.dstMemoryType, d.dstHost, d.dstDevice, d.dstXInBytes, d.dstY, d.dstPitch);
  return work;
}

CopyWork from_descriptor(Driver& driver, const CUDA_MEMCPY3D& d) {
  CopyWork work;
  work.width = d.WidthInBytes;
  work.height = d.Height;
  work.depth = d.Depth;
  require(d.srcLOD == 0 && d.dstLOD == 0);
  const auto side = [&](CUmemorytype type, const void* host, CUdeviceptr device, std::size_t x, std::size_t y,
                        std::size_t z, std::size_t pitch, std::size_t height) {
    return place_of(driver, type, host, device, [&](Place& place) {
      place.row_pitch = pitch == 0 ? work.width : pitch;
      place.slice_pitch = place.row_pitch * (height == 0 ? work.height : height);
      require(place.address != 0 && place.row_pitch >= work.width);
      require(work.depth == 1 || place.slice_pitch >= place.row_pitch * work.height);
      place.address += z * place.slice_pitch + y * place.row_pitch + x;
    });
  };
  if (is_empty(work)) return work;
  work.from = side(d.srcMemoryType, d.srcHost, d.srcDevice, d.srcXInBytes, d.srcY, d.srcZ, d.srcPitch, d.srcHeight);
  work.to = side(d.dstMemoryType, d.dstHost, d.dstDevice, d.dstXInBytes, d.dstY, d.dstZ, d.dstPitch, d.dstHeight);
  return work;
}

void check(Driver& driver, const CopyWork& work) {
  if (is_empty(work)) return;
  check_side(driver, work, work.from);
  check_side(driver, work, work.to);
}

void check(Driver& driver, const FillWork& work) {
  if (work.width == 0 || work.height == 0) return;
  require(work.height == 1 || work.pitch >= work.width * work.element_bytes);
  require(work.address % work.element_bytes == 0 && work.pitch % work.element_bytes == 0);
  require(driver.memory->resolve(work.address, extent(work)) != nullptr);
}

void copy(Call& call, CUstream handle, CopyWork work, Wait wait) {
  Driver& driver = call.driver;
  const auto stream = driver.stream(handle);
  check(driver, work);
  if (is_empty(work)) return;
  if (stream->capture) {
    driver.submit(*stream, std::move(work));  // a captured copy reads its source whenever the graph is launched
    return;
  }
  if (wait == Wait::none && is_pageable(driver, work, work.to)) wait = Wait::host;
  if (wait == Wait::none && is_pageable(driver, work, work.from)) {
    const std::size_t size = extent(work, work.from);
    auto bytes = std::make_shared<std::vector<std::byte>>(size);
    std::memcpy(bytes->data(), reinterpret_cast<const void*>(work.from.address), size);
    work.staged = std::move(bytes);
  }
  driver.submit(*stream, std::move(work));
  if (wait == Wait::host) driver.synchronise(call, *stream);
}

void copy_now(Call& call, CopyWork work, CUstream stream) {
  if (is_empty(work)) return;
  forbid_unsafe(call.driver);
  const bool stays_on_device = !work.to.host && !work.from.host;
  copy(call, stream, std::move(work), stays_on_device ? Wait::none : Wait::host);
}

void fill(Call& call, CUstream handle, const FillWork& work) {
  const auto stream = call.driver.stream(handle);
  check(call.driver, work);
  if (work.width == 0 || work.height == 0) return;
  call.driver.submit(*stream, work);
}

}  // namespace vgpu::driver
