// The symbols that cuda.h maps names to when a program is compiled with CUDA_API_PER_THREAD_DEFAULT_STREAM: the null
// stream means the calling thread's stream. Copies and fills have theirs beside them.
#include "driver/api.h"

namespace {

CUstream own(CUstream stream) { return stream == nullptr ? CU_STREAM_PER_THREAD : stream; }

}  // namespace

// NAME_ptsz(parameters) calls NAME(arguments).
#define VGPU_PTSZ(name, parameters, arguments) \
  extern "C" __attribute__((visibility("default"))) CUresult name##_ptsz parameters { return name arguments; }

VGPU_PTSZ(cuStreamGetPriority, (CUstream s, int* priority), (own(s), priority))
VGPU_PTSZ(cuStreamGetId, (CUstream s, unsigned long long* id), (own(s), id))
VGPU_PTSZ(cuStreamGetFlags, (CUstream s, unsigned* flags), (own(s), flags))
VGPU_PTSZ(cuStreamGetCtx, (CUstream s, CUcontext* context), (own(s), context))
VGPU_PTSZ(cuStreamWaitEvent, (CUstream s, CUevent event, unsigned flags), (own(s), event, flags))
VGPU_PTSZ(cuStreamAddCallback, (CUstream s, CUstreamCallback callback, void* data, unsigned flags),
          (own(s), callback, data, flags))
VGPU_PTSZ(cuStreamQuery, (CUstream s), (own(s)))
VGPU_PTSZ(cuStreamSynchronize, (CUstream s), (own(s)))
VGPU_PTSZ(cuStreamBeginCapture_v2, (CUstream s, CUstreamCaptureMode mode), (own(s), mode))
VGPU_PTSZ(cuStreamEndCapture, (CUstream s, CUgraph* graph), (own(s), graph))
VGPU_PTSZ(cuStreamIsCapturing, (CUstream s, CUstreamCaptureStatus* status), (own(s), status))
VGPU_PTSZ(cuStreamGetCaptureInfo_v2,
          (CUstream s, CUstreamCaptureStatus* status, cuuint64_t* id, CUgraph* graph, const CUgraphNode** nodes,
           size_t* count),
          (own(s), status, id, graph, nodes, count))
VGPU_PTSZ(cuStreamGetCaptureInfo_v3,
          (CUstream s, CUstreamCaptureStatus* status, cuuint64_t* id, CUgraph* graph, const CUgraphNode** nodes,
           const CUgraphEdgeData** edges, size_t* count),
          (own(s), status, id, graph, nodes, edges, count))
VGPU_PTSZ(cuStreamUpdateCaptureDependencies, (CUstream s, CUgraphNode* nodes, size_t count, unsigned flags),
          (own(s), nodes, count, flags))
VGPU_PTSZ(cuEventRecord, (CUevent event, CUstream s), (event, own(s)))
VGPU_PTSZ(cuEventRecordWithFlags, (CUevent event, CUstream s, unsigned flags), (event, own(s), flags))
VGPU_PTSZ(cuLaunchHostFunc, (CUstream s, CUhostFn function, void* data), (own(s), function, data))
VGPU_PTSZ(cuLaunchKernel,
          (CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
           CUstream s, void** params, void** extra),
          (f, gx, gy, gz, bx, by, bz, shared, own(s), params, extra))
VGPU_PTSZ(cuLaunchCooperativeKernel,
          (CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
           CUstream s, void** params),
          (f, gx, gy, gz, bx, by, bz, shared, own(s), params))
VGPU_PTSZ(cuGraphUpload, (CUgraphExec exec, CUstream s), (exec, own(s)))
VGPU_PTSZ(cuGraphLaunch, (CUgraphExec exec, CUstream s), (exec, own(s)))
VGPU_PTSZ(cuGraphInstantiateWithParams, (CUgraphExec * exec, CUgraph graph, CUDA_GRAPH_INSTANTIATE_PARAMS* params),
          (exec, graph, params))
VGPU_PTSZ(cuMemAllocAsync, (CUdeviceptr * p, size_t bytes, CUstream s), (p, bytes, own(s)))
VGPU_PTSZ(cuMemAllocFromPoolAsync, (CUdeviceptr * p, size_t bytes, CUmemoryPool pool, CUstream s),
          (p, bytes, pool, own(s)))
VGPU_PTSZ(cuMemFreeAsync, (CUdeviceptr p, CUstream s), (p, own(s)))

extern "C" __attribute__((visibility("default"))) CUresult cuLaunchKernelEx_ptsz(const CUlaunchConfig* config,
                                                                                 CUfunction f, void** params,
                                                                                 void** extra) {
  if (config == nullptr) return CUDA_ERROR_INVALID_VALUE;
  CUlaunchConfig changed = *config;
  changed.hStream = own(changed.hStream);
  return cuLaunchKernelEx(&changed, f, params, extra);
}
