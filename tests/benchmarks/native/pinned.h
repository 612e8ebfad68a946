#pragma once

#include <sched.h>

namespace ki::bench {

int available_processors();

// Keeps the calling thread, and those it starts meanwhile, on a few of the processors it may use.
class Pinned {
 public:
  // `count` processors, from the `first` one on.
  explicit Pinned(int count, int first = 0);
  ~Pinned();
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;

 private:
  cpu_set_t saved_;
};

}  // namespace ki::bench
