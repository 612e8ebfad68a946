// What the checks remember of one block's shared memory: who last wrote and read each piece of it, which bytes were
// written at all, and which are the target of a copy in flight.
//
// A piece is 16 bytes as long as all accesses are that wide, and then costs one cache line and a few comparisons; it is
// split into four or sixteen when a narrower access meets it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "checks/access.h"
#include "checks/findings.h"
#include "checks/stamp.h"
#include "checks/thread_clocks.h"

namespace vgpu {

class SharedShadow {
 public:
  // What is wrong with an access, if anything is.
  struct Problem {
    FindingKind kind;
    std::uint64_t offset;  // the first byte concerned
    std::uint32_t thread;  // who made the access
    Stamp other;           // who made the one it conflicts with; nobody for an uninitialised read
    bool other_wrote = false;
  };
  // Called for each; they are rare, so it may be slow.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void found(const Problem& problem) = 0;
  };

  // Starts a block with memory that nobody has written.
  void begin(std::uint32_t shared_bytes);

  void load(const Access& access, std::uint32_t site, const ThreadClocks& clocks, Listener& listener);
  void store(const Access& access, std::uint32_t site, const ThreadClocks& clocks, Listener& listener);
  void atomic(const Access& access, std::uint32_t site, const ThreadClocks& clocks, Listener& listener);
  void async_issue(const Access& access, std::uint32_t site, const ThreadClocks& clocks, Listener& listener);
  void async_arrive(const Access& access, const ThreadClocks& clocks);

 private:
  // Lanes of one warp that have read in one epoch.
  struct Reader {
    std::uint32_t epoch = 0, lanes = 0;
    std::uint32_t by = 0;  // bits 31..24 warp, 16 strong, 15..0 site
  };
  struct alignas(64) Cell {
    Stamp writer;
    std::uint32_t last_read = 0;  // the latest epoch of any reader
    std::uint32_t split = 0;      // 0: whole; otherwise pieces_[split / 2 * 4 ...], four of them, or sixteen if odd
    std::array<Reader, 4> readers;
  };
  static_assert(sizeof(Cell) == 64);

  struct Visit {
    const ThreadClocks& clocks;
    Listener& listener;
    std::uint32_t warp, site;
    Strength strength;
  };

  // Calls visit(cell, offset) for the pieces that an access touches.
  template <typename Function>
  void for_pieces(std::uint64_t offset, std::uint32_t bytes, Function visit);
  void split(Cell& cell, std::uint32_t pieces);

  void read_cell(Cell& cell, std::uint64_t offset, std::uint32_t lane, const Visit& visit);
  void note_reader(Cell& cell, std::uint32_t lane, std::uint32_t epoch, const Visit& visit);
  void write_cell(Cell& cell, std::uint64_t offset, std::uint32_t lane, const Visit& visit);
  static bool all_ordered(const Reader& reader, std::uint32_t thread, const ThreadClocks& clocks);
  static bool conflicts(Stamp writer, std::uint32_t thread, const Visit& visit);
  void check_readers(Cell& cell, std::uint64_t offset, std::uint32_t thread, const Visit& visit);
  void report_unwritten(std::uint64_t offset, std::uint32_t bytes, std::uint32_t thread, const Visit& visit);
  void report_flying(std::uint64_t offset, std::uint32_t bytes, std::uint32_t thread, const Visit& visit);
  template <bool kStores, bool kLoads>
  void access(const Access& access, const Visit& visit);

  std::vector<Cell> cells_;                      // one per 16 bytes
  std::vector<Cell> pieces_;                     // of split cells
  std::vector<std::uint16_t> written_, flying_;  // a bit per byte, one word per cell
};

}  // namespace vgpu
