// Stream capture: the calls.
#include <algorithm>

#include "driver/capture.h"
#include "driver/driver.h"

using namespace vgpu::driver;

namespace {

bool is_mode(CUstreamCaptureMode mode) {
  return mode >= CU_STREAM_CAPTURE_MODE_GLOBAL && mode <= CU_STREAM_CAPTURE_MODE_RELAXED;
}

CUstreamCaptureStatus status_of(Driver& driver, Stream& stream) {
  if (stream.capture)
    return stream.capture->invalidated ? CU_STREAM_CAPTURE_STATUS_INVALIDATED : CU_STREAM_CAPTURE_STATUS_ACTIVE;
  // The legacy stream may not be asked while it would wait for a stream that captures.
  if (stream.is_legacy)
    for (const auto& capture : driver.captures)
      for (const auto& other : capture->streams)
        require(other->context != stream.context || !other->waits_for_legacy(), CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
  return CU_STREAM_CAPTURE_STATUS_NONE;
}

CUresult info(CUstream hStream, CUstreamCaptureStatus* status, cuuint64_t* id, CUgraph* graph,
              const CUgraphNode** dependencies, const CUgraphEdgeData** edges, std::size_t* count) {
  return entry([&](Call& call) {
    const auto stream = call.driver.stream(hStream);
    out(status) = status_of(call.driver, *stream);
    if (*status != CU_STREAM_CAPTURE_STATUS_ACTIVE) return;
    Capture& capture = *stream->capture;
    capture.dependencies_shown.clear();
    for (const NodePtr& node : stream->capture_tail) capture.dependencies_shown.push_back(node->handle);
    if (id != nullptr) *id = capture.id;
    if (graph != nullptr) *graph = capture.graph->handle;
    if (dependencies != nullptr) *dependencies = capture.dependencies_shown.data();
    if (edges != nullptr) *edges = nullptr;  // all edges are plain ones
    if (count != nullptr) *count = capture.dependencies_shown.size();
  });
}

}  // namespace

CUresult cuStreamBeginCapture(CUstream hStream, CUstreamCaptureMode mode) {
  return entry([&](Call& call) {
    require(is_mode(mode));
    begin_capture(call.driver, call.driver.stream(hStream), mode);
  });
}

CUresult cuStreamEndCapture(CUstream hStream, CUgraph* phGraph) {
  return entry([&](Call& call) {
    out(phGraph) = nullptr;
    *phGraph = end_capture(call.driver, *call.driver.stream(hStream))->handle;
  });
}

CUresult cuStreamIsCapturing(CUstream hStream, CUstreamCaptureStatus* captureStatus) {
  return entry([&](Call& call) { out(captureStatus) = status_of(call.driver, *call.driver.stream(hStream)); });
}

CUresult cuStreamGetCaptureInfo(CUstream hStream, CUstreamCaptureStatus* captureStatus_out, cuuint64_t* id_out,
                                CUgraph* graph_out, const CUgraphNode** dependencies_out, size_t* numDependencies_out) {
  return info(hStream, captureStatus_out, id_out, graph_out, dependencies_out, nullptr, numDependencies_out);
}

CUresult cuStreamGetCaptureInfo_v3(CUstream hStream, CUstreamCaptureStatus* captureStatus_out, cuuint64_t* id_out,
                                   CUgraph* graph_out, const CUgraphNode** dependencies_out,
                                   const CUgraphEdgeData** edgeData_out, size_t* numDependencies_out) {
  return info(hStream, captureStatus_out, id_out, graph_out, dependencies_out, edgeData_out, numDependencies_out);
}

CUresult cuStreamUpdateCaptureDependencies(CUstream hStream, CUgraphNode* dependencies, size_t numDependencies,
                                           unsigned int flags) {
  return entry([&](Call& call) {
    const auto stream = call.driver.stream(hStream);
    require(stream->capture != nullptr, CUDA_ERROR_ILLEGAL_STATE);
    require(!stream->capture->invalidated, CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    require(flags == CU_STREAM_ADD_CAPTURE_DEPENDENCIES || flags == CU_STREAM_SET_CAPTURE_DEPENDENCIES);
    require(numDependencies == 0 || dependencies != nullptr);
    std::vector<NodePtr> tail;
    if (flags == CU_STREAM_ADD_CAPTURE_DEPENDENCIES) tail = stream->capture_tail;
    for (std::size_t i = 0; i < numDependencies; ++i) {
      const auto node = call.driver.nodes.find(dependencies[i]);
      require(node && node->graph.lock() == stream->capture->graph);
      if (std::ranges::find(tail, node) == tail.end()) tail.push_back(node);
    }
    stream->capture_tail = std::move(tail);
  });
}

CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode* mode) {
  return entry([&](Call&) {
    require(is_mode(out(mode)));
    std::swap(*mode, thread_capture_mode());
  });
}
