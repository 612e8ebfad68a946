// Hands out epochs, the time stamps of the race checks. They never repeat in a device's memory, so that what an earlier
// launch left in the notes is known as old by comparing it with the launch's first epoch; and they tell whose they are.
#pragma once

#include <cstdint>
#include <vector>

#include "memory/device_memory.h"

namespace vgpu {

inline constexpr std::uint32_t kNoBlock = 0xFFFFFFFF;

class Epochs {
 public:
  // Blocks take epochs in runs: the table from run to block stays small.
  static constexpr std::uint32_t kRunBits = 4;

  explicit Epochs(DeviceMemory& memory) : clock_(memory.note_clock()) {
    if (clock_ > kLastRun / 8 * 7) {
      memory.forget_notes();
      clock_ = 1;
    }
    first_run_ = clock_;
  }

  std::uint32_t first() const { return first_run_ << kRunBits; }

  // The first epoch of a run. When they are used up within one launch the last is given again and again; accesses then
  // look ordered, and nothing is reported that is not there.
  std::uint32_t take_run(std::uint32_t block) {
    const std::uint32_t run = clock_ < kLastRun ? clock_++ : kLastRun;
    blocks_.resize(run - first_run_ + 1, kNoBlock);
    blocks_[run - first_run_] = block;
    return run << kRunBits;
  }

  // The block of an epoch of this launch.
  std::uint32_t block_of(std::uint32_t epoch) const {
    const std::uint32_t run = (epoch >> kRunBits) - first_run_;
    return run < blocks_.size() ? blocks_[run] : kNoBlock;
  }

 private:
  static constexpr std::uint32_t kLastRun = 0xFFFFFFFF >> kRunBits;

  std::uint32_t& clock_;
  std::uint32_t first_run_ = 0;
  std::vector<std::uint32_t> blocks_;
};

}  // namespace vgpu
