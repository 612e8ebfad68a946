#include "checks/sync_points.h"

#include <array>

namespace vgpu {
namespace {

constexpr std::array kFields{&FenceStates::OfThread::released_to_block, &FenceStates::OfThread::released,
                             &FenceStates::OfThread::seen_in_block, &FenceStates::OfThread::seen};

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

void FenceStates::barrier(std::span<const std::uint32_t> arriving, std::span<const std::uint32_t> waiting,
                          std::uint32_t first_warp) {
  if (states_.empty()) return;
  const auto for_threads = [&](std::span<const std::uint32_t> mask, auto visit) {
    for (std::size_t i = 0; i < mask.size() * 32; ++i) {
      const std::size_t thread = first_warp * std::size_t{32} + i;
      if (thread < states_.size() && (mask[i / 32] >> i % 32 & 1) != 0) visit(states_[thread]);
    }
  };
  std::array<KnowledgeSum, kFields.size()> sums;
  for_threads(arriving, [&](const OfThread& state) {
    for (std::size_t field = 0; field < kFields.size(); ++field) sums[field].add(state.*kFields[field]);
  });
  std::array<SharedKnowledge, kFields.size()> all;
  for (std::size_t field = 0; field < kFields.size(); ++field) all[field] = sums[field].get();
  for_threads(waiting, [&](OfThread& state) {
    for (std::size_t field = 0; field < kFields.size(); ++field) {
      state.*kFields[field] = join(state.*kFields[field], all[field]);
    }
  });
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
