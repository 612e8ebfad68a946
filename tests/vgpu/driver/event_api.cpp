// Events.
#include "driver/capture.h"
#include "driver/driver.h"

using namespace vgpu::driver;

namespace {

std::shared_ptr<Event> find_event(Driver& driver, CUevent handle) {
  auto event = driver.events.find(handle);
  require(event != nullptr, CUDA_ERROR_INVALID_HANDLE);
  require(event->context->sticky == CUDA_SUCCESS, event->context->sticky);
  return event;
}

// An event that a capture recorded is a place in a graph, not in time.
void forbid_captured(Event& event) {
  if (!event.was_captured) return;
  if (const auto capture = event.capture.lock()) capture->invalidated = true;
  fail(CUDA_ERROR_CAPTURED_EVENT);
}

CUresult record(CUevent hEvent, CUstream hStream, unsigned flags) {
  return entry([&](Call& call) {
    Driver& driver = call.driver;
    const auto event = find_event(driver, hEvent);
    const auto stream = driver.stream(hStream);
    require(flags == CU_EVENT_RECORD_DEFAULT || (flags == CU_EVENT_RECORD_EXTERNAL && stream->capture));
    require(event->context == stream->context, CUDA_ERROR_INVALID_HANDLE);
    if (flags == CU_EVENT_RECORD_EXTERNAL) {
      add_captured_event(driver, *stream, CU_GRAPH_NODE_TYPE_EVENT_RECORD, event);
      return;
    }
    if (stream->capture) {
      require(!stream->capture->invalidated, CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
      event->was_captured = true;
      event->capture = stream->capture;
      event->captured_after = stream->capture_tail;
      return;
    }
    event->was_captured = false;
    event->capture.reset();
    event->captured_after.clear();
    event->recorded = driver.submit(*stream, EmptyWork{});
  });
}

}  // namespace

CUresult cuEventCreate(CUevent* phEvent, unsigned int Flags) {
  return entry([&](Call& call) {
    out(phEvent);
    require((Flags & ~unsigned{CU_EVENT_BLOCKING_SYNC | CU_EVENT_DISABLE_TIMING | CU_EVENT_INTERPROCESS}) == 0);
    require((Flags & CU_EVENT_INTERPROCESS) == 0, CUDA_ERROR_NOT_SUPPORTED);
    auto event = std::make_shared<Event>();
    event->context = call.driver.healthy_context();
    event->flags = Flags;
    *phEvent = event->handle = call.driver.events.add(event);
  });
}

CUresult cuEventRecord(CUevent hEvent, CUstream hStream) { return record(hEvent, hStream, CU_EVENT_RECORD_DEFAULT); }

CUresult cuEventRecordWithFlags(CUevent hEvent, CUstream hStream, unsigned int flags) {
  return record(hEvent, hStream, flags);
}

CUresult cuEventQuery(CUevent hEvent) {
  return entry([&](Call& call) {
    const auto event = find_event(call.driver, hEvent);
    forbid_captured(*event);
    forbid_unsafe(call.driver);
    if (!event->recorded || event->recorded->done) return;
    call.driver.scheduler.progress(event->recorded);
    fail(CUDA_ERROR_NOT_READY);
  });
}

CUresult cuEventSynchronize(CUevent hEvent) {
  return entry([&](Call& call) {
    const auto event = find_event(call.driver, hEvent);
    forbid_captured(*event);
    forbid_unsafe(call.driver);
    call.driver.scheduler.wait(call.lock, event->recorded);
    require(event->context->sticky == CUDA_SUCCESS, event->context->sticky);
  });
}

CUresult cuEventDestroy(CUevent hEvent) {
  return entry([&](Call& call) {
    require(call.driver.events.find(hEvent) != nullptr, CUDA_ERROR_INVALID_HANDLE);
    call.driver.events.remove(hEvent);
  });
}

CUresult cuEventElapsedTime(float* pMilliseconds, CUevent hStart, CUevent hEnd) {
  return entry([&](Call& call) {
    out(pMilliseconds);
    const auto start = find_event(call.driver, hStart), end = find_event(call.driver, hEnd);
    for (const auto& event : {start, end}) {
      forbid_captured(*event);
      require((event->flags & CU_EVENT_DISABLE_TIMING) == 0 && event->recorded, CUDA_ERROR_INVALID_HANDLE);
    }
    require(start->context == end->context, CUDA_ERROR_INVALID_HANDLE);
    require(start->recorded->done && end->recorded->done, CUDA_ERROR_NOT_READY);
    *pMilliseconds =
        std::chrono::duration<float, std::milli>(end->recorded->finished - start->recorded->finished).count();
  });
}
