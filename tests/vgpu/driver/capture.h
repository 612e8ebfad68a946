// Stream capture: calls that would queue work build a graph instead.
#pragma once

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "driver/graph.h"
#include "driver/objects.h"

namespace vgpu::driver {

struct Capture {
  std::uint64_t id = 0;
  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  std::thread::id thread;
  bool invalidated = false;
  GraphPtr graph;
  std::shared_ptr<Stream> origin;
  std::vector<std::shared_ptr<Stream>> streams;  // the origin and those that were forked
  std::vector<CUgraphNode> dependencies_shown;   // what cuStreamGetCaptureInfo pointed to
};

// The calling thread's mode: cuThreadExchangeStreamCaptureMode.
CUstreamCaptureMode& thread_capture_mode();

void begin_capture(Driver& driver, const std::shared_ptr<Stream>& stream, CUstreamCaptureMode mode);
GraphPtr end_capture(Driver& driver, Stream& stream);
void add_captured(Driver& driver, Stream& stream, Work work);
NodePtr add_captured_event(Driver& driver, Stream& stream, CUgraphNodeType type, const std::shared_ptr<Event>& event);

// cuStreamWaitEvent where a capture is involved.
void wait_in_capture(Driver& driver, const std::shared_ptr<Stream>& stream, Event& event);

// A stream that captures cannot be waited for or asked: that ends the capture.
void forbid_capturing(Stream& stream);
void forbid_capturing(Driver& driver, const Context& context);
// The legacy stream would wait for a stream that captures.
void forbid_implicit_capture(Driver& driver, Stream& stream);
// What no capture can see, such as an allocation, is refused while the thread's mode says so.
void forbid_unsafe(Driver& driver);

void abandon_captures(Driver& driver, const Context& context);

}  // namespace vgpu::driver
