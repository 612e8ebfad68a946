#include "cuda/cuda_buffer.h"

#include <algorithm>

#include "cuda/context.h"

namespace ki::cuda {
namespace {

// The driver allocates no 0 bytes, and every buffer has an address.
std::size_t at_least_one(std::uint64_t size_bytes) { return std::max<std::uint64_t>(size_bytes, 1); }

void check_allocated(Result result, const char* what, std::uint64_t size_bytes) {
  if (result != kSuccess) check(result, concat(what, " of ", size_bytes, " bytes").c_str());
}

// Frees in the context that the memory is of. It may be closing after an error, or after its context was destroyed: then the
// driver refuses, and there is nothing left to free and nobody to tell.
template <typename Free>
void free_in(ContextHandle context, const Free& free) noexcept {
  if (in_forked_child()) return;  // the parent's
  try {
    const CurrentContext current(context);
    const DuringCapture during_capture;
    free(driver());
  } catch (...) {
  }
}

}  // namespace

DeviceMemory::DeviceMemory(ContextHandle context, std::uint64_t size_bytes) : context_(context) {
  const CurrentContext current(context);
  const DuringCapture during_capture;
  check_allocated(driver().cuMemAlloc(&address_, at_least_one(size_bytes)), "cuMemAlloc", size_bytes);
}

DeviceMemory::~DeviceMemory() {
  free_in(context_, [&](const Driver& functions) { functions.cuMemFree(address_); });
}

PinnedMemory::PinnedMemory(ContextHandle context, std::uint64_t size_bytes) : context_(context) {
  const CurrentContext current(context);
  const DuringCapture during_capture;
  check_allocated(
      driver().cuMemHostAlloc(&address_, at_least_one(size_bytes), kHostAllocPortable | kHostAllocDeviceMap),
      "cuMemHostAlloc", size_bytes);
}

PinnedMemory::~PinnedMemory() {
  free_in(context_, [&](const Driver& functions) { functions.cuMemFreeHost(address_); });
}

}  // namespace ki::cuda
