#include "checks/report.h"

#include <cstdio>

namespace vgpu {
namespace {

std::string position(std::uint32_t linear, const Dim3& size) {
  return '(' + std::to_string(linear % size.x) + ',' + std::to_string(linear / size.x % size.y) + ',' +
         std::to_string(linear / size.x / size.y) + ')';
}

const char* verb(AccessKind access) {
  switch (access) {
    case AccessKind::load: return "load";
    case AccessKind::store: return "store";
    case AccessKind::atomic: return "atomic access";
    case AccessKind::async_copy: return "asynchronous copy";
  }
  return "access";
}

std::string hexadecimal(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

FindingKind kind_of(AddressFault::Kind kind) {
  switch (kind) {
    case AddressFault::Kind::use_after_free: return FindingKind::use_after_free;
    case AddressFault::Kind::host_pointer: return FindingKind::host_pointer;
    default: return FindingKind::out_of_bounds;
  }
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

void Report::bad_address(const Actor& actor, AccessKind access, std::uint64_t address, std::uint32_t bytes,
                         const DeviceMemory& memory) const {
  const AddressFault why = memory.explain(address, bytes);
  fault(kind_of(why.kind), actor,
        std::string(verb(access)) + " of " + std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes") + " at " +
            hexadecimal(address) + ": " + why.text);
}

void Report::bad_shared_offset(const Actor& actor, AccessKind access, std::uint64_t offset, std::uint32_t bytes) const {
  fault(FindingKind::out_of_bounds, actor,
        std::string(verb(access)) + " of " + std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes") + " at offset " +
            std::to_string(static_cast<std::int64_t>(offset)) + " of shared memory, of which the block has " +
            std::to_string(launch_.shared_bytes) + " bytes");
}

void Report::misaligned(const Actor& actor, AccessKind access, std::uint64_t address, std::uint32_t bytes) const {
  fault(FindingKind::misaligned, actor,
        std::string(verb(access)) + " of " + std::to_string(bytes) + " bytes at " + hexadecimal(address) +
            ", which is no multiple of " + std::to_string(bytes));
}

void Report::pair(FindingKind kind, const std::string& what, const Actor& later, const std::string& did_later,
                  const Actor* earlier, std::uint32_t earlier_instruction, const std::string& did_earlier) const {
  std::string text = what + "\n  kernel " + launch_.kernel + lines_of(later, did_later);
  if (earlier != nullptr) text += lines_of(*earlier, did_earlier);
  findings_.add(kind, launch_.kernel, later.instruction, earlier_instruction, std::move(text));
}

}  // namespace vgpu
