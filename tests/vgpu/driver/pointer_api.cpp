// What an address is: cuPointerGetAttribute and its plural.
#include <cstring>

#include "driver/driver.h"

using namespace vgpu::driver;

namespace {

template <typename T>
void put(void* data, T value) {
  std::memcpy(data, &value, sizeof value);
}

// Unknown addresses have few attributes: the plural call gives zeros for the others, the singular one fails.
bool attribute_of(Driver& driver, void* data, CUpointer_attribute attribute, CUdeviceptr address) {
  const auto found = driver.find_allocation(address);
  const bool known = found != driver.allocations.end();
  const Allocation* allocation = known ? &found->second : nullptr;
  const bool on_device = known && allocation->kind <= Allocation::Kind::stream_ordered;
  switch (attribute) {
    case CU_POINTER_ATTRIBUTE_CONTEXT:
      // Stream-ordered memory belongs to a device, not to a context.
      put(data, known && allocation->kind != Allocation::Kind::stream_ordered ? allocation->context->handle : nullptr);
      return known;
    case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
      put(data, !known ? 0u : on_device ? unsigned{CU_MEMORYTYPE_DEVICE} : unsigned{CU_MEMORYTYPE_HOST});
      return known;
    case CU_POINTER_ATTRIBUTE_DEVICE_POINTER: put(data, known ? address : CUdeviceptr{0}); return known;
    case CU_POINTER_ATTRIBUTE_HOST_POINTER:
      put(data, known && !on_device ? address : CUdeviceptr{0});
      return known && !on_device;
    case CU_POINTER_ATTRIBUTE_BUFFER_ID: put(data, known ? allocation->id : 0ull); return known;
    case CU_POINTER_ATTRIBUTE_SYNC_MEMOPS: put(data, 0u); return known;
    case CU_POINTER_ATTRIBUTE_IS_MANAGED: put(data, 0u); return true;
    case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL: put(data, known ? allocation->context->device : -2); return known;
    case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE: put(data, 0u); return true;
    case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR: put(data, known ? found->first : CUdeviceptr{0}); return known;
    case CU_POINTER_ATTRIBUTE_RANGE_SIZE: put(data, known ? allocation->size_bytes : std::size_t{0}); return known;
    case CU_POINTER_ATTRIBUTE_MAPPED: put(data, known ? 1u : 0u); return true;
    case CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE:
      put(data, known && allocation->kind == Allocation::Kind::stream_ordered
                    ? driver.device(allocation->context->device).default_pool
                    : nullptr);
      return known;
    default: fail(CUDA_ERROR_INVALID_VALUE);
  }
}

}  // namespace

CUresult cuPointerGetAttribute(void* data, CUpointer_attribute attribute, CUdeviceptr ptr) {
  return entry([&](Call& call) {
    require(data != nullptr);
    call.driver.healthy_context();
    require(attribute_of(call.driver, data, attribute, ptr));
  });
}

CUresult cuPointerGetAttributes(unsigned int numAttributes, CUpointer_attribute* attributes, void** data,
                                CUdeviceptr ptr) {
  return entry([&](Call& call) {
    require(numAttributes > 0 && attributes != nullptr && data != nullptr);
    call.driver.healthy_context();
    for (unsigned i = 0; i < numAttributes; ++i) {
      require(data[i] != nullptr);
      attribute_of(call.driver, data[i], attributes[i], ptr);
    }
  });
}
