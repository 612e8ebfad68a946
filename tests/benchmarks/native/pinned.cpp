#include "pinned.h"

#include <cerrno>
#include <system_error>

namespace ki::bench {
namespace {

cpu_set_t affinity() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) throw std::system_error(errno, std::generic_category(), "affinity");
  return set;
}

}  // namespace

int available_processors() {
  const cpu_set_t set = affinity();
  return CPU_COUNT(&set);
}

Pinned::Pinned(int count, int first) : saved_(affinity()) {
  cpu_set_t chosen;
  CPU_ZERO(&chosen);
  for (int cpu = 0, seen = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &saved_)) continue;
    if (seen >= first && seen < first + count) CPU_SET(cpu, &chosen);
    ++seen;
  }
  if (sched_setaffinity(0, sizeof(chosen), &chosen) != 0) {
    throw std::system_error(errno, std::generic_category(), "pinning a thread");
  }
}

Pinned::~Pinned() { sched_setaffinity(0, sizeof(saved_), &saved_); }

}  // namespace ki::bench
