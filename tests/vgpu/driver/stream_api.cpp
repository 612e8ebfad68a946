// Streams.
#include <algorithm>

#include "driver/capture.h"
#include "driver/driver.h"

using namespace vgpu::driver;

namespace {

CUresult create(CUstream* phStream, unsigned flags, int priority) {
  return entry([&](Call& call) {
    out(phStream);
    require((flags & ~unsigned{CU_STREAM_NON_BLOCKING}) == 0);
    const auto context = call.driver.healthy_context();
    *phStream = call.driver.make_stream(context, flags, std::min(0, std::max(-5, priority)))->handle;
  });
}

}  // namespace

CUresult cuStreamCreate(CUstream* phStream, unsigned int Flags) { return create(phStream, Flags, 0); }

CUresult cuStreamCreateWithPriority(CUstream* phStream, unsigned int flags, int priority) {
  return create(phStream, flags, priority);
}

CUresult cuStreamGetPriority(CUstream hStream, int* priority) {
  return entry([&](Call& call) { out(priority) = call.driver.stream(hStream)->priority; });
}

CUresult cuStreamGetFlags(CUstream hStream, unsigned int* flags) {
  return entry([&](Call& call) { out(flags) = call.driver.stream(hStream)->flags; });
}

CUresult cuStreamGetId(CUstream hStream, unsigned long long* streamId) {
  return entry([&](Call& call) {
    const auto stream = call.driver.stream(hStream);
    // The implicit streams have no handle to count by; their ids are small.
    out(streamId) = stream->id != 0 ? stream->id : reinterpret_cast<std::uint64_t>(stream->handle);
  });
}

CUresult cuStreamGetCtx(CUstream hStream, CUcontext* pctx) {
  return entry([&](Call& call) {
    const auto stream = call.driver.stream(hStream);
    if (stream->capture && stream->capture->invalidated) fail(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    out(pctx) = stream->context->handle;
  });
}

CUresult cuStreamWaitEvent(CUstream hStream, CUevent hEvent, unsigned int Flags) {
  return entry([&](Call& call) {
    Driver& driver = call.driver;
    const auto stream = driver.stream(hStream);
    const auto event = driver.events.find(hEvent);
    require(event != nullptr, CUDA_ERROR_INVALID_HANDLE);
    require(Flags == CU_EVENT_WAIT_DEFAULT || Flags == CU_EVENT_WAIT_EXTERNAL);
    if (Flags == CU_EVENT_WAIT_EXTERNAL) {
      require(stream->capture != nullptr);
      add_captured_event(driver, *stream, CU_GRAPH_NODE_TYPE_WAIT_EVENT, event);
    } else if (stream->capture || event->was_captured) {
      wait_in_capture(driver, stream, *event);
    } else if (event->recorded && !event->recorded->done) {
      driver.submit(*stream, EmptyWork{}, {event->recorded});
    }
  });
}

CUresult cuStreamQuery(CUstream hStream) {
  return entry([&](Call& call) {
    const auto stream = call.driver.stream(hStream);
    forbid_capturing(*stream);
    forbid_implicit_capture(call.driver, *stream);
    const auto pending = call.driver.predecessors(*stream);
    for (const OperationPtr& operation : pending) call.driver.scheduler.progress(operation);
    require(pending.empty(), CUDA_ERROR_NOT_READY);
  });
}

CUresult cuStreamSynchronize(CUstream hStream) {
  return entry([&](Call& call) {
    const auto stream = call.driver.stream(hStream);
    forbid_capturing(*stream);
    forbid_implicit_capture(call.driver, *stream);
    call.driver.synchronise(call, *stream);
  });
}

CUresult cuStreamDestroy(CUstream hStream) {
  return entry([&](Call& call) {
    const auto stream = call.driver.streams.find(hStream);  // the implicit streams cannot be destroyed
    require(stream != nullptr, CUDA_ERROR_INVALID_HANDLE);
    if (stream->capture) {
      stream->capture->invalidated = true;
      std::erase(stream->capture->streams, stream);
    }
    stream->destroyed = true;  // its work goes on
    call.driver.streams.remove(hStream);
  });
}

CUresult cuStreamAddCallback(CUstream hStream, CUstreamCallback callback, void* userData, unsigned int flags) {
  return entry([&](Call& call) {
    const auto stream = call.driver.stream(hStream);
    require(callback != nullptr && flags == 0);
    forbid_capturing(*stream);
    HostWork work;
    work.callback = callback;
    work.stream = hStream;
    work.data = userData;
    call.driver.submit(*stream, work);
  });
}

CUresult cuLaunchHostFunc(CUstream hStream, CUhostFn fn, void* userData) {
  return entry([&](Call& call) {
    const auto stream = call.driver.stream(hStream);
    require(fn != nullptr);
    HostWork work;
    work.function = fn;
    work.data = userData;
    call.driver.submit(*stream, work);
  });
}
