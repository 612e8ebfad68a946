// Launches behind the calls: see launches.h.
#include "driver/launches.h"

#include <algorithm>
#include <cstring>

#include "driver/device_attributes.h"

namespace vgpu::driver {

namespace {

void check(const Function& function, const Geometry& geometry) {
  const auto& [grid, block, dynamic_shared] = geometry;
  const std::uint32_t grid_dim[] = {grid.x, grid.y, grid.z};
  const std::uint32_t block_dim[] = {block.x, block.y, block.z};
  for (int i = 0; i < 3; ++i) {
    require(grid_dim[i] >= 1 && grid_dim[i] <= kMaxGridDim[i]);
    require(block_dim[i] >= 1 && block_dim[i] <= static_cast<std::uint32_t>(kMaxBlockDim[i]));
  }
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  require(threads <= std::min<std::uint64_t>(kMaxThreadsPerBlock, facts(function).max_threads));
  require(dynamic_shared <= function.dynamic_shared_limit);
}

// CU_LAUNCH_PARAM_BUFFER_POINTER and _SIZE in a list that ends with CU_LAUNCH_PARAM_END.
std::vector<std::byte> from_buffer(void** extra, std::size_t expected) {
  const void* buffer = nullptr;
  std::size_t size = 0;
  for (; *extra != CU_LAUNCH_PARAM_END; extra += 2) {
    if (*extra == CU_LAUNCH_PARAM_BUFFER_POINTER) {
      buffer = extra[1];
    } else if (*extra == CU_LAUNCH_PARAM_BUFFER_SIZE) {
      require(extra[1] != nullptr);
      size = *static_cast<const std::size_t*>(extra[1]);
    } else {
      fail(CUDA_ERROR_INVALID_VALUE);
    }
  }
  require(size >= expected && (size == 0 || buffer != nullptr));
  std::vector<std::byte> bytes(expected);
  if (expected > 0) std::memcpy(bytes.data(), buffer, expected);
  return bytes;
}

std::vector<std::byte> from_pointers(void** params, const KernelFacts& kernel) {
  std::vector<std::byte> bytes(kernel.parameter_bytes);
  require(kernel.parameters.empty() || params != nullptr);
  for (std::size_t i = 0; i < kernel.parameters.size(); ++i) {
    require(params[i] != nullptr);
    std::memcpy(bytes.data() + kernel.parameters[i].offset, params[i], kernel.parameters[i].size_bytes);
  }
  return bytes;
}

}  // namespace

int blocks_per_multiprocessor(const Function& function, std::uint64_t threads, std::uint64_t dynamic_shared_bytes) {
  const KernelFacts& kernel = facts(function);
  if (threads > std::min<std::uint64_t>(kMaxThreadsPerBlock, kernel.max_threads)) return 0;
  const std::uint64_t shared = kernel.static_shared_bytes + dynamic_shared_bytes;
  if (shared > kSharedPerBlockOptIn) return 0;
  const std::uint64_t warps = (threads + kWarpSize - 1) / kWarpSize;
  std::uint64_t blocks =
      std::min<std::uint64_t>(kMaxBlocksPerMultiprocessor, kMaxThreadsPerMultiprocessor / kWarpSize / warps);
  blocks = std::min(blocks, kSharedPerMultiprocessor / (shared + kSharedReservedPerBlock));
  if (kernel.registers > 0) {
    // A warp gets registers in units of 256.
    const std::uint64_t per_warp = (std::uint64_t{kernel.registers} * kWarpSize + 255) / 256 * 256;
    blocks = std::min(blocks, kRegistersPerMultiprocessor / (per_warp * warps));
  }
  return static_cast<int>(blocks);
}

KernelWork make_launch(Driver& driver, const std::shared_ptr<Function>& function, const Geometry& geometry,
                       void** params, void** extra, bool cooperative) {
  check(*function, geometry);
  const KernelFacts& kernel = facts(*function);
  require(params == nullptr || extra == nullptr);
  const Dim3 &grid = geometry.grid, &block = geometry.block;
  if (cooperative) {
    const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
    const auto resident = static_cast<std::uint64_t>(
        kMultiprocessors * blocks_per_multiprocessor(*function, threads, geometry.dynamic_shared_bytes));
    require(std::uint64_t{grid.x} * grid.y <= resident && std::uint64_t{grid.x} * grid.y * grid.z <= resident,
            CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE);
  }
  KernelWork work;
  work.function = function;
  work.grid = grid;
  work.block = block;
  work.dynamic_shared_bytes = geometry.dynamic_shared_bytes;
  work.parameters = extra != nullptr ? from_buffer(extra, kernel.parameter_bytes) : from_pointers(params, kernel);
  work.cooperative = cooperative;
  work.settings = driver.configuration.settings;
  return work;
}

}  // namespace vgpu::driver
