#include "core/abi.h"
#include "core/handles.h"

ki_status ki_event_create(ki_device* device, ki_event** event) noexcept {
  return ki::guard([&] {
    ki::require(event, "event") = nullptr;
    auto handle = std::make_unique<ki_event>();
    handle->device = ki::require(device, "device").implementation;
    handle->implementation = handle->device->create_event();
    *event = handle.release();
  });
}

ki_status ki_event_record(ki_event* event, ki_stream* stream) noexcept {
  return ki::guard([&] {
    ki::require(event, "event");
    ki::require(stream, "stream");
    if (event->device != stream->device) ki::refuse("stream", "belongs to another device than the event");
    stream->implementation->record(*event->implementation);
    event->recorded = true;
  });
}

ki_status ki_event_query(ki_event* event, int32_t* reached) noexcept {
  return ki::guard([&] {
    ki::require(event, "event");
    ki::require(reached, "reached") = !event->recorded || event->implementation->reached();
  });
}

ki_status ki_event_synchronize(ki_event* event) noexcept {
  return ki::guard([&] {
    if (ki::require(event, "event").recorded) event->implementation->synchronize();
  });
}

ki_status ki_event_elapsed(const ki_event* start, const ki_event* stop, double* milliseconds) noexcept {
  return ki::guard([&] {
    ki::require(start, "start");
    ki::require(stop, "stop");
    ki::require(milliseconds, "milliseconds");
    if (!start->recorded) ki::refuse("start", "was never recorded");
    if (!stop->recorded) ki::refuse("stop", "was never recorded");
    if (start->device != stop->device) ki::refuse("stop", "belongs to another device than start");
    if (!start->implementation->reached()) ki::refuse("start", "was not reached yet; synchronize first");
    if (!stop->implementation->reached()) ki::refuse("stop", "was not reached yet; synchronize first");
    *milliseconds = stop->implementation->elapsed_since(*start->implementation);
  });
}

void ki_event_close(ki_event* event) noexcept { delete event; }
