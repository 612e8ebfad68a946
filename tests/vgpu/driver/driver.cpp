// State and rules that all groups of calls share: see driver.h.
#include "driver/driver.h"

#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "driver/capture.h"

namespace vgpu::driver {

namespace {

thread_local bool in_host_function = false;

// One address space serves all devices; each counts its own use. The rest is for red zones, pinned memory, and so that
// what was freed is not used again soon.
constexpr std::uint64_t kAddressSpaceFactor = 2;

// What a person needs to see and to repeat the run, after all output of the program.
void say_at_exit() {
  Driver& driver = Driver::instance();
  if (driver.forked) return;
  driver.scheduler.stop();
  const std::size_t count = driver.findings.count();
  const Settings& settings = driver.configuration.settings;
  if (count == 0 && (settings.schedule != Schedule::random || driver.scheduler.launches() == 0)) return;
  std::fprintf(stderr, "vgpu: %zu finding%s, schedule %s, seed %llu\n", count, count == 1 ? "" : "s",
               name(settings.schedule), static_cast<unsigned long long>(settings.seed));
}

}  // namespace

HostFunctionScope::HostFunctionScope() { in_host_function = true; }
HostFunctionScope::~HostFunctionScope() { in_host_function = false; }
bool HostFunctionScope::active() { return in_host_function; }

Driver& Driver::instance() {
  static Driver& driver = *[] {
    auto* made = new Driver;
    made->configuration = configuration_from_environment();
    // The GPU's thread does not exist in a child, and the mutexes may be held there for ever.
    pthread_atfork(nullptr, nullptr, [] {
      Driver& parent = instance();
      if (parent.initialised) parent.forked = true;
    });
    return made;
  }();
  return driver;
}

Call::Call() : driver(Driver::instance()) {
  if (driver.forked) fail(CUDA_ERROR_NOT_INITIALIZED);
  if (in_host_function) fail(CUDA_ERROR_NOT_PERMITTED);
  lock = std::unique_lock(driver.mutex);
  require(driver.initialised, CUDA_ERROR_NOT_INITIALIZED);
}

void Driver::initialise() {
  if (initialised) return;
  require(configuration.devices > 0, CUDA_ERROR_NO_DEVICE);
  const auto count = static_cast<std::uint64_t>(configuration.devices);
  memory = std::make_unique<DeviceMemory>(configuration.memory_bytes * count * kAddressSpaceFactor);
  devices.resize(count);
  for (int ordinal = 0; ordinal < configuration.devices; ++ordinal) {
    Device& device = devices[static_cast<std::size_t>(ordinal)];
    auto pool = std::make_shared<MemoryPool>();
    pool->device = ordinal;
    device.default_pool = device.current_pool = pool->handle = pools.add(pool);
  }
  std::atexit(say_at_exit);
  initialised = true;
}

Device& Driver::device(CUdevice ordinal) {
  require(ordinal >= 0 && ordinal < static_cast<int>(devices.size()), CUDA_ERROR_INVALID_DEVICE);
  return devices[static_cast<std::size_t>(ordinal)];
}

std::vector<CUcontext>& Driver::context_stack() {
  thread_local std::vector<CUcontext> stack;
  return stack;
}

CUcontext Driver::current_handle() { return context_stack().empty() ? nullptr : context_stack().back(); }

std::shared_ptr<Context> Driver::current_context() {
  const CUcontext handle = current_handle();
  require(handle != nullptr, CUDA_ERROR_INVALID_CONTEXT);
  auto context = contexts.find(handle);
  require(context && !context->destroyed, CUDA_ERROR_CONTEXT_IS_DESTROYED);
  return context;
}

std::shared_ptr<Context> Driver::healthy_context() {
  auto context = current_context();
  require(context->sticky == CUDA_SUCCESS, context->sticky);
  return context;
}

std::shared_ptr<Context> Driver::make_context(int ordinal, unsigned flags) {
  auto context = std::make_shared<Context>();
  context->device = ordinal;
  context->flags = flags;
  context->api_version = 3020;
  context->limits = {{CU_LIMIT_STACK_SIZE, 1024},
                     {CU_LIMIT_PRINTF_FIFO_SIZE, 1 << 20},
                     {CU_LIMIT_MALLOC_HEAP_SIZE, 8 << 20},
                     {CU_LIMIT_MAX_L2_FETCH_GRANULARITY, 64},
                     {CU_LIMIT_PERSISTING_L2_CACHE_SIZE, 0}};
  context->handle = contexts.add(context);
  context->id = reinterpret_cast<std::uint64_t>(context->handle) & 0xFFFF'FFFF;
  context->legacy = std::make_shared<Stream>();
  context->legacy->handle = CU_STREAM_LEGACY;
  context->legacy->context = context;
  context->legacy->is_legacy = true;
  context->streams.push_back(context->legacy);
  return context;
}

void Driver::tear_down(Call& call, Context& context) {
  abandon_captures(*this, context);
  scheduler.wait_all(call.lock, context);
  context.destroyed = true;
  const auto lives_here = [&](const auto& object) { return object.context.get() == &context; };
  streams.remove_if(lives_here);
  events.remove_if(lives_here);
  functions.remove_if([&](const Function& function) { return function.module->context.get() == &context; });
  executables.remove_if(lives_here);
  modules.remove_if(lives_here);
  for (auto allocation = allocations.begin(); allocation != allocations.end();) {
    const auto next = std::next(allocation);
    if (allocation->second.context.get() == &context) release(allocation);
    allocation = next;
  }
  // Streams and their context hold each other.
  context.legacy.reset();
  context.per_thread.clear();
  context.streams.clear();
  contexts.remove(context.handle);
}

std::shared_ptr<Stream> Driver::make_stream(const std::shared_ptr<Context>& context, unsigned flags, int priority) {
  auto stream = std::make_shared<Stream>();
  stream->context = context;
  stream->flags = flags;
  stream->priority = priority;
  stream->handle = streams.add(stream);
  stream->id = reinterpret_cast<std::uint64_t>(stream->handle) & 0xFFFF'FFFF;
  // A destroyed stream stays until its work is done: the legacy stream waits for that, too.
  std::erase_if(context->streams, [](const auto& s) { return s->destroyed && (!s->last || s->last->done); });
  context->streams.push_back(stream);
  return stream;
}

std::shared_ptr<Stream> Driver::stream(CUstream handle) {
  if (handle != nullptr && handle != CU_STREAM_LEGACY && handle != CU_STREAM_PER_THREAD) {
    auto stream = streams.find(handle);
    require(stream != nullptr, CUDA_ERROR_INVALID_HANDLE);
    require(stream->context->sticky == CUDA_SUCCESS, stream->context->sticky);
    return stream;
  }
  const auto context = healthy_context();
  if (handle != CU_STREAM_PER_THREAD) return context->legacy;
  auto& stream = context->per_thread[std::this_thread::get_id()];
  if (!stream) {
    stream = std::make_shared<Stream>();
    stream->handle = CU_STREAM_PER_THREAD;
    stream->context = context;
    context->streams.push_back(stream);
  }
  return stream;
}

std::vector<OperationPtr> Driver::predecessors(Stream& stream) {
  std::vector<OperationPtr> waits;
  const auto add = [&](const OperationPtr& operation) {
    if (operation && !operation->done) waits.push_back(operation);
  };
  add(stream.last);
  if (stream.is_legacy) {
    for (const auto& other : stream.context->streams)
      if (other->waits_for_legacy()) add(other->last);
  } else if (stream.waits_for_legacy()) {
    add(stream.context->legacy->last);
  }
  return waits;
}

OperationPtr Driver::enqueue(Stream& stream, Work work, const std::vector<OperationPtr>& also_wait) {
  std::vector<OperationPtr> waits = predecessors(stream);
  waits.insert(waits.end(), also_wait.begin(), also_wait.end());
  return stream.last = scheduler.add(stream.context, std::move(work), waits);
}

OperationPtr Driver::submit(Stream& stream, Work work, const std::vector<OperationPtr>& also_wait) {
  forbid_implicit_capture(*this, stream);
  if (!stream.capture) return enqueue(stream, std::move(work), also_wait);
  add_captured(*this, stream, std::move(work));
  return nullptr;
}

void Driver::synchronise(Call& call, Stream& stream) {
  const std::shared_ptr<Context> context = stream.context;
  for (const OperationPtr& operation : predecessors(stream)) scheduler.wait(call.lock, operation);
  require(context->sticky == CUDA_SUCCESS, context->sticky);
}

std::uint64_t Driver::allocate(const std::shared_ptr<Context>& context, std::uint64_t size_bytes,
                               Allocation::Kind kind) {
  Device& owner = device(context->device);
  require(size_bytes <= configuration.memory_bytes - owner.used_bytes, CUDA_ERROR_OUT_OF_MEMORY);
  const auto address = memory->allocate(size_bytes);
  require(address.has_value(), CUDA_ERROR_OUT_OF_MEMORY);
  Allocation& allocation = allocations[*address];
  allocation.kind = kind;
  allocation.size_bytes = size_bytes;
  allocation.context = context;
  allocation.id = next_handle() & 0xFFFF'FFFF;
  owner.used_bytes += size_bytes;
  return *address;
}

void Driver::free_device_memory(std::uint64_t address) {
  const auto allocation = allocations.find(address);
  if (allocation != allocations.end()) release(allocation);
}

void Driver::release(std::map<std::uint64_t, Allocation>::iterator allocation) {
  const auto& [address, details] = *allocation;
  switch (details.kind) {
    case Allocation::Kind::device:
    case Allocation::Kind::stream_ordered:
      memory->free(address);
      device(details.context->device).used_bytes -= details.size_bytes;
      break;
    case Allocation::Kind::host:
      memory->unpin(reinterpret_cast<void*>(address));
      munmap(reinterpret_cast<void*>(address), details.size_bytes);
      break;
    case Allocation::Kind::registered: memory->unpin(reinterpret_cast<void*>(address)); break;
  }
  allocations.erase(allocation);
}

std::map<std::uint64_t, Allocation>::iterator Driver::find_allocation(std::uint64_t address) {
  auto after = allocations.upper_bound(address);
  if (after == allocations.begin()) return allocations.end();
  const auto candidate = std::prev(after);
  return address - candidate->first < candidate->second.size_bytes ? candidate : allocations.end();
}

void Driver::show_new_findings() {
  if (findings.count() == findings_shown) return;
  const auto all = findings.all();
  for (; findings_shown < all.size(); ++findings_shown)
    std::fprintf(stderr, "vgpu: %s: %s\n", name(all[findings_shown].kind), all[findings_shown].text.c_str());
}

}  // namespace vgpu::driver
