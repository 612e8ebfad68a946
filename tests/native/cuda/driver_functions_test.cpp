// The library's own declarations of the driver API against NVIDIA's header: every exported name, type and number.
#include "cuda/driver_functions.h"

#include <cuda.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>

namespace ki::cuda {
namespace {

#define KI_TEXT_OF(x) #x
#define KI_TEXT(x) KI_TEXT_OF(x)

// Types that are passed alike: pointers, or integers and enumerations of the same size and sign.
template <typename Ours, typename Theirs>
constexpr bool passed_alike() {
  if constexpr (std::is_pointer_v<Ours> || std::is_pointer_v<Theirs>) {
    return std::is_pointer_v<Ours> && std::is_pointer_v<Theirs>;
  } else if constexpr (std::is_enum_v<Ours>) {
    return passed_alike<std::underlying_type_t<Ours>, Theirs>();
  } else if constexpr (std::is_enum_v<Theirs>) {
    return passed_alike<Ours, std::underlying_type_t<Theirs>>();
  } else {
    return std::is_integral_v<Ours> && std::is_integral_v<Theirs> && sizeof(Ours) == sizeof(Theirs) &&
           std::is_signed_v<Ours> == std::is_signed_v<Theirs>;
  }
}

// Pointers to data must point to alike things too: an int for a size_t would be overrun.
template <typename Ours, typename Theirs>
constexpr bool points_alike() {
  if constexpr (std::is_pointer_v<Ours> && std::is_pointer_v<Theirs>) {
    using OurTarget = std::remove_pointer_t<Ours>;
    using TheirTarget = std::remove_pointer_t<Theirs>;
    if constexpr (std::is_const_v<OurTarget> != std::is_const_v<TheirTarget>) {
      return false;
    } else if constexpr (std::is_void_v<OurTarget> || std::is_void_v<TheirTarget>) {
      return std::is_void_v<OurTarget> && std::is_void_v<TheirTarget>;
    } else if constexpr (std::is_class_v<OurTarget> || std::is_class_v<TheirTarget>) {
      return std::is_class_v<OurTarget> && std::is_class_v<TheirTarget>;  // opaque handles
    } else if constexpr (std::is_function_v<OurTarget> || std::is_function_v<TheirTarget>) {
      return std::is_function_v<OurTarget> && std::is_function_v<TheirTarget>;
    } else if constexpr (std::is_floating_point_v<OurTarget>) {
      return std::is_same_v<OurTarget, TheirTarget>;
    } else {
      return passed_alike<OurTarget, TheirTarget>() && points_alike<OurTarget, TheirTarget>();
    }
  } else {
    return true;
  }
}

template <typename Ours, typename Theirs>
struct SameCall : std::false_type {};

template <typename... Ours, typename... Theirs>
struct SameCall<Result(Ours...), CUresult(Theirs...)> {
  static constexpr bool value = [] {
    if constexpr (sizeof...(Ours) != sizeof...(Theirs)) {
      return false;
    } else {
      return ((passed_alike<Ours, Theirs>() && points_alike<Ours, Theirs>()) && ...);
    }
  }();
};

// `name` expands to what cuda.h maps it to, which is what is exported.
#define KI_COMPARE(name, exported, parameters)                                                         \
  static_assert(std::string_view(KI_TEXT(name)) == (exported), "cuda.h maps " #exported " elsewhere"); \
  static_assert(SameCall<Result parameters, decltype(name)>::value, exported " has other parameters");
KI_CUDA_DRIVER_FUNCTIONS(KI_COMPARE)

static_assert(SameCall<Result(StreamHandle, unsigned*), CUresult(CUstream, unsigned*)>::value);
static_assert(!SameCall<Result(StreamHandle, int*), CUresult(CUstream, size_t*)>::value, "the comparison sees sizes");
static_assert(!SameCall<Result(unsigned), CUresult(size_t)>::value);
static_assert(!SameCall<Result(unsigned), CUresult(unsigned, unsigned)>::value);

static_assert(kSuccess == Result(CUDA_SUCCESS));
static_assert(kInvalidValue == Result(CUDA_ERROR_INVALID_VALUE));
static_assert(kOutOfMemory == Result(CUDA_ERROR_OUT_OF_MEMORY));
static_assert(kNoDevice == Result(CUDA_ERROR_NO_DEVICE));
static_assert(kInvalidImage == Result(CUDA_ERROR_INVALID_IMAGE));
static_assert(kNoBinaryForGpu == Result(CUDA_ERROR_NO_BINARY_FOR_GPU));
static_assert(kInvalidPtx == Result(CUDA_ERROR_INVALID_PTX));
static_assert(kNotReady == Result(CUDA_ERROR_NOT_READY));
static_assert(kMultiprocessorCount == DeviceAttribute(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT));
static_assert(kL2CacheSize == DeviceAttribute(CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE));
static_assert(kComputeCapabilityMajor == DeviceAttribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR));
static_assert(kComputeCapabilityMinor == DeviceAttribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR));
static_assert(kMaxDynamicSharedBytes == FunctionAttribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES));
static_assert(kMemoryType == PointerAttribute(CU_POINTER_ATTRIBUTE_MEMORY_TYPE));
static_assert(kCaptureRelaxed == CaptureMode(CU_STREAM_CAPTURE_MODE_RELAXED));
static_assert(kCaptureNone == CaptureStatus(CU_STREAM_CAPTURE_STATUS_NONE));
static_assert(kErrorLogBuffer == JitOption(CU_JIT_ERROR_LOG_BUFFER));
static_assert(kErrorLogBufferBytes == JitOption(CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES));
static_assert(kStreamNonBlocking == CU_STREAM_NON_BLOCKING);
static_assert(kEventDefault == CU_EVENT_DEFAULT);
static_assert(kHostAllocPortable == CU_MEMHOSTALLOC_PORTABLE);
static_assert(kHostAllocDeviceMap == CU_MEMHOSTALLOC_DEVICEMAP);
static_assert(sizeof(DeviceHandle) == sizeof(CUdevice) && sizeof(DevicePointer) == sizeof(CUdeviceptr));

TEST(CudaDriverFunctions, TagsOfALaunchAreTheDrivers) {
  EXPECT_EQ(kLaunchEnd, CU_LAUNCH_PARAM_END);
  EXPECT_EQ(kLaunchBuffer, CU_LAUNCH_PARAM_BUFFER_POINTER);
  EXPECT_EQ(kLaunchBufferBytes, CU_LAUNCH_PARAM_BUFFER_SIZE);
}

TEST(CudaDriverFunctions, EachIsListedOnce) {
  std::multiset<std::string> names;
#define KI_COLLECT(name, exported, parameters) names.insert(exported);
  KI_CUDA_DRIVER_FUNCTIONS(KI_COLLECT)
  for (const std::string& name : names) EXPECT_EQ(names.count(name), 1U) << name;
}

}  // namespace
}  // namespace ki::cuda
