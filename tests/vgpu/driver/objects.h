// The things behind the handles: contexts, streams, events, modules, functions.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "driver/api.h"
#include "driver/scheduler.h"
#include "machine/launch.h"

namespace vgpu::driver {

struct Capture;
struct Node;
struct Module;

struct Context {
  CUcontext handle = nullptr;
  int device = 0;
  bool primary = false, destroyed = false;
  unsigned flags = 0, api_version = 0;
  std::uint64_t id = 0;
  CUresult sticky = CUDA_SUCCESS;  // a fault of a kernel: every later call of this context fails with it
  std::map<CUlimit, std::size_t> limits;
  CUfunc_cache cache = CU_FUNC_CACHE_PREFER_NONE;
  CUsharedconfig shared_config = CU_SHARED_MEM_CONFIG_DEFAULT_BANK_SIZE;
  std::set<CUcontext> peers;  // whose memory it may use
  std::shared_ptr<Stream> legacy;
  std::map<std::thread::id, std::shared_ptr<Stream>> per_thread;
  std::vector<std::shared_ptr<Stream>> streams;  // all of the above and those of cuStreamCreate
};

struct Stream {
  CUstream handle = nullptr;
  std::shared_ptr<Context> context;
  unsigned flags = CU_STREAM_DEFAULT;
  int priority = 0;
  std::uint64_t id = 0;
  bool is_legacy = false, destroyed = false;
  OperationPtr last;
  std::shared_ptr<Capture> capture;                 // null: not capturing
  std::vector<std::shared_ptr<Node>> capture_tail;  // what the next captured node depends on

  bool waits_for_legacy() const { return !is_legacy && (flags & CU_STREAM_NON_BLOCKING) == 0; }
};

struct Event {
  CUevent handle = nullptr;
  std::shared_ptr<Context> context;
  unsigned flags = CU_EVENT_DEFAULT;
  OperationPtr recorded;      // null: never recorded
  bool was_captured = false;  // its last record was in a capture: this one, while that goes on, and behind these nodes
  std::weak_ptr<Capture> capture;
  std::vector<std::shared_ptr<Node>> captured_after;
};

// A kernel of a module. Lives as long as work or a graph uses it.
struct Function {
  CUfunction handle = nullptr;
  std::shared_ptr<Module> module;
  int index = -1;
  std::string name;
  std::uint32_t dynamic_shared_limit = 0;
  int shared_carveout = -1;
};

struct Module {
  CUmodule handle = nullptr;
  std::shared_ptr<Context> context;
  std::unique_ptr<Program> program;
  std::map<std::string, CUfunction> functions;  // those that were asked for
};

// What was loaded without a context; becomes a module in each context that uses it.
struct Library {
  CUlibrary handle = nullptr;
  std::string text;
  std::map<CUcontext, CUmodule> modules;
  std::map<std::string, CUkernel> kernels;
};

struct Kernel {
  CUkernel handle = nullptr;
  std::shared_ptr<Library> library;
  std::string name;
};

struct Allocation {
  enum class Kind { device, stream_ordered, host, registered };
  Kind kind = Kind::device;
  std::uint64_t size_bytes = 0;
  std::shared_ptr<Context> context;
  unsigned flags = 0;
  bool free_queued = false;
  std::uint64_t id = 0;
};

}  // namespace vgpu::driver
