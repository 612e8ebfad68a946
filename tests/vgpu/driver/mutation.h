// Deliberate faults, made in PTX text when it is loaded: a suite that stays green under one does not check what it
// should.
//
//   drop FAMILY N          the N-th instruction of a family vanishes; a shuffle or a voting barrier gives each
//                          thread its own value
//   swap mma N             the first two registers of the A fragment change places; `swap mma.b N`: of the B fragment
//   unpredicate FAMILY N   the N-th guarded load, store or copy loses its guard
//   untranspose N          the N-th ldmatrix.trans loses .trans
//   unzero N               the N-th cp.async that fills with zeros copies in full
//
// N counts from 0 in the text, or, with ` in KERNEL` behind it, in that kernel: texts without it stay as they are. A
// family is the beginning of an opcode up to a dot: `bar.sync`, `ld.global`, `shfl`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vgpu::driver {

struct Mutation {
  enum class Verb { drop, swap, unpredicate, untranspose, unzero };
  Verb verb = Verb::drop;
  std::string family;
  std::size_t index = 0;
  std::string kernel{};  // empty: any
};

// Nothing if the text is no mutation.
std::optional<Mutation> parse_mutation(std::string_view text);
std::string to_string(const Mutation& mutation);

// The changed text, or nothing if it has no such instruction.
std::optional<std::string> mutate(std::string_view ptx, const Mutation& mutation);

// All that can be done to a text or to a kernel in it: every barrier, fence, wait, commit, shuffle, guard, mma operand, ...
struct Candidate {
  Mutation mutation;
  std::uint32_t line = 0;  // in the text, from 1
  std::string instruction;
};
std::vector<Candidate> list_mutations(std::string_view ptx, std::string_view kernel = {});

}  // namespace vgpu::driver
