// Numbers of the virtual device: those of an sm_80 data-centre GPU, except where the stand-in lacks the feature.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "driver/api.h"

namespace vgpu::driver {

inline constexpr char kDeviceName[] = "Virtual GPU";
inline constexpr int kMultiprocessors = 108;
inline constexpr int kWarpSize = 32;
inline constexpr int kMaxThreadsPerBlock = 1024;
inline constexpr int kMaxBlockDim[3] = {1024, 1024, 64};
inline constexpr std::uint32_t kMaxGridDim[3] = {0x7FFF'FFFF, 65535, 65535};
inline constexpr int kMaxThreadsPerMultiprocessor = 2048;
inline constexpr int kMaxBlocksPerMultiprocessor = 32;
inline constexpr int kRegistersPerMultiprocessor = 65536;
inline constexpr std::uint32_t kSharedPerBlock = 48 << 10;  // without asking for more
inline constexpr std::uint32_t kSharedPerBlockOptIn = 163 << 10;
inline constexpr std::uint32_t kSharedPerMultiprocessor = 164 << 10;
inline constexpr std::uint32_t kSharedReservedPerBlock = 1 << 10;
inline constexpr std::size_t kPitchAlignment = 512;

std::optional<int> device_attribute(CUdevice_attribute attribute, int ordinal);

}  // namespace vgpu::driver
