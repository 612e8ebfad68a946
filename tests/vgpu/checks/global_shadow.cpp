#include "checks/global_shadow.h"

#include <bit>
#include <cstddef>

namespace vgpu {
namespace {

// The two bits of a stamp that give a writer's strength tell of a reader whether it was strong, or, if it was weak,
// whether threads of other blocks have read weakly too; of a word that was split they are both set.
constexpr std::uint32_t kStrongReader = 1, kSeveralBlocks = 2, kSplit = 3;
constexpr std::size_t kMostSplitWords = std::size_t{1} << 22;

Strength strength_of(const Access& access) {
  if (access.kind != AccessKind::atomic && access.order == MemoryOrder::weak) return Strength::weak;
  return access.scope == MemoryScope::block ? Strength::block : Strength::device;
}

Stamp with_bits(Stamp stamp, std::uint32_t two_bits) {
  return {(stamp.bits & ~(std::uint64_t{3} << 20)) | std::uint64_t{two_bits} << 20};
}
Stamp with_mask(Stamp stamp, std::uint32_t mask) {
  return {(stamp.bits & ~(std::uint64_t{0xF} << 16)) | std::uint64_t{mask} << 16};
}

std::size_t split_index(Stamp writer) {
  return std::size_t{writer.thread()} << 20 | writer.byte_mask() << 16 | writer.site();
}

}  // namespace

bool GlobalShadow::conflicts(Stamp other, bool other_is_strong, bool only_in_block, std::uint32_t thread,
                             const Visit& visit) const {
  const std::uint32_t block = epochs_.block_of(other.epoch());
  if (block == visit.clocks.block()) {
    if (visit.clocks.ordered(other.thread(), other.epoch(), thread)) return false;
    return !other_is_strong || visit.strength == Strength::weak;
  }
  if (block == kNoBlock || visit.clocks.ordered_elsewhere(block, other.thread(), other.epoch(), thread)) return false;
  return !other_is_strong || only_in_block || visit.strength != Strength::device;
}

void GlobalShadow::check_reader(Stamp reader, std::uint64_t address, std::uint32_t thread, const Visit& visit) {
  const bool strong = (reader.two_bits() & kStrongReader) != 0;
  if (conflicts(reader, strong, false, thread, visit)) {
    visit.listener.found({FindingKind::global_race, address, thread, reader, false, false});
  } else if (reader.two_bits() == kSeveralBlocks && !visit.clocks.heard_of_others()) {
    visit.listener.found({FindingKind::global_race, address, thread, reader, false, true});
  }
}

void GlobalShadow::note_reader(Stamp& reader, Stamp now, const Visit& visit) {
  const bool strong = visit.strength != Strength::weak;
  now = with_bits(now, strong ? kStrongReader : 0);
  if (!is_current(reader)) {
    reader = now;
    return;
  }
  const std::uint32_t bits = reader.two_bits();
  const bool was_strong = (bits & kStrongReader) != 0;
  // A weak reader conflicts with more, and is the one to remember.
  if (strong && !was_strong) return;
  if (epochs_.block_of(reader.epoch()) == visit.clocks.block()) {
    reader = with_bits(now, now.two_bits() | (bits & kSeveralBlocks));
  } else if (was_strong) {
    if (!strong) reader = now;
  } else {
    reader = with_bits(reader, kSeveralBlocks);
  }
}

// Whether a stamp speaks of the same thread, at the same time and as strongly, so that one can stand for both.
bool GlobalShadow::continues(Stamp stamp, bool stamp_is_strong, std::uint32_t thread, const Visit& visit) {
  return stamp.thread() == thread && stamp.epoch() == visit.clocks.epoch(thread) &&
         stamp_is_strong == (visit.strength != Strength::weak);
}

void GlobalShadow::visit_piece(Stamp& writer, Stamp& reader, std::uint32_t bytes_of_word, std::uint64_t address,
                               std::uint32_t thread, const Visit& visit) {
  if (is_current(writer) && (writer.byte_mask() & bytes_of_word) != 0 &&
      conflicts(writer, writer.strength() != Strength::weak, writer.strength() == Strength::block, thread, visit)) {
    visit.listener.found({FindingKind::global_race, address, thread, writer, true, false});
  }
  const Stamp now = Stamp::make(visit.clocks.epoch(thread), thread, visit.strength, bytes_of_word, visit.site);
  const auto joined = [&](Stamp old, bool old_is_strong) {
    if (bytes_of_word == 0xF) return now;
    return continues(old, old_is_strong, thread, visit) ? with_mask(now, bytes_of_word | old.byte_mask()) : now;
  };
  if (visit.writes) {
    if (is_current(reader)) {
      if ((reader.byte_mask() & bytes_of_word) != 0) check_reader(reader, address, thread, visit);
      reader = {};
    }
    writer = joined(writer, writer.strength() != Strength::weak);
  } else {
    note_reader(reader, joined(reader, (reader.two_bits() & kStrongReader) != 0), visit);
  }
}

// Whether a stamp of now may stand where this one stands, with no byte forgotten that it speaks of.
bool GlobalShadow::leaves_room(Stamp stamp, bool is_strong, std::uint32_t bytes_of_word, std::uint32_t thread,
                               const Visit& visit) const {
  return !is_current(stamp) || (stamp.byte_mask() & ~bytes_of_word) == 0 || continues(stamp, is_strong, thread, visit);
}

bool GlobalShadow::split(Stamp& writer, Stamp& reader) {
  const std::size_t index = split_.size();
  if (index == kMostSplitWords) return false;
  Notes& notes = split_.emplace_back();
  for (std::uint32_t byte = 0; byte < 4; ++byte) {
    if (is_current(writer) && (writer.byte_mask() >> byte & 1) != 0) notes.writers[byte] = with_mask(writer, 0xF);
    if (is_current(reader) && (reader.byte_mask() >> byte & 1) != 0) notes.readers[byte] = with_mask(reader, 0xF);
  }
  writer = with_bits(Stamp::make(first_epoch_, static_cast<std::uint32_t>(index >> 20), Strength::weak,
                                 index >> 16 & 0xF, index & 0xFFFF),
                     kSplit);
  reader = {};
  return true;
}

inline void GlobalShadow::visit_word(Notes& notes, std::uint32_t word, std::uint32_t bytes_of_word,
                                     std::uint64_t address, std::uint32_t thread, const Visit& visit) {
  Stamp& writer = notes.writers[word];
  Stamp& reader = notes.readers[word];
  bool is_split = is_current(writer) && writer.two_bits() == kSplit;
  if (!is_split && bytes_of_word != 0xF &&
      (!leaves_room(reader, (reader.two_bits() & kStrongReader) != 0, bytes_of_word, thread, visit) ||
       (visit.writes && !leaves_room(writer, writer.strength() != Strength::weak, bytes_of_word, thread, visit)))) {
    is_split = split(writer, reader);
  }
  if (!is_split) {
    visit_piece(writer, reader, bytes_of_word, address, thread, visit);
    return;
  }
  Notes& bytes = split_[split_index(writer)];
  for (std::uint32_t byte = 0; byte < 4; ++byte) {
    if ((bytes_of_word >> byte & 1) == 0) continue;
    visit_piece(bytes.writers[byte], bytes.readers[byte], 0xF, (address & ~std::uint64_t{3}) + byte, thread, visit);
  }
}

void GlobalShadow::check_written(std::uint64_t index, std::uint64_t address, std::uint32_t bytes, std::uint32_t thread,
                                 const Visit& visit) {
  for (std::uint32_t i = 0; i < bytes; ++i) {
    if (memory_.written().all(index + i, 1)) continue;
    visit.listener.found({FindingKind::uninitialised_read, address + i, thread, {}, false, false});
    return;
  }
}

inline void GlobalShadow::access_lane(std::uint64_t address, std::uint32_t bytes, std::uint32_t thread,
                                      const Visit& visit) {
  std::uint64_t index = address - kGlobalBase;
  bool pinned = false;
  if (address < kGlobalBase) [[unlikely]] {
    const MemoryRange* range = view_.find(address, bytes);
    if (range == nullptr) return;
    index = range->index + (address - range->base);
    pinned = range->pinned;
  }
  if (!pinned) {
    if (visit.reads && !memory_.written().all(index, bytes)) [[unlikely]] {
      check_written(index, address, bytes, thread, visit);
    }
    if (visit.writes) memory_.written().set(index, bytes);
  }
  Notes& notes = *reinterpret_cast<Notes*>(memory_.notes() + index / 16 * sizeof(Notes));
  const auto first = static_cast<std::uint32_t>(index % 16 / 4);
  if (bytes < 4) {
    visit_word(notes, first, ((1U << bytes) - 1) << (index % 4), address, thread, visit);
    return;
  }
  for (std::uint32_t word = 0; word < bytes / 4; ++word) {
    // What several blocks read and nobody writes is the usual case.
    const Stamp reader = notes.readers[first + word];
    if (!visit.writes && !is_current(notes.writers[first + word]) && is_current(reader) &&
        reader.two_bits() == kSeveralBlocks && reader.byte_mask() == 0xF) {
      continue;
    }
    visit_word(notes, first + word, 0xF, address + 4 * word, thread, visit);
  }
}

void GlobalShadow::access(const Access& access, std::uint32_t site, const ThreadClocks& clocks, Listener& listener) {
  const Visit visit{.clocks = clocks,
                    .listener = listener,
                    .site = site,
                    .strength = strength_of(access),
                    .reads = access.kind != AccessKind::store,
                    .writes = access.kind == AccessKind::store || access.kind == AccessKind::atomic};
  for (std::uint32_t lanes = access.lanes; lanes != 0; lanes &= lanes - 1) {
    const auto lane = static_cast<std::uint32_t>(std::countr_zero(lanes));
    access_lane(access.addresses[lane], access.bytes, access.warp * 32 + lane, visit);
  }
}

}  // namespace vgpu
