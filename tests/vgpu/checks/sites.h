// Short numbers for the memory instructions of a kernel, so that a stamp has room for one.
#pragma once

#include <cstdint>
#include <vector>

#include "checks/findings.h"

namespace vgpu {

class Sites {
 public:
  std::uint32_t of(std::uint32_t instruction) {
    if (instruction >= sites_.size()) sites_.resize(instruction + 64, kNone);
    std::uint16_t& site = sites_[instruction];
    if (site == kNone && instructions_.size() < kNone) {
      site = static_cast<std::uint16_t>(instructions_.size());
      instructions_.push_back(instruction);
    }
    return site;
  }
  // Beyond 65,535 memory instructions in one kernel the line is not known.
  std::uint32_t instruction(std::uint32_t site) const {
    return site < instructions_.size() ? instructions_[site] : kNoInstruction;
  }

 private:
  static constexpr std::uint16_t kNone = 0xFFFF;
  std::vector<std::uint16_t> sites_;
  std::vector<std::uint32_t> instructions_;
};

}  // namespace vgpu
