// What the checks remember of global memory within one launch: of every four bytes the last writer and one reader, and
// whether several blocks have read them; of every byte where narrower accesses of different threads meet. The notes lie
// in DeviceMemory and outlive the launch, whose epochs are all newer than what it finds there.
#pragma once

#include <cstdint>
#include <vector>

#include "checks/access.h"
#include "checks/epochs.h"
#include "checks/findings.h"
#include "checks/stamp.h"
#include "checks/thread_clocks.h"
#include "memory/device_memory.h"
#include "memory/memory_view.h"

namespace vgpu {

class GlobalShadow {
 public:
  struct Problem {
    FindingKind kind;
    std::uint64_t address;  // the first byte concerned
    std::uint32_t thread;   // who made the access
    Stamp other;            // who made the one it conflicts with
    bool other_wrote = false;
    bool other_unknown = false;  // it was some thread of another block, of which only the instruction is known
  };
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void found(const Problem& problem) = 0;
  };

  GlobalShadow(DeviceMemory& memory, const Epochs& epochs)
      : memory_(memory), view_(memory), epochs_(epochs), first_epoch_(epochs.first()) {}

  void access(const Access& access, std::uint32_t site, const ThreadClocks& clocks, Listener& listener);

 private:
  // Of four pieces: the words of 16 bytes, or the bytes of one word.
  struct Notes {
    Stamp writers[4];
    Stamp readers[4];
  };
  static_assert(sizeof(Notes) == 64);

  struct Visit {
    const ThreadClocks& clocks;
    Listener& listener;
    std::uint32_t site;
    Strength strength;
    bool reads, writes;
  };

  void access_lane(std::uint64_t address, std::uint32_t bytes, std::uint32_t thread, const Visit& visit);
  void check_written(std::uint64_t index, std::uint64_t address, std::uint32_t bytes, std::uint32_t thread,
                     const Visit& visit);
  void visit_word(Notes& notes, std::uint32_t word, std::uint32_t bytes_of_word, std::uint64_t address,
                  std::uint32_t thread, const Visit& visit);
  void visit_piece(Stamp& writer, Stamp& reader, std::uint32_t bytes_of_word, std::uint64_t address,
                   std::uint32_t thread, const Visit& visit);
  void check_reader(Stamp reader, std::uint64_t address, std::uint32_t thread, const Visit& visit);
  void note_reader(Stamp& reader, Stamp now, const Visit& visit);
  bool conflicts(Stamp other, bool other_is_strong, bool only_in_block, std::uint32_t thread, const Visit& visit) const;
  bool is_current(Stamp stamp) const { return stamp.epoch() >= first_epoch_; }
  static bool continues(Stamp stamp, bool stamp_is_strong, std::uint32_t thread, const Visit& visit);
  bool leaves_room(Stamp stamp, bool is_strong, std::uint32_t bytes_of_word, std::uint32_t thread,
                   const Visit& visit) const;
  bool split(Stamp& writer, Stamp& reader);

  DeviceMemory& memory_;
  MemoryView view_;
  const Epochs& epochs_;
  const std::uint32_t first_epoch_;
  std::vector<Notes> split_;  // words whose bytes are looked at one by one
};

}  // namespace vgpu
