// How findings are phrased.
#pragma once

#include <cstdint>
#include <string>

#include "checks/findings.h"
#include "checks/launch_shape.h"

namespace vgpu {

// Who did it: a thread of a block, by their linear indices, at an instruction.
struct Actor {
  std::uint32_t block = 0, thread = 0, instruction = 0;
};

// `thread (3,0,0) (warp 0, lane 3) of block (1,0,0)`
std::string describe_thread(const LaunchShape& launch, std::uint32_t block, std::uint32_t thread);

class Report {
 public:
  Report(const LaunchShape& launch, const SourceLines& lines, Findings& findings)
      : launch_(launch), lines_(lines), findings_(findings) {}

  const LaunchShape& launch() const { return launch_; }

  // A fault of one thread: `what` is a phrase such as `the barrier was reached by 16 of 32 threads`.
  void fault(FindingKind kind, const Actor& actor, const std::string& what) const;

  // Two accesses, `earlier` being the one that was executed first.
  bool is_known(FindingKind kind, const Actor& actor, std::uint32_t other_instruction) const {
    return findings_.repeat(kind, launch_.kernel, actor.instruction, other_instruction);
  }
  void pair(FindingKind kind, const std::string& what, const Actor& later, const std::string& did_later,
            const Actor* earlier, std::uint32_t earlier_instruction, const std::string& did_earlier) const;

 private:
  std::string lines_of(const Actor& actor, const std::string& did) const;

  const LaunchShape& launch_;
  const SourceLines& lines_;
  Findings& findings_;
};

}  // namespace vgpu
