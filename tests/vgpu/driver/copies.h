// Rules that all copies and fills share, whatever call they came by.
#pragma once

#include <cstdint>

#include "driver/driver.h"

namespace vgpu::driver {

enum class Wait { none, host };  // whether the call returns only when the copy is done

// Which memory an address of unified addressing belongs to.
Place unified_place(Driver& driver, std::uint64_t address);
Place host_place(const void* address);
Place device_place(std::uint64_t address);

// Bytes in a row.
CopyWork linear(Place to, Place from, std::size_t bytes);
// Fails with INVALID_VALUE, or NOT_SUPPORTED for arrays.
CopyWork from_descriptor(Driver& driver, const CUDA_MEMCPY2D& descriptor);
CopyWork from_descriptor(Driver& driver, const CUDA_MEMCPY3D& descriptor);

// Fails with INVALID_VALUE unless all bytes lie in one allocation on each side that is the device's.
void check(Driver& driver, const CopyWork& work);
void check(Driver& driver, const FillWork& work);

// Queues or captures it. Pageable memory makes an asynchronous copy read its source at once, or wait for the end.
void copy(Call& call, CUstream stream, CopyWork work, Wait wait);
// A synchronous call: through the legacy stream (or the one given), waiting unless both sides are on the device.
void copy_now(Call& call, CopyWork work, CUstream stream = nullptr);
void fill(Call& call, CUstream stream, const FillWork& work);

}  // namespace vgpu::driver
