// The work of nodes: see node_work.h.
#include "driver/node_work.h"

#include "driver/copies.h"
#include "driver/launches.h"

namespace vgpu::driver {

KernelWork kernel_work(Driver& driver, const CUDA_KERNEL_NODE_PARAMS& p) {
  const CUfunction f = p.func != nullptr ? p.func : reinterpret_cast<CUfunction>(p.kern);
  const Geometry geometry{
      {p.gridDimX, p.gridDimY, p.gridDimZ}, {p.blockDimX, p.blockDimY, p.blockDimZ}, p.sharedMemBytes};
  return make_launch(driver, find_function(driver, f), geometry, p.kernelParams, p.extra, false);
}

CopyWork copy_work(Driver& driver, const CUDA_MEMCPY3D& params) {
  CopyWork work = from_descriptor(driver, params);
  check(driver, work);
  require(work.width > 0 && work.height > 0 && work.depth > 0);
  return work;
}

FillWork fill_work(Driver& driver, const CUDA_MEMSET_NODE_PARAMS& params) {
  require(params.elementSize == 1 || params.elementSize == 2 || params.elementSize == 4);
  require(params.width > 0 && params.height > 0);
  FillWork work;
  work.address = params.dst;
  work.pitch = params.height == 1 ? params.width * params.elementSize : params.pitch;
  work.value = params.value;
  work.element_bytes = params.elementSize;
  work.width = params.width;
  work.height = params.height;
  check(driver, work);
  return work;
}

HostWork host_work(const CUDA_HOST_NODE_PARAMS& params) {
  require(params.fn != nullptr);
  HostWork work;
  work.function = params.fn;
  work.data = params.userData;
  return work;
}

}  // namespace vgpu::driver
