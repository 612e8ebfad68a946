// An instruction on its way from PTX to an op: which handler, which values. Values have no place yet.
#pragma once

#include <cstdint>
#include <vector>

#include "machine/kernel.h"
#include "machine/op.h"

namespace vgpu::machine {

// A register of the function at hand, a constant or a special register of the kernel.
struct Value {
  enum class Kind : std::uint8_t { always, reg, constant, special };
  Kind kind = Kind::always;
  bool is_written = false;
  std::uint32_t index = 0;
};

enum class Flow : std::uint8_t { next, branch, leave };

struct Draft {
  Handler run = nullptr;
  Value guard;
  bool flip = false;
  std::vector<Value> operands;
  std::uint64_t immediate = 0;
  const void* extra = nullptr;
  std::uint32_t instruction = 0;  // of the function
  bool is_counted = false;
  Flow flow = Flow::next;
  std::vector<std::uint32_t> targets;           // instructions of the function; the first becomes the immediate
  std::vector<std::uint32_t>* table = nullptr;  // where all the targets go, as program counters
  const ptx::Function* callee = nullptr;        // its entry becomes the immediate
};

// Offsets in the arena for the registers of one function, from `arena_bytes` on, which grows. Registers whose lives do not
// overlap share a place, so that a kernel with thousands of them stays in the nearest cache.
std::vector<std::uint32_t> place_registers(const std::vector<Draft>& drafts,
                                           const std::vector<std::uint32_t>& first_draft,  // of each instruction
                                           const std::vector<Width>& widths, std::uint32_t& arena_bytes);

}  // namespace vgpu::machine
