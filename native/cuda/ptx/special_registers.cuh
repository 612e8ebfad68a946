// The thread's place in the grid. The reads are volatile: a value that is needed again after a long loop is read again, not
// kept in a register that the loop could use.
#pragma once

namespace ki::ptx {

__device__ inline int tid_x() {
  int x;
  asm volatile("mov.u32 %0, %%tid.x;" : "=r"(x));
  return x;
}

__device__ inline int ctaid_x() {
  int x;
  asm volatile("mov.u32 %0, %%ctaid.x;" : "=r"(x));
  return x;
}

}  // namespace ki::ptx
