// All state of the stand-in: one per process, made on first use and never destroyed, because threads and atexit
// handlers of the program may call at any time.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "checks/counters.h"
#include "checks/findings.h"
#include "driver/configuration.h"
#include "driver/graph.h"
#include "driver/handles.h"
#include "driver/objects.h"
#include "driver/scheduler.h"
#include "memory/device_memory.h"

namespace vgpu::driver {

// Marks the GPU's thread while it is in a function of the program: such a function may not call the driver.
class HostFunctionScope {
 public:
  HostFunctionScope();
  ~HostFunctionScope();
  static bool active();  // on the calling thread
};

struct Device {
  std::shared_ptr<Context> primary;  // always there; its handle lives while it is retained
  unsigned retained = 0, primary_flags = 0;
  std::uint64_t used_bytes = 0;
  CUmemoryPool default_pool = nullptr, current_pool = nullptr;
};

struct MemoryPool {
  CUmemoryPool handle = nullptr;
  int device = 0;
  std::uint64_t release_threshold = 0;
};

class Driver {
 public:
  static Driver& instance();

  std::mutex mutex;  // of all that follows; not held while the GPU works
  Configuration configuration;
  bool initialised = false;
  std::atomic<bool> forked{false};
  Findings findings;
  std::size_t findings_shown = 0;
  std::vector<Counters> counters;
  std::unique_ptr<DeviceMemory> memory;
  std::vector<Device> devices;
  std::map<std::uint64_t, Allocation> allocations;  // by address
  Scheduler scheduler;
  std::vector<std::shared_ptr<Capture>> captures;  // those that are going on
  std::uint64_t capture_count = 0;
  int mutated_modules = 0;
  std::set<std::string> unsupported_calls;

  Handles<CUcontext, Context> contexts;
  Handles<CUstream, Stream> streams;
  Handles<CUevent, Event> events;
  Handles<CUmodule, Module> modules;
  Handles<CUfunction, Function> functions;
  Handles<CUlibrary, Library> libraries;
  Handles<CUkernel, Kernel> kernels;
  Handles<CUgraph, Graph> graphs;
  Handles<CUgraphNode, Node> nodes;
  Handles<CUgraphExec, ExecutableGraph> executables;
  Handles<CUmemoryPool, MemoryPool> pools;

  void initialise();
  Device& device(CUdevice ordinal);  // fails with INVALID_DEVICE

  // The calling thread's context. `healthy_context` fails without one, and with a fault that happened in it.
  CUcontext current_handle();
  std::shared_ptr<Context> current_context();
  std::shared_ptr<Context> healthy_context();
  std::vector<CUcontext>& context_stack();

  std::shared_ptr<Context> make_context(int device, unsigned flags);
  // Waits for its work, then ends all that lives in it.
  void tear_down(Call& call, Context& context);

  // Any stream value: handles, 0 and CU_STREAM_LEGACY, CU_STREAM_PER_THREAD.
  std::shared_ptr<Stream> stream(CUstream handle);
  std::shared_ptr<Stream> make_stream(const std::shared_ptr<Context>& context, unsigned flags, int priority);

  // Queues work behind what the stream has, or adds it to the graph that the stream captures (then null).
  OperationPtr submit(Stream& stream, Work work, const std::vector<OperationPtr>& also_wait = {});
  OperationPtr enqueue(Stream& stream, Work work, const std::vector<OperationPtr>& also_wait = {});
  // What a new operation of the stream would wait for; empty when all is done.
  std::vector<OperationPtr> predecessors(Stream& stream);
  // Waits until the stream has done what it has now; a fault is reported.
  void synchronise(Call& call, Stream& stream);

  std::uint64_t allocate(const std::shared_ptr<Context>& context, std::uint64_t size_bytes, Allocation::Kind kind);
  void free_device_memory(std::uint64_t address);
  void release(std::map<std::uint64_t, Allocation>::iterator allocation);
  // The live allocation that holds an address, or the end.
  std::map<std::uint64_t, Allocation>::iterator find_allocation(std::uint64_t address);

  void show_new_findings();
};

}  // namespace vgpu::driver
