// The part of the CUDA driver API that this library calls, declared here so that building it needs no header of NVIDIA's.
// A test compares every name, type and number with cuda.h.
#pragma once

#include <cstddef>

namespace ki::cuda {

enum Result : unsigned {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kNoDevice = 100,
  kInvalidImage = 200,
  kNoBinaryForGpu = 209,
  kInvalidPtx = 218,
  kNotReady = 600,
};

enum DeviceAttribute : unsigned {
  kMultiprocessorCount = 16,
  kL2CacheSize = 38,
  kComputeCapabilityMajor = 75,
  kComputeCapabilityMinor = 76,
};

enum FunctionAttribute : unsigned { kMaxDynamicSharedBytes = 8 };
enum PointerAttribute : unsigned { kMemoryType = 2 };
enum CaptureMode : unsigned { kCaptureRelaxed = 2 };
enum CaptureStatus : unsigned { kCaptureNone = 0 };
enum JitOption : unsigned { kErrorLogBuffer = 5, kErrorLogBufferBytes = 6 };

inline constexpr unsigned kStreamNonBlocking = 1, kEventDefault = 0;
inline constexpr unsigned kHostAllocPortable = 1, kHostAllocDeviceMap = 2;

// Tags of the list that a launch takes.
inline void* const kLaunchEnd = nullptr;
inline void* const kLaunchBuffer = reinterpret_cast<void*>(1);
inline void* const kLaunchBufferBytes = reinterpret_cast<void*>(2);

using DeviceHandle = int;
using DevicePointer = unsigned long long;
using ContextHandle = struct ContextObject*;
using StreamHandle = struct StreamObject*;
using EventHandle = struct EventObject*;
using ModuleHandle = struct ModuleObject*;
using FunctionHandle = struct FunctionObject*;
using StreamCallback = void (*)(StreamHandle stream, Result status, void* user_data);

}  // namespace ki::cuda

// X(name in cuda.h, name the driver exports, parameters). The exported name is the one that cuda.h maps the first to: where
// they differ, the driver exports the first as well, as an older function of other types.
#define KI_CUDA_DRIVER_FUNCTIONS(X)                                                                                   \
  X(cuInit, "cuInit", (unsigned flags))                                                                               \
  X(cuDriverGetVersion, "cuDriverGetVersion", (int* version))                                                         \
  X(cuGetErrorName, "cuGetErrorName", (Result error, const char** text))                                              \
  X(cuGetErrorString, "cuGetErrorString", (Result error, const char** text))                                          \
  X(cuDeviceGetCount, "cuDeviceGetCount", (int* count))                                                               \
  X(cuDeviceGet, "cuDeviceGet", (DeviceHandle * device, int ordinal))                                                 \
  X(cuDeviceGetName, "cuDeviceGetName", (char* name, int size, DeviceHandle device))                                  \
  X(cuDeviceTotalMem, "cuDeviceTotalMem_v2", (std::size_t * bytes, DeviceHandle device))                              \
  X(cuDeviceGetAttribute, "cuDeviceGetAttribute", (int* value, DeviceAttribute attribute, DeviceHandle device))       \
  X(cuDevicePrimaryCtxRetain, "cuDevicePrimaryCtxRetain", (ContextHandle * context, DeviceHandle device))             \
  X(cuDevicePrimaryCtxRelease, "cuDevicePrimaryCtxRelease_v2", (DeviceHandle device))                                 \
  X(cuDevicePrimaryCtxGetState, "cuDevicePrimaryCtxGetState", (DeviceHandle device, unsigned* flags, int* active))    \
  X(cuCtxPushCurrent, "cuCtxPushCurrent_v2", (ContextHandle context))                                                 \
  X(cuCtxPopCurrent, "cuCtxPopCurrent_v2", (ContextHandle * context))                                                 \
  X(cuCtxGetCurrent, "cuCtxGetCurrent", (ContextHandle * context))                                                    \
  X(cuCtxGetDevice, "cuCtxGetDevice", (DeviceHandle * device))                                                        \
  X(cuCtxGetId, "cuCtxGetId", (ContextHandle context, unsigned long long* id))                                        \
  X(cuStreamCreate, "cuStreamCreate", (StreamHandle * stream, unsigned flags))                                        \
  X(cuStreamDestroy, "cuStreamDestroy_v2", (StreamHandle stream))                                                     \
  X(cuStreamSynchronize, "cuStreamSynchronize", (StreamHandle stream))                                                \
  X(cuStreamGetCtx, "cuStreamGetCtx", (StreamHandle stream, ContextHandle * context))                                 \
  X(cuStreamWaitEvent, "cuStreamWaitEvent", (StreamHandle stream, EventHandle event, unsigned flags))                 \
  X(cuStreamIsCapturing, "cuStreamIsCapturing", (StreamHandle stream, CaptureStatus * status))                        \
  X(cuStreamAddCallback, "cuStreamAddCallback",                                                                       \
    (StreamHandle stream, StreamCallback callback, void* user_data, unsigned flags))                                  \
  X(cuEventCreate, "cuEventCreate", (EventHandle * event, unsigned flags))                                            \
  X(cuEventDestroy, "cuEventDestroy_v2", (EventHandle event))                                                         \
  X(cuEventRecord, "cuEventRecord", (EventHandle event, StreamHandle stream))                                         \
  X(cuEventQuery, "cuEventQuery", (EventHandle event))                                                                \
  X(cuEventSynchronize, "cuEventSynchronize", (EventHandle event))                                                    \
  X(cuEventElapsedTime, "cuEventElapsedTime", (float* milliseconds, EventHandle start, EventHandle stop))             \
  X(cuMemAlloc, "cuMemAlloc_v2", (DevicePointer * address, std::size_t bytes))                                        \
  X(cuMemFree, "cuMemFree_v2", (DevicePointer address))                                                               \
  X(cuMemHostAlloc, "cuMemHostAlloc", (void** address, std::size_t bytes, unsigned flags))                            \
  X(cuMemFreeHost, "cuMemFreeHost", (void* address))                                                                  \
  X(cuPointerGetAttribute, "cuPointerGetAttribute", (void* value, PointerAttribute attribute, DevicePointer address)) \
  X(cuMemcpyAsync, "cuMemcpyAsync",                                                                                   \
    (DevicePointer destination, DevicePointer source, std::size_t bytes, StreamHandle stream))                        \
  X(cuMemsetD8Async, "cuMemsetD8Async",                                                                               \
    (DevicePointer destination, unsigned char value, std::size_t bytes, StreamHandle stream))                         \
  X(cuModuleLoadDataEx, "cuModuleLoadDataEx",                                                                         \
    (ModuleHandle * module, const void* image, unsigned option_count, JitOption* options, void** option_values))      \
  X(cuModuleGetFunction, "cuModuleGetFunction", (FunctionHandle * function, ModuleHandle module, const char* name))   \
  X(cuFuncSetAttribute, "cuFuncSetAttribute", (FunctionHandle function, FunctionAttribute attribute, int value))      \
  X(cuLaunchKernel, "cuLaunchKernel",                                                                                 \
    (FunctionHandle function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,  \
     unsigned block_z, unsigned dynamic_shared_bytes, StreamHandle stream, void** parameters, void** extra))          \
  X(cuThreadExchangeStreamCaptureMode, "cuThreadExchangeStreamCaptureMode", (CaptureMode * mode))
