#include "checks/report.h"

namespace vgpu {
namespace {

std::string position(std::uint32_t linear, const Dim3& size) {
  return '(' + std::to_string(linear % size.x) + ',' + std::to_string(linear / size.x % size.y) + ',' +
         std::to_string(linear / size.x / size.y) + ')';
}

}  // namespace

std::string describe_thread(const LaunchShape& launch, std::uint32_t block, std::uint32_t thread) {
  return "thread " + position(thread, launch.block) + " (warp " + std::to_string(thread / 32) + ", lane " +
         std::to_string(thread % 32) + ") of block " + position(block, launch.grid);
}

std::string Report::lines_of(const Actor& actor, const std::string& did) const {
  return "\n  " + did + " by " + describe_thread(launch_, actor.block, actor.thread) + "\n    at " +
         lines_.describe(actor.instruction);
}

void Report::fault(FindingKind kind, const Actor& actor, const std::string& what) const {
  if (is_known(kind, actor, kNoInstruction)) return;
  findings_.add(kind, launch_.kernel, actor.instruction, kNoInstruction,
                what + "\n  kernel " + launch_.kernel + lines_of(actor, "executed"));
}

void Report::pair(FindingKind kind, const std::string& what, const Actor& later, const std::string& did_later,
                  const Actor* earlier, std::uint32_t earlier_instruction, const std::string& did_earlier) const {
  std::string text = what + "\n  kernel " + launch_.kernel + lines_of(later, did_later);
  if (earlier != nullptr) text += lines_of(*earlier, did_earlier);
  findings_.add(kind, launch_.kernel, later.instruction, earlier_instruction, std::move(text));
}

}  // namespace vgpu
