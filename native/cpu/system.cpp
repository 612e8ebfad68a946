#include "cpu/system.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

namespace ki::cpu {
namespace {

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

int affinity_threads() {
  // Machines of more than 1024 processors need a larger mask than cpu_set_t: grow until the kernel is content.
  for (int processors = 1024; processors <= 1 << 20; processors *= 2) {
    cpu_set_t* mask = CPU_ALLOC(processors);
    if (mask == nullptr) return 1;
    const std::size_t bytes = CPU_ALLOC_SIZE(processors);
    const int count = sched_getaffinity(0, bytes, mask) == 0 ? CPU_COUNT_S(bytes, mask) : 0;
    CPU_FREE(mask);
    if (count > 0) return count;
  }
  return 1;
}

// The smallest quota from this process's cgroup up to the root, v2 and v1 alike; 0 if none.
int cgroup_quota_threads() {
  int smallest = 0;
  const auto consider = [&](const std::string& text) {
    const int threads = quota_threads(text);
    if (threads > 0 && (smallest == 0 || threads < smallest)) smallest = threads;
  };
  std::ifstream cgroups("/proc/self/cgroup");  // lines of hierarchy:controllers:path
  for (std::string line; std::getline(cgroups, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    for (std::string path = line.substr(second + 1);; path.resize(path.find_last_of('/'))) {
      if (controllers.empty()) {
        consider(first_line("/sys/fs/cgroup" + path + "/cpu.max"));
      } else if (controllers == "cpu" || controllers == "cpu,cpuacct") {
        const std::string folder = "/sys/fs/cgroup/" + controllers + path;
        consider(first_line(folder + "/cpu.cfs_quota_us") + " " + first_line(folder + "/cpu.cfs_period_us"));
      }
      if (path.find_last_of('/') == std::string::npos) break;
    }
  }
  return smallest;
}

}  // namespace

int quota_threads(const std::string& cpu_max) {
  std::istringstream text(cpu_max);
  double quota = 0, period = 0;
  if (!(text >> quota >> period) || quota <= 0 || period <= 0) return 0;  // `max 100000` and `-1 100000` are no limit
  return static_cast<int>(std::min((quota + period - 1) / period, 1024.0));
}

int available_threads() {
  const int affinity = affinity_threads(), quota = cgroup_quota_threads();
  return quota > 0 ? std::min(affinity, quota) : affinity;
}

std::string processor_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown processor";
}

std::uint64_t memory_bytes() {
  return static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGE_SIZE));
}

std::uint64_t l2_cache_bytes() {
  const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  return bytes > 0 ? static_cast<std::uint64_t>(bytes) : 1 << 20;
}

}  // namespace ki::cpu
