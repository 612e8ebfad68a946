// What the operating system says about the machine and about this process's share of it.
#pragma once

#include <cstdint>
#include <string>

namespace ki::cpu {

// Threads this process may run at once: the affinity mask, cut by the cgroup's CPU quota (rounded up); at least 1.
int available_threads();

// The quota in a cgroup v2 `cpu.max` file's text (`200000 100000`) or in v1's two numbers, in whole threads, rounded
// up; 0 if there is no limit.
int quota_threads(const std::string& cpu_max);

std::string processor_model();
std::uint64_t memory_bytes();
std::uint64_t l2_cache_bytes();  // of one core; 1 MiB if the system does not say

}  // namespace ki::cpu
