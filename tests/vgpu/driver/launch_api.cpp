// Kernel launches and occupancy.
#include <algorithm>

#include "driver/device_attributes.h"
#include "driver/launches.h"

using namespace vgpu::driver;

namespace {

CUresult launch(CUfunction f, const Geometry& geometry, CUstream hStream, void** params, void** extra,
                bool cooperative) {
  return entry([&](Call& call) {
    Driver& driver = call.driver;
    const auto stream = driver.stream(hStream);
    const auto current = driver.healthy_context();
    const auto function = find_function(driver, f);
    // The kernel, the stream and the calling thread must mean the same context.
    require(function->module->context == stream->context && stream->context == current, CUDA_ERROR_INVALID_HANDLE);
    driver.submit(*stream, make_launch(driver, function, geometry, params, extra, cooperative));
  });
}

CUresult occupancy(int* numBlocks, CUfunction func, int blockSize, std::size_t dynamicSMemSize, unsigned flags) {
  return entry([&](Call& call) {
    require(blockSize > 0 && (flags & ~unsigned{CU_OCCUPANCY_DISABLE_CACHING_OVERRIDE}) == 0);
    out(numBlocks) = blocks_per_multiprocessor(*find_function(call.driver, func), static_cast<std::uint64_t>(blockSize),
                                               dynamicSMemSize);
  });
}

CUresult potential_block_size(int* minGridSize, int* blockSize, CUfunction func, CUoccupancyB2DSize shared_of,
                              std::size_t dynamicSMemSize, int blockSizeLimit, unsigned flags) {
  return entry([&](Call& call) {
    require((flags & ~unsigned{CU_OCCUPANCY_DISABLE_CACHING_OVERRIDE}) == 0 && blockSizeLimit >= 0);
    out(minGridSize);
    out(blockSize);
    const auto function = find_function(call.driver, func);
    int limit = std::min(kMaxThreadsPerBlock, static_cast<int>(facts(*function).max_threads));
    if (blockSizeLimit > 0) limit = std::min(limit, blockSizeLimit);
    // The largest block among those that keep most threads resident.
    int best_threads = 0, best_size = 0, best_blocks = 0;
    for (int size = limit; size > 0; size = (size - 1) / kWarpSize * kWarpSize) {
      const std::size_t shared = shared_of != nullptr ? shared_of(size) : dynamicSMemSize;
      const int blocks = blocks_per_multiprocessor(*function, static_cast<std::uint64_t>(size), shared);
      if (blocks * size <= best_threads) continue;
      best_threads = blocks * size;
      best_size = size;
      best_blocks = blocks;
    }
    *blockSize = best_size;
    *minGridSize = best_blocks * kMultiprocessors;
  });
}

}  // namespace

CUresult cuLaunchKernel(CUfunction f, unsigned int gridDimX, unsigned int gridDimY, unsigned int gridDimZ,
                        unsigned int blockDimX, unsigned int blockDimY, unsigned int blockDimZ,
                        unsigned int sharedMemBytes, CUstream hStream, void** kernelParams, void** extra) {
  const Geometry geometry{{gridDimX, gridDimY, gridDimZ}, {blockDimX, blockDimY, blockDimZ}, sharedMemBytes};
  return launch(f, geometry, hStream, kernelParams, extra, false);
}

CUresult cuLaunchCooperativeKernel(CUfunction f, unsigned int gridDimX, unsigned int gridDimY, unsigned int gridDimZ,
                                   unsigned int blockDimX, unsigned int blockDimY, unsigned int blockDimZ,
                                   unsigned int sharedMemBytes, CUstream hStream, void** kernelParams) {
  const Geometry geometry{{gridDimX, gridDimY, gridDimZ}, {blockDimX, blockDimY, blockDimZ}, sharedMemBytes};
  return launch(f, geometry, hStream, kernelParams, nullptr, true);
}

CUresult cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction f, void** kernelParams, void** extra) {
  if (config == nullptr || (config->numAttrs > 0 && config->attrs == nullptr)) return CUDA_ERROR_INVALID_VALUE;
  bool cooperative = false;
  for (unsigned i = 0; i < config->numAttrs; ++i) {
    const CUlaunchAttribute& attribute = config->attrs[i];
    switch (attribute.id) {
      case CU_LAUNCH_ATTRIBUTE_COOPERATIVE: cooperative = attribute.value.cooperative != 0; break;
      case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION: {
        const auto& cluster = attribute.value.clusterDim;
        if (cluster.x * cluster.y * cluster.z != 1) return CUDA_ERROR_NOT_SUPPORTED;  // sm_80 has none
        break;
      }
      // Hints, which change no result.
      case CU_LAUNCH_ATTRIBUTE_IGNORE:
      case CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW:
      case CU_LAUNCH_ATTRIBUTE_PRIORITY: break;
      default: return CUDA_ERROR_NOT_SUPPORTED;
    }
  }
  const Geometry geometry{{config->gridDimX, config->gridDimY, config->gridDimZ},
                          {config->blockDimX, config->blockDimY, config->blockDimZ},
                          config->sharedMemBytes};
  return launch(f, geometry, config->hStream, kernelParams, extra, cooperative);
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* numBlocks, CUfunction func, int blockSize,
                                                     size_t dynamicSMemSize) {
  return occupancy(numBlocks, func, blockSize, dynamicSMemSize, 0);
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* numBlocks, CUfunction func, int blockSize,
                                                              size_t dynamicSMemSize, unsigned int flags) {
  return occupancy(numBlocks, func, blockSize, dynamicSMemSize, flags);
}

CUresult cuOccupancyMaxPotentialBlockSize(int* minGridSize, int* blockSize, CUfunction func,
                                          CUoccupancyB2DSize blockSizeToDynamicSMemSize, size_t dynamicSMemSize,
                                          int blockSizeLimit) {
  return potential_block_size(minGridSize, blockSize, func, blockSizeToDynamicSMemSize, dynamicSMemSize, blockSizeLimit,
                              0);
}

CUresult cuOccupancyMaxPotentialBlockSizeWithFlags(int* minGridSize, int* blockSize, CUfunction func,
                                                   CUoccupancyB2DSize blockSizeToDynamicSMemSize,
                                                   size_t dynamicSMemSize, int blockSizeLimit, unsigned int flags) {
  return potential_block_size(minGridSize, blockSize, func, blockSizeToDynamicSMemSize, dynamicSMemSize, blockSizeLimit,
                              flags);
}

CUresult cuOccupancyAvailableDynamicSMemPerBlock(size_t* dynamicSmemSize, CUfunction func, int numBlocks,
                                                 int blockSize) {
  return entry([&](Call& call) {
    require(numBlocks > 0 && blockSize > 0);
    const auto function = find_function(call.driver, func);
    require(numBlocks <= blocks_per_multiprocessor(*function, static_cast<std::uint64_t>(blockSize), 0));
    const std::uint64_t share = kSharedPerMultiprocessor / static_cast<std::uint64_t>(numBlocks) -
                                kSharedReservedPerBlock - facts(*function).static_shared_bytes;
    out(dynamicSmemSize) = std::min<std::uint64_t>(share, kSharedPerBlockOptIn - facts(*function).static_shared_bytes);
  });
}
