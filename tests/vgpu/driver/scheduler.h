// The GPU: one thread that executes what streams were given, in an order that keeps to the waits and is otherwise
// chosen by the schedule and its seed.
//
// It is as lazy as it may be. Work runs when somebody waits for it, and then only what that wait needs; a missing
// synchronisation therefore shows as a wrong value every time instead of once in a while. Work for which nobody waits
// runs after a moment without calls, so that callbacks arrive and polled memory changes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "driver/work.h"

namespace vgpu::driver {

struct Operation;
using OperationPtr = std::shared_ptr<Operation>;

struct Operation {
  std::uint64_t sequence = 0;
  std::shared_ptr<Context> context;
  Work work;
  std::vector<OperationPtr> waits;       // what must be done before; emptied when this is done
  std::vector<OperationPtr> dependents;  // who waits for this
  std::size_t unmet = 0;                 // of `waits`
  bool wanted = false, done = false;
  std::chrono::steady_clock::time_point finished;
};

class Scheduler {
 public:
  using Lock = std::unique_lock<std::mutex>;

  // All members are called with the driver's mutex held; `wait` releases it meanwhile.
  OperationPtr add(std::shared_ptr<Context> context, Work work, const std::vector<OperationPtr>& waits);
  void wait(Lock& lock, const OperationPtr& operation);
  void wait_all(Lock& lock, const Context& context);
  void drain(Lock& lock);                        // all work of all contexts
  void progress(const OperationPtr& operation);  // a query: let the GPU do something towards it, without waiting
  // At the end of the process: no more work begins, and what runs may finish while static objects still live. The
  // thread itself is not joined.
  void stop();
  std::uint64_t launches() const { return launches_; }

 private:
  using Ready = std::map<std::uint64_t, OperationPtr>;

  void wait(Lock& lock, const std::vector<OperationPtr>& operations);
  void want(const OperationPtr& operation);
  void make_ready(const OperationPtr& operation);
  OperationPtr pick(const Ready& ready);
  void run(Lock& lock, const OperationPtr& operation);
  void start();
  [[noreturn]] void work_forever();
  std::chrono::milliseconds patience() const;

  Ready pending_, ready_, wanted_;  // wanted_: the ready ones for which somebody waits
  std::condition_variable call_, done_;
  std::chrono::steady_clock::time_point last_call_;
  std::uint64_t sequence_ = 0, launches_ = 0, picks_ = 0, host_functions_ = 0;
  bool started_ = false;
  std::timed_mutex working_;  // held while an operation is carried out
};

}  // namespace vgpu::driver
