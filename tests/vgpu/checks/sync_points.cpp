#include "checks/sync_points.h"

namespace vgpu {
namespace {

bool acquires(MemoryOrder order) { return order == MemoryOrder::acquire || order == MemoryOrder::acquire_release; }
bool releases(MemoryOrder order) { return order == MemoryOrder::release || order == MemoryOrder::acquire_release; }

}  // namespace

void FenceStates::fence(ThreadClocks& clocks, std::uint32_t thread, MemoryScope scope) {
  OfThread& state = of(thread, clocks.threads());
  clocks.acquire(thread, state.seen_in_block);
  state.seen_in_block = nullptr;
  if (scope != MemoryScope::block) {
    clocks.acquire(thread, state.seen);
    state.seen = nullptr;
  }
  state.released_to_block = clocks.release(thread);
  if (scope != MemoryScope::block) state.released = state.released_to_block;
}

void SyncPoints::read(const Point& point, const Access& access, ThreadClocks& clocks, FenceStates& fences,
                      std::uint32_t thread) {
  const SharedKnowledge within = point.block == clocks.block() ? point.published_to_block : nullptr;
  const SharedKnowledge from_all = access.scope == MemoryScope::block ? nullptr : point.published;
  if (acquires(access.order)) {
    clocks.acquire(thread, within);
    clocks.acquire(thread, from_all);
  } else if (within != nullptr || from_all != nullptr) {
    FenceStates::OfThread& state = fences.of(thread, clocks.threads());
    state.seen_in_block = join(state.seen_in_block, within);
    state.seen = join(state.seen, from_all);
  }
}

void SyncPoints::access(std::uint64_t address, const Access& access, ThreadClocks& clocks, FenceStates& fences,
                        std::uint32_t thread) {
  const auto known = points_.find(address);
  if (access.kind != AccessKind::store && known != points_.end()) {
    read(known->second, access, clocks, fences, thread);
  }
  if (access.kind != AccessKind::store && access.kind != AccessKind::atomic) return;

  SharedKnowledge to_block, to_all;
  if (releases(access.order)) {
    to_block = clocks.release(thread);
    if (access.scope != MemoryScope::block) to_all = to_block;
  } else if (!fences.empty()) {
    const FenceStates::OfThread& state = fences.of(thread, clocks.threads());
    to_block = state.released_to_block;
    if (access.scope != MemoryScope::block) to_all = state.released;
  }
  if (known == points_.end() && to_block == nullptr) return;
  Point& point = known != points_.end() ? known->second : points_[address];
  // An atomic continues what earlier writers published; a store replaces it.
  const bool continues = access.kind == AccessKind::atomic;
  point.published = continues ? join(point.published, to_all) : to_all;
  point.published_to_block =
      continues && point.block == clocks.block() ? join(point.published_to_block, to_block) : to_block;
  point.block = clocks.block();
}

}  // namespace vgpu
