#include "checks/shared_shadow.h"

#include <algorithm>
#include <bit>

namespace vgpu {
namespace {

std::uint32_t mask_of(std::uint64_t offset, std::uint32_t bytes) { return ((1U << bytes) - 1) << (offset % 16); }

std::uint32_t next_lane(std::uint32_t& lanes) {
  const auto lane = static_cast<std::uint32_t>(std::countr_zero(lanes));
  lanes &= lanes - 1;
  return lane;
}

std::uint32_t lot(std::uint32_t cell, std::uint32_t warp) {
  const std::uint32_t mixed = (cell * 32 + warp) * 0x9E3779B1U;
  return (mixed ^ mixed >> 15) * 0x85EBCA77U;
}

Strength strength_of(const Access& access) {
  return access.kind == AccessKind::atomic || access.order != MemoryOrder::weak ? Strength::device : Strength::weak;
}

}  // namespace

void SharedShadow::begin(std::uint32_t shared_bytes) {
  const std::size_t cells = (std::size_t{shared_bytes} + 15) / 16;
  // Stamps of an earlier block are older than anything of this one and need no clearing; the pieces stay split.
  if (cells != cells_.size()) {
    cells_.assign(cells, {});
    pieces_.assign(4, {});
  }
  written_.assign(cells, 0);
  flying_.assign(cells, 0);
}

void SharedShadow::split(Cell& cell, std::uint32_t pieces) {
  const std::size_t first = pieces_.size();
  pieces_.resize(first + pieces);
  for (std::uint32_t i = 0; i < pieces; ++i) {
    // A cell that is split once more hands down what its four pieces know.
    Cell& piece = pieces_[first + i];
    piece = cell.split == 0 ? cell : pieces_[cell.split / 2 * 4 + i / 4];
    piece.split = 0;
  }
  cell.split = static_cast<std::uint32_t>(first / 4 * 2 + (pieces == 16 ? 1 : 0));
}

template <typename Function>
inline void SharedShadow::for_pieces(std::uint64_t offset, std::uint32_t bytes, Function visit) {
  Cell& cell = cells_[offset / 16];
  if (bytes == 16 && cell.split == 0) [[likely]] {
    visit(cell, offset);
    return;
  }
  if (cell.split == 0 || (bytes < 4 && cell.split % 2 == 0)) split(cell, bytes < 4 ? 16 : 4);
  Cell* pieces = pieces_.data() + cell.split / 2 * 4;
  const std::uint32_t width = cell.split % 2 == 0 ? 4 : 1;
  for (std::uint32_t done = 0; done < bytes; done += width) {
    visit(pieces[(offset % 16 + done) / width], offset + done);
  }
}

inline bool SharedShadow::conflicts(Stamp writer, std::uint32_t thread, const Visit& visit) {
  if (writer.epoch() <= visit.clocks.floor()) [[likely]]
    return false;
  if (visit.clocks.ordered(writer.thread(), writer.epoch(), thread)) return false;
  return writer.strength() == Strength::weak || visit.strength == Strength::weak;
}

bool SharedShadow::all_ordered(const Reader& reader, std::uint32_t thread, const ThreadClocks& clocks) {
  for (std::uint32_t lanes = reader.lanes; lanes != 0;) {
    if (!clocks.ordered((reader.by >> 24) * 32 + next_lane(lanes), reader.epoch, thread)) return false;
  }
  return true;
}

void SharedShadow::note_reader(Cell& cell, std::uint32_t lane, std::uint32_t epoch, const Visit& visit) {
  const std::uint32_t by = visit.warp << 24 | (visit.strength != Strength::weak ? 1U << 16 : 0) | visit.site;
  const std::uint32_t bit = 1U << lane;
  const std::uint32_t thread = visit.warp * 32 + lane;
  cell.last_read = std::max(cell.last_read, epoch);
  // An entry that this read makes superfluous: whoever comes after it comes after that one too.
  Reader* place = nullptr;
  for (Reader& reader : cell.readers) {
    if (reader.epoch == epoch && reader.by == by) {
      reader.lanes |= bit;
      return;
    }
    if (place != nullptr) continue;
    const bool covered = (reader.by >> 16 & 1) != 0 || visit.strength == Strength::weak;
    if (reader.epoch <= visit.clocks.floor() || (covered && all_ordered(reader, thread, visit.clocks))) place = &reader;
  }
  if (place == nullptr) {
    // Four groups are kept, which ones varies from cell to cell: over a tile every warp is remembered somewhere.
    const auto cell_number = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(&cell) / sizeof(Cell));
    place = &*std::max_element(cell.readers.begin(), cell.readers.end(), [&](const Reader& a, const Reader& b) {
      return lot(cell_number, a.by >> 24) < lot(cell_number, b.by >> 24);
    });
    if (lot(cell_number, place->by >> 24) < lot(cell_number, visit.warp)) return;
  }
  *place = {epoch, bit, by};
}

