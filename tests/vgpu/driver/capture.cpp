// Stream capture: see capture.h.
#include "driver/capture.h"

#include <algorithm>
#include <unordered_set>

#include "driver/driver.h"

namespace vgpu::driver {

namespace {

[[noreturn]] void invalidate(Capture& capture, CUresult code) {
  capture.invalidated = true;
  fail(code);
}

Capture& valid(Stream& stream) {
  require(!stream.capture->invalidated, CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  return *stream.capture;
}

void leave(Driver& driver, const std::shared_ptr<Capture>& capture) {
  for (const auto& stream : capture->streams) {
    stream->capture.reset();
    stream->capture_tail.clear();
  }
  std::erase(driver.captures, capture);
  capture->streams.clear();
  capture->origin.reset();
}

void advance(Stream& stream, const NodePtr& node) { stream.capture_tail = {node}; }

// All that the nodes depend on, themselves included.
std::unordered_set<const Node*> with_ancestors(const std::vector<NodePtr>& nodes) {
  std::unordered_set<const Node*> seen;
  std::vector<const Node*> stack;
  for (const NodePtr& node : nodes) stack.push_back(node.get());
  while (!stack.empty()) {
    const Node* node = stack.back();
    stack.pop_back();
    if (!seen.insert(node).second) continue;
    for (const NodePtr& dependency : node->dependencies) stack.push_back(dependency.get());
  }
  return seen;
}

bool all_joined(const Capture& capture) {
  const auto joined = with_ancestors(capture.origin->capture_tail);
  return std::ranges::all_of(capture.streams, [&](const auto& stream) {
    return std::ranges::all_of(stream->capture_tail, [&](const NodePtr& node) { return joined.contains(node.get()); });
  });
}

}  // namespace

CUstreamCaptureMode& thread_capture_mode() {
  thread_local CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  return mode;
}

void begin_capture(Driver& driver, const std::shared_ptr<Stream>& stream, CUstreamCaptureMode mode) {
  require(!stream->is_legacy, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  require(stream->capture == nullptr, CUDA_ERROR_ILLEGAL_STATE);
  auto capture = std::make_shared<Capture>();
  capture->id = ++driver.capture_count;
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  capture->graph = make_graph(driver);
  capture->origin = stream;
  capture->streams = {stream};
  stream->capture = capture;
  stream->capture_tail.clear();
  driver.captures.push_back(capture);
}

GraphPtr end_capture(Driver& driver, Stream& stream) {
  require(stream.capture != nullptr, CUDA_ERROR_ILLEGAL_STATE);
  const std::shared_ptr<Capture> capture = stream.capture;
  if (capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED && capture->thread != std::this_thread::get_id())
    invalidate(*capture, CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD);
  if (capture->origin.get() != &stream) invalidate(*capture, CUDA_ERROR_STREAM_CAPTURE_UNMATCHED);
  const GraphPtr graph = capture->graph;
  const bool joined = all_joined(*capture), invalidated = capture->invalidated;
  leave(driver, capture);
  if (!joined || invalidated) destroy(driver, graph);
  require(!invalidated, CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  require(joined, CUDA_ERROR_STREAM_CAPTURE_UNJOINED);
  return graph;
}

void add_captured(Driver& driver, Stream& stream, Work work) {
  const Capture& capture = valid(stream);
  const CUgraphNodeType type = node_type(work);
  advance(stream, add_node(driver, capture.graph, type, std::move(work), stream.capture_tail));
}

NodePtr add_captured_event(Driver& driver, Stream& stream, CUgraphNodeType type, const std::shared_ptr<Event>& event) {
  const NodePtr node = add_node(driver, valid(stream).graph, type, EmptyWork{}, stream.capture_tail);
  node->event = event;
  advance(stream, node);
  return node;
}

void wait_in_capture(Driver& driver, const std::shared_ptr<Stream>& stream, Event& event) {
  const std::shared_ptr<Capture> from = event.capture.lock();
  if (!stream->capture) {
    // The stream is forked into the event's capture, if that is still going on.
    require(from && std::ranges::find(driver.captures, from) != driver.captures.end(), CUDA_ERROR_CAPTURED_EVENT);
    require(!from->invalidated, CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    if (stream->is_legacy) invalidate(*from, CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
    stream->capture = from;
    stream->capture_tail.clear();
    from->streams.push_back(stream);
  } else {
    Capture& capture = valid(*stream);
    if (!event.was_captured) {
      if (!event.recorded) return;
      invalidate(capture, CUDA_ERROR_STREAM_CAPTURE_ISOLATION);
    }
    if (from != stream->capture) {
      if (from) from->invalidated = true;
      invalidate(capture, CUDA_ERROR_STREAM_CAPTURE_MERGE);
    }
  }
  for (const NodePtr& node : event.captured_after)
    if (std::ranges::find(stream->capture_tail, node) == stream->capture_tail.end())
      stream->capture_tail.push_back(node);
}

void forbid_capturing(Stream& stream) {
  if (stream.capture) invalidate(*stream.capture, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
}

void forbid_capturing(Driver& driver, const Context& context) {
  for (const auto& capture : driver.captures)
    if (capture->origin->context.get() == &context) invalidate(*capture, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
}

void forbid_implicit_capture(Driver& driver, Stream& stream) {
  if (!stream.is_legacy) return;
  for (const auto& capture : driver.captures)
    for (const auto& other : capture->streams)
      if (other->context == stream.context && other->waits_for_legacy())
        invalidate(*capture, CUDA_ERROR_STREAM_CAPTURE_IMPLICIT);
}

void forbid_unsafe(Driver& driver) {
  const CUstreamCaptureMode mode = thread_capture_mode();
  if (mode == CU_STREAM_CAPTURE_MODE_RELAXED) return;
  for (const auto& capture : driver.captures) {
    const bool own = capture->thread == std::this_thread::get_id();
    if (own ? capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED
            : mode == CU_STREAM_CAPTURE_MODE_GLOBAL && capture->mode == CU_STREAM_CAPTURE_MODE_GLOBAL)
      invalidate(*capture, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  }
}

void abandon_captures(Driver& driver, const Context& context) {
  const auto captures = driver.captures;
  for (const auto& capture : captures) {
    if (capture->origin->context.get() != &context) continue;
    destroy(driver, capture->graph);
    leave(driver, capture);
  }
}

}  // namespace vgpu::driver
