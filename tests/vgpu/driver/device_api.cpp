// Calls about the driver and its devices.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "driver/device_attributes.h"
#include "driver/driver.h"

using namespace vgpu::driver;

CUresult cuInit(unsigned int flags) {
  return guarded([&] {
    Driver& driver = Driver::instance();
    require(!driver.forked, CUDA_ERROR_NOT_INITIALIZED);
    require(flags == 0);
    const std::scoped_lock lock(driver.mutex);
    driver.initialise();
  });
}

CUresult cuDriverGetVersion(int* driverVersion) {  // the one call that works before cuInit
  return guarded([&] { out(driverVersion) = CUDA_VERSION; });
}

CUresult cuDeviceGet(CUdevice* device, int ordinal) {
  return entry([&](Call& call) {
    call.driver.device(ordinal);
    out(device) = ordinal;
  });
}

CUresult cuDeviceGetCount(int* count) {
  return entry([&](Call& call) { out(count) = static_cast<int>(call.driver.devices.size()); });
}

CUresult cuDeviceGetName(char* name, int len, CUdevice dev) {
  return entry([&](Call& call) {
    call.driver.device(dev);
    require(name != nullptr && len > 0);
    std::snprintf(name, static_cast<std::size_t>(len), "%s", kDeviceName);
  });
}

namespace {

// "VIRTUAL GPU" and the ordinal: the same in every process, unlike any real one.
CUresult get_uuid(CUuuid* uuid, CUdevice dev) {
  return entry([&](Call& call) {
    call.driver.device(dev);
    CUuuid value = {};
    std::memcpy(value.bytes, "VIRTUAL GPU", 11);
    value.bytes[15] = static_cast<char>(dev);
    out(uuid) = value;
  });
}

}  // namespace

#undef cuDeviceGetUuid
CUresult cuDeviceGetUuid(CUuuid* uuid, CUdevice dev) { return get_uuid(uuid, dev); }
CUresult cuDeviceGetUuid_v2(CUuuid* uuid, CUdevice dev) { return get_uuid(uuid, dev); }

CUresult cuDeviceTotalMem(size_t* bytes, CUdevice dev) {
  return entry([&](Call& call) {
    call.driver.device(dev);
    out(bytes) = call.driver.configuration.memory_bytes;
  });
}

CUresult cuDeviceGetAttribute(int* pi, CUdevice_attribute attrib, CUdevice dev) {
  return entry([&](Call& call) {
    call.driver.device(dev);
    const auto value = device_attribute(attrib, dev);
    require(value.has_value());
    out(pi) = *value;
  });
}

CUresult cuDeviceComputeCapability(int* major, int* minor, CUdevice dev) {
  return entry([&](Call& call) {
    call.driver.device(dev);
    out(major) = *device_attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, dev);
    out(minor) = *device_attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, dev);
  });
}

CUresult cuDeviceGetProperties(CUdevprop* prop, CUdevice dev) {
  return entry([&](Call& call) {
    call.driver.device(dev);
    const auto value = [&](CUdevice_attribute attribute) { return *device_attribute(attribute, dev); };
    CUdevprop& result = out(prop);
    result.maxThreadsPerBlock = kMaxThreadsPerBlock;
    std::copy_n(kMaxBlockDim, 3, result.maxThreadsDim);
    std::copy_n(kMaxGridDim, 3, result.maxGridSize);
    result.sharedMemPerBlock = kSharedPerBlock;
    result.totalConstantMemory = value(CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY);
    result.SIMDWidth = kWarpSize;
    result.memPitch = value(CU_DEVICE_ATTRIBUTE_MAX_PITCH);
    result.regsPerBlock = kRegistersPerMultiprocessor;
    result.clockRate = value(CU_DEVICE_ATTRIBUTE_CLOCK_RATE);
    result.textureAlign = value(CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT);
  });
}

CUresult cuDeviceGetPCIBusId(char* pciBusId, int len, CUdevice dev) {
  return entry([&](Call& call) {
    call.driver.device(dev);
    require(pciBusId != nullptr && len >= 13);
    std::snprintf(pciBusId, static_cast<std::size_t>(len), "0000:%02X:00.0", dev + 1);
  });
}

CUresult cuDeviceGetByPCIBusId(CUdevice* dev, const char* pciBusId) {
  return entry([&](Call& call) {
    require(pciBusId != nullptr);
    unsigned domain = 0, bus = 0, slot = 0, function = 0;
    if (std::sscanf(pciBusId, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4) {
      domain = 0;
      require(std::sscanf(pciBusId, "%x:%x", &bus, &slot) == 2);
    }
    require(domain == 0 && slot == 0 && bus >= 1 && bus <= call.driver.devices.size(), CUDA_ERROR_INVALID_DEVICE);
    out(dev) = static_cast<int>(bus) - 1;
  });
}

CUresult cuDeviceGetExecAffinitySupport(int* pi, CUexecAffinityType type, CUdevice dev) {
  return entry([&](Call& call) {
    call.driver.device(dev);
    require(type == CU_EXEC_AFFINITY_TYPE_SM_COUNT);
    out(pi) = 0;
  });
}

CUresult cuDeviceCanAccessPeer(int* canAccessPeer, CUdevice dev, CUdevice peerDev) {
  return entry([&](Call& call) {
    call.driver.device(dev);
    call.driver.device(peerDev);
    out(canAccessPeer) = dev != peerDev;
  });
}

CUresult cuDeviceGetP2PAttribute(int* value, CUdevice_P2PAttribute attrib, CUdevice srcDevice, CUdevice dstDevice) {
  return entry([&](Call& call) {
    call.driver.device(srcDevice);
    call.driver.device(dstDevice);
    require(srcDevice != dstDevice, CUDA_ERROR_INVALID_DEVICE);
    switch (attrib) {
      case CU_DEVICE_P2P_ATTRIBUTE_PERFORMANCE_RANK:
      case CU_DEVICE_P2P_ATTRIBUTE_CUDA_ARRAY_ACCESS_SUPPORTED: out(value) = 0; break;
      case CU_DEVICE_P2P_ATTRIBUTE_ACCESS_SUPPORTED:
      case CU_DEVICE_P2P_ATTRIBUTE_NATIVE_ATOMIC_SUPPORTED: out(value) = 1; break;
      default: fail(CUDA_ERROR_INVALID_VALUE);
    }
  });
}