inline void SharedShadow::read_cell(Cell& cell, std::uint64_t offset, std::uint32_t lane, const Visit& visit) {
  const std::uint32_t thread = visit.warp * 32 + lane;
  if (conflicts(cell.writer, thread, visit)) [[unlikely]] {
    visit.listener.found({FindingKind::shared_race, offset, thread, cell.writer, true});
  }
  const std::uint32_t epoch = visit.clocks.epoch(thread);
  Reader& first = cell.readers[visit.warp % 4];
  // A reader that no one has come near since the last barrier of the block takes the place of an old one at once.
  const bool mine = first.by >> 24 == visit.warp && first.lanes == 1U << lane;
  if ((mine && first.epoch == epoch) || first.epoch <= visit.clocks.floor()) {
    const std::uint32_t by = visit.warp << 24 | (visit.strength != Strength::weak ? 1U << 16 : 0) | visit.site;
    if (!mine || first.epoch != epoch || first.by != by) first = {epoch, 1U << lane, by};
    cell.last_read = std::max(cell.last_read, epoch);
    return;
  }
  note_reader(cell, lane, epoch, visit);
}

void SharedShadow::check_readers(Cell& cell, std::uint64_t offset, std::uint32_t thread, const Visit& visit) {
  for (const Reader& reader : cell.readers) {
    if (reader.epoch <= visit.clocks.floor()) continue;
    const bool strong = (reader.by >> 16 & 1) != 0;
    if (strong && visit.strength != Strength::weak) continue;
    for (std::uint32_t lanes = reader.lanes; lanes != 0;) {
      const std::uint32_t other = (reader.by >> 24) * 32 + next_lane(lanes);
      if (visit.clocks.ordered(other, reader.epoch, thread)) continue;
      visit.listener.found({FindingKind::shared_race, offset, thread,
                            Stamp::make(reader.epoch, other, Strength::weak, 0, reader.by & 0xFFFF), false});
      return;
    }
  }
}

inline void SharedShadow::write_cell(Cell& cell, std::uint64_t offset, std::uint32_t lane, const Visit& visit) {
  const std::uint32_t thread = visit.warp * 32 + lane;
  if (conflicts(cell.writer, thread, visit)) [[unlikely]] {
    visit.listener.found({FindingKind::shared_race, offset, thread, cell.writer, true});
  }
  if (cell.last_read > visit.clocks.floor()) {
    check_readers(cell, offset, thread, visit);
    // Whoever comes after this write comes after the readers before it.
    cell.readers.fill({});
    cell.last_read = 0;
  }
  cell.writer = Stamp::make(visit.clocks.epoch(thread), thread, visit.strength, 0, visit.site);
}

void SharedShadow::report_unwritten(std::uint64_t offset, std::uint32_t bytes, std::uint32_t thread,
                                    const Visit& visit) {
  const std::uint32_t missing = mask_of(offset, bytes) & ~std::uint32_t{written_[offset / 16]};
  visit.listener.found({FindingKind::uninitialised_read,
                        offset / 16 * 16 + static_cast<std::uint64_t>(std::countr_zero(missing)),
                        thread,
                        {},
                        false});
}

