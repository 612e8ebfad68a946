#include "memory/memory_view.h"

namespace vgpu {

const MemoryRange* MemoryView::find_slowly(std::uint64_t address, std::uint64_t size_bytes) {
  const std::uint64_t generation = memory_->generation();
  if (generation != generation_) {
    ranges_.fill({});
    generation_ = generation;
  }
  const std::optional<MemoryRange> found = memory_->find(address);
  if (!found || !found->holds(address, size_bytes)) return nullptr;
  victim_ = victim_ % (ranges_.size() - 1) + 1;
  ranges_[victim_] = ranges_[0];
  ranges_[0] = *found;
  return &ranges_[0];
}

}  // namespace vgpu
