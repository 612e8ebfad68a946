// A kernel made ready to run: decoded instructions, its functions' among them, and the layout of what each warp, block
// and thread needs.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "checks/checks.h"
#include "machine/launch.h"
#include "machine/op.h"
#include "ptx/module.h"

namespace vgpu::machine {

// How a register's 32 lanes lie in the arena.
enum class Width : std::uint8_t { predicate, bits8, bits16, bits32, bits64 };
constexpr std::uint32_t element_bytes(Width width) {
  return width == Width::predicate ? 4 : 1u << (static_cast<std::uint32_t>(width) - 1);
}
constexpr std::uint32_t lanes_bytes(Width width) {
  return width == Width::predicate ? 4 : element_bytes(width) * kLanes;
}

enum class Special : std::uint8_t {
  tid_x,
  tid_y,
  tid_z,
  ntid_x,
  ntid_y,
  ntid_z,
  ctaid_x,
  ctaid_y,
  ctaid_z,
  nctaid_x,
  nctaid_y,
  nctaid_z,
  laneid,
  warpid,
  nwarpid,
  smid,
  nsmid,
  gridid,
  lanemask_eq,
  lanemask_le,
  lanemask_lt,
  lanemask_ge,
  lanemask_gt,
  dynamic_smem_size,
  total_smem_size,
};

class Kernel : public SourceLines {
 public:
  std::string describe(std::uint32_t instruction) const override;

  std::string name;
  std::vector<Op> ops;
  std::uint32_t entry = 0;  // the functions it calls come first, so that lanes inside a call are run before the others

  // Of each op: the PTX instruction it belongs to, and whether it is the one that is counted as it.
  struct Origin {
    std::uint32_t instruction = 0;
    bool is_counted = true;
  };
  std::vector<Origin> origins;
  struct Line {
    const ptx::Function* function = nullptr;
    const ptx::Instruction* instruction = nullptr;
  };
  std::vector<Line> lines;  // by instruction, the index that findings use
  const ptx::Module* module = nullptr;

  std::uint32_t arena_bytes = 0;
  struct Constant {
    std::uint32_t offset;
    Width width;
    std::uint64_t bits;
  };
  std::vector<Constant> constants;
  struct SpecialRegister {
    std::uint32_t offset;
    Width width;
    Special which;
  };
  std::vector<SpecialRegister> specials;

  std::uint32_t local_bytes = 0;  // of each thread: its variables and the parameters of calls
  std::uint32_t static_shared_bytes = 0;
  std::uint32_t dynamic_shared_offset = 0;
  std::unordered_map<std::uint64_t, std::uint32_t> function_entries;  // by the address a pointer to the function holds
  KernelFacts facts;
  std::vector<KernelFacts::Parameter> parameters;

  // Owners of what ops point to.
  std::deque<std::vector<std::uint32_t>> operand_lists;
  std::deque<std::shared_ptr<const void>> extras;
};

}  // namespace vgpu::machine
