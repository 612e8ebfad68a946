// Names of instructions for the counters.
#include "machine/counted_name.h"

#include <algorithm>

namespace vgpu::machine {

std::string counted_name(std::string_view opcode, std::string_view space) {
  const auto word_end = [&](std::size_t begin) { return std::min(opcode.find('.', begin), opcode.size()); };
  const std::size_t first = word_end(0);
  const std::string_view mnemonic = opcode.substr(0, first);
  if (mnemonic == "ld" || mnemonic == "st" || mnemonic == "atom" || mnemonic == "red" || mnemonic == "ldu") {
    for (std::size_t begin = first; begin < opcode.size(); begin = word_end(begin + 1)) {
      const std::string_view word = opcode.substr(begin + 1, word_end(begin + 1) - begin - 1);
      const bool is_space = word == "global" || word == "shared" || word == "local" || word == "param" ||
                            word == "const" || word == "shared::cta";
      if (is_space) return std::string(mnemonic) + "." + std::string(word.substr(0, word.find(':')));
    }
    return space.empty() ? std::string(mnemonic) : std::string(mnemonic) + "." + std::string(space);
  }
  const bool has_kind = mnemonic == "mma" || mnemonic == "cp" || mnemonic == "bar" || mnemonic == "barrier" ||
                        mnemonic == "shfl" || mnemonic == "vote" || mnemonic == "match" || mnemonic == "redux";
  if (!has_kind || first == opcode.size()) return std::string(mnemonic);
  std::size_t end = word_end(first + 1);
  std::string name(opcode.substr(0, end));
  if (name == "cp.async" && end < opcode.size()) {
    const std::string_view form = opcode.substr(end + 1);
    if (!form.starts_with("c") || form.starts_with("commit")) name = std::string(opcode);
  }
  return name;
}

}  // namespace vgpu::machine
