// The GPU's thread: see scheduler.h.
#include "driver/scheduler.h"

#include <algorithm>
#include <csignal>
#include <iterator>
#include <thread>

#include "driver/driver.h"

namespace vgpu::driver {

using std::chrono::steady_clock;

OperationPtr Scheduler::add(std::shared_ptr<Context> context, Work work, const std::vector<OperationPtr>& waits) {
  start();
  auto operation = std::make_shared<Operation>();
  operation->sequence = ++sequence_;
  operation->context = std::move(context);
  operation->work = std::move(work);
  if (std::holds_alternative<KernelWork>(operation->work)) ++launches_;
  if (std::holds_alternative<HostWork>(operation->work)) ++host_functions_;
  for (const OperationPtr& wait : waits) {
    if (!wait || wait->done) continue;
    operation->waits.push_back(wait);
    wait->dependents.push_back(operation);
  }
  operation->unmet = operation->waits.size();
  pending_.emplace(operation->sequence, operation);
  if (operation->unmet == 0) make_ready(operation);
  last_call_ = steady_clock::now();
  call_.notify_one();
  return operation;
}

void Scheduler::make_ready(const OperationPtr& operation) {
  ready_.emplace(operation->sequence, operation);
  if (operation->wanted) wanted_.emplace(operation->sequence, operation);
}

// Marks all that an operation needs. No recursion: a stream may hold many thousands.
void Scheduler::want(const OperationPtr& operation) {
  std::vector<OperationPtr> stack{operation};
  while (!stack.empty()) {
    const OperationPtr next = std::move(stack.back());
    stack.pop_back();
    if (!next || next->done || next->wanted) continue;
    next->wanted = true;
    if (ready_.contains(next->sequence)) wanted_.emplace(next->sequence, next);
    stack.insert(stack.end(), next->waits.begin(), next->waits.end());
  }
}

void Scheduler::wait(Lock& lock, const OperationPtr& operation) {
  if (!operation) return;
  const OperationPtr target = operation;  // the stream's own pointer changes while the lock is released
  want(target);
  call_.notify_one();
  done_.wait(lock, [&] { return target->done; });
}

void Scheduler::wait_all(Lock& lock, const Context& context) {
  std::vector<OperationPtr> operations;
  for (const auto& [sequence, operation] : pending_)
    if (operation->context.get() == &context) operations.push_back(operation);
  wait(lock, operations);
}

void Scheduler::drain(Lock& lock) {
  std::vector<OperationPtr> operations;
  for (const auto& [sequence, operation] : pending_) operations.push_back(operation);
  wait(lock, operations);
}

// Only for what is there now: another thread may keep adding.
void Scheduler::wait(Lock& lock, const std::vector<OperationPtr>& operations) {
  for (const OperationPtr& operation : operations) want(operation);
  call_.notify_one();
  done_.wait(lock, [&] { return std::ranges::all_of(operations, [](const auto& o) { return o->done; }); });
}

void Scheduler::progress(const OperationPtr& operation) {
  want(operation);
  call_.notify_one();
}

OperationPtr Scheduler::pick(const Ready& ready) {
  const Settings& settings = Driver::instance().configuration.settings;
  switch (settings.schedule) {
    case Schedule::forward: return ready.begin()->second;
    case Schedule::reverse: return ready.rbegin()->second;
    case Schedule::random: break;
  }
  // splitmix64 of the seed and of how many choices were made before.
  std::uint64_t x = settings.seed + ++picks_ * 0x9E37'79B9'7F4A'7C15;
  x = (x ^ (x >> 30)) * 0xBF58'476D'1CE4'E5B9;
  x = (x ^ (x >> 27)) * 0x94D0'49BB'1331'11EB;
  return std::next(ready.begin(), static_cast<std::ptrdiff_t>((x ^ (x >> 31)) % ready.size()))->second;
}

// A host function tells somebody that the work is done, so it is not kept waiting as long as other work.
std::chrono::milliseconds Scheduler::patience() const {
  const std::uint64_t patience = Driver::instance().configuration.patience_ms;
  return std::chrono::milliseconds(host_functions_ > 0 ? std::min<std::uint64_t>(patience, 1) : patience);
}

void Scheduler::run(Lock& lock, const OperationPtr& operation) {
  ready_.erase(operation->sequence);
  wanted_.erase(operation->sequence);
  Driver& driver = Driver::instance();
  Context& context = *operation->context;
  CUresult result = context.sticky;
  HostWork* const host = std::get_if<HostWork>(&operation->work);
  if (host != nullptr) --host_functions_;
  if (const auto* freed = std::get_if<FreeWork>(&operation->work)) {
    driver.free_device_memory(freed->address);
  } else if (host != nullptr && host->callback != nullptr) {
    lock.unlock();
    {
      const std::scoped_lock working(working_);
      const HostFunctionScope scope;
      host->callback(host->stream, result, host->data);
    }
    lock.lock();
  } else if (result == CUDA_SUCCESS && !std::holds_alternative<EmptyWork>(operation->work)) {
    lock.unlock();
    {
      const std::scoped_lock working(working_);
      result = carry_out(driver, operation->work);
    }
    lock.lock();
    driver.show_new_findings();
    if (context.sticky == CUDA_SUCCESS) context.sticky = result;
  }
  operation->done = true;
  operation->finished = steady_clock::now();
  operation->waits.clear();
  pending_.erase(operation->sequence);
  for (const OperationPtr& dependent : operation->dependents)
    if (--dependent->unmet == 0) make_ready(dependent);
  operation->dependents.clear();
  operation->work = EmptyWork{};  // lets go of parameters, staged bytes and the module
  done_.notify_all();
}

void Scheduler::work_forever() {
  Lock lock(Driver::instance().mutex);
  while (true) {
    if (!wanted_.empty()) {
      run(lock, pick(wanted_));
    } else if (ready_.empty()) {
      call_.wait(lock);
    } else if (const auto due = last_call_ + patience(); steady_clock::now() < due) {
      call_.wait_until(lock, due);
    } else {
      run(lock, pick(ready_));
    }
  }
}

void Scheduler::stop() {
  // Never released. A host function that never returns must not keep the process from ending.
  (void)working_.try_lock_for(std::chrono::seconds(2));
}

void Scheduler::start() {
  if (started_) return;
  // Signals are for the program's own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    // Never joined: it lives as long as the process, and the library is never unloaded.
    std::thread([this] { work_forever(); }).detach();
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    fail(CUDA_ERROR_OUT_OF_MEMORY);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  started_ = true;
}

}  // namespace vgpu::driver