void SharedShadow::report_flying(std::uint64_t offset, std::uint32_t bytes, std::uint32_t thread, const Visit& visit) {
  const std::uint32_t flying = mask_of(offset, bytes) & flying_[offset / 16];
  const std::uint64_t first = offset / 16 * 16 + static_cast<std::uint64_t>(std::countr_zero(flying));
  Stamp issuer;
  for_pieces(first, 1, [&](Cell& cell, std::uint64_t) { issuer = cell.writer; });
  // Who is not even ordered after the issue races with it, whether the copy is still on its way or not.
  const FindingKind kind = conflicts(issuer, thread, visit) ? FindingKind::shared_race : FindingKind::in_flight_copy;
  visit.listener.found({kind, first, thread, issuer, true});
}

template <bool kStores, bool kLoads>
inline void SharedShadow::access(const Access& access, const Visit& visit) {
  for (std::uint32_t lanes = access.lanes; lanes != 0;) {
    const std::uint32_t lane = next_lane(lanes);
    const std::uint64_t offset = access.addresses[lane];
    const std::uint32_t mask = mask_of(offset, access.bytes);
    const std::size_t index = offset / 16;
    if ((flying_[index] & mask) != 0) [[unlikely]] {
      report_flying(offset, access.bytes, access.warp * 32 + lane, visit);
      // The conflict is known; looking on would report the same again as a race.
      if (kStores) written_[index] |= static_cast<std::uint16_t>(mask);
      continue;
    }
    if (kLoads && (written_[index] & mask) != mask) [[unlikely]] {
      report_unwritten(offset, access.bytes, access.warp * 32 + lane, visit);
    }
    if (kStores) written_[index] |= static_cast<std::uint16_t>(mask);
    for_pieces(offset, access.bytes, [&](Cell& cell, std::uint64_t at) {
      if (kStores) {
        write_cell(cell, at, lane, visit);
      } else {
        read_cell(cell, at, lane, visit);
      }
    });
  }
}

void SharedShadow::load(const Access& access, std::uint32_t site, const ThreadClocks& clocks, Listener& listener) {
  this->access<false, true>(access, {clocks, listener, access.warp, site, strength_of(access)});
}
void SharedShadow::store(const Access& access, std::uint32_t site, const ThreadClocks& clocks, Listener& listener) {
  this->access<true, false>(access, {clocks, listener, access.warp, site, strength_of(access)});
}
void SharedShadow::atomic(const Access& access, std::uint32_t site, const ThreadClocks& clocks, Listener& listener) {
  this->access<true, true>(access, {clocks, listener, access.warp, site, strength_of(access)});
}

void SharedShadow::async_issue(const Access& access, std::uint32_t site, const ThreadClocks& clocks,
                               Listener& listener) {
  this->access<true, false>(access, {clocks, listener, access.warp, site, Strength::weak});
  for (std::uint32_t lanes = access.lanes; lanes != 0;) {
    const std::uint64_t offset = access.addresses[next_lane(lanes)];
    flying_[offset / 16] |= static_cast<std::uint16_t>(mask_of(offset, access.bytes));
  }
}

void SharedShadow::async_arrive(const Access& access, const ThreadClocks& clocks) {
  for (std::uint32_t lanes = access.lanes; lanes != 0;) {
    const std::uint32_t lane = next_lane(lanes);
    const std::uint32_t thread = access.warp * 32 + lane;
    const std::uint64_t offset = access.addresses[lane];
    flying_[offset / 16] &= static_cast<std::uint16_t>(~mask_of(offset, access.bytes));
    // The bytes arrive now: a barrier between the issue and the wait does not order them.
    for_pieces(offset, access.bytes, [&](Cell& cell, std::uint64_t) {
      cell.writer = Stamp::make(clocks.epoch(thread), thread, Strength::weak, 0, cell.writer.site());
    });
  }
}

}  // namespace vgpu
