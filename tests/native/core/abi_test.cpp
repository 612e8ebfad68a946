#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "abi_hash.g.h"
#include "kernels_interop.h"

// The compiler's idea of every struct is what the bindings were generated from.
#define KI_STRUCT(name, size) static_assert(sizeof(name) == (size) && std::is_standard_layout_v<name>);
#define KI_FIELD(name, field, offset, size) \
  static_assert(offsetof(name, field) == (offset) && sizeof(name::field) == (size));
#include "abi_layout.g.inc"
#undef KI_FIELD
#undef KI_STRUCT

namespace ki::test {
namespace {

std::set<std::string> declared_functions() {
  std::ifstream file(KI_HEADER);
  const std::string header{std::istreambuf_iterator<char>(file), {}};
  const std::regex declaration(R"(KI_API\s[^(;]*?\b(ki_\w+)\()");
  std::set<std::string> names;
  for (auto match = std::sregex_iterator(header.begin(), header.end(), declaration); match != std::sregex_iterator();
       ++match) {
    names.insert((*match)[1]);
  }
  return names;
}

/// Symbols that the library defines for others, but for its version node.
std::set<std::string> exported_symbols() {
  const std::string command = std::string(KI_NM) + " -D --defined-only '" + KI_LIBRARY + "'";
  const std::unique_ptr<FILE, int (*)(FILE*)> nm(popen(command.c_str(), "r"), pclose);
  if (nm == nullptr) throw std::runtime_error("cannot run " + command);
  std::set<std::string> names;
  char address[64], kind[8], symbol[4096];
  while (std::fscanf(nm.get(), "%63s %7s %4095s", address, kind, symbol) == 3) {
    const std::string name(symbol);
    if (std::string(kind) != "A") names.insert(name.substr(0, name.find('@')));
  }
  return names;
}

TEST(Abi, TheLibraryExportsTheFunctionsOfTheHeaderAndNothingElse) {
  EXPECT_GT(declared_functions().size(), 30U);
  EXPECT_EQ(exported_symbols(), declared_functions());
}

TEST(Abi, TheHashIsThatOfTheHeaderTheBindingsWereGeneratedFrom) { EXPECT_EQ(ki_abi_hash(), ki::kAbiHash); }

TEST(Abi, TheVersionIsTheHeaders) {
  EXPECT_EQ(ki_version(), std::uint32_t{KI_VERSION_MAJOR} << 16 | KI_VERSION_MINOR << 8 | KI_VERSION_PATCH);
}

}  // namespace
}  // namespace ki::test
