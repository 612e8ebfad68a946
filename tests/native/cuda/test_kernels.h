// Parameters of the kernels in test_kernels.cu.
#pragma once

namespace ki::test {

struct AddOneParams {
  unsigned* x;  // [count]
  unsigned count;
};

struct StoreParams {
  unsigned* address;
  unsigned value;
};

struct ReverseParams {
  unsigned* x;     // [count]
  unsigned count;  // a multiple of the block's threads, held in dynamic shared memory
};

}  // namespace ki::test
