// Flags of vgpu-run: see options.h.
#include "run/options.h"

#include <algorithm>
#include <charconv>

#include "run/arguments.h"

namespace vgpu::run {

const char kUsage[] =
    R"(vgpu-run FILE.ptx KERNEL [options]   executes a kernel on the virtual GPU
  --grid X[,Y[,Z]]  --block X[,Y[,Z]]   1 by default
  --shared BYTES                        dynamic shared memory
  --arg TYPE=VALUE                      one for each parameter, in order:
      i32=5 f32=1.5 f16=0.5             i8 u8 i16 u16 i32 u32 i64 u64 f16 bf16 f32 f64
      f32[1024]=random                  a buffer: random iota zero none @FILE or a number
      struct(f32[64]=random,i32=4)      a parameter that is a struct
  --dump N[=FILE]                       print the first elements of the buffer of argument N (from 0) afterwards, or
                                        write all its bytes to a file
  --schedule forward|reverse|random     --seed N
  --rounding exact|ampere               --no-checks   --no-counters   --watchdog INSTRUCTIONS
  --sources FOLDER                      unstripped PTX by hash, for source lines
  --mutation "drop bar.sync 0"          a change made to the text first
  --json                                findings and counters as JSON
  --list                                the kernels of the file, and their parameters
  --list-mutations                      all changes that can be made to the text
Exits with 0 if the kernel ended and nothing was found, 1 if something was, 2 if the command is wrong.
)";

namespace {

[[noreturn]] void refuse(const std::string& flag, const std::string& value) {
  throw ArgumentError(flag + ": '" + value + "' is not understood");
}

std::uint64_t number(const std::string& flag, const std::string& value, std::uint64_t highest = UINT64_MAX) {
  std::uint64_t result = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
  if (error != std::errc() || end != value.data() + value.size() || result > highest) refuse(flag, value);
  return result;
}

Dim3 dimensions(const std::string& flag, const std::string& value) {
  std::uint32_t parts[3] = {1, 1, 1};
  std::size_t begin = 0;
  for (int i = 0; begin <= value.size(); ++i) {
    if (i == 3) refuse(flag, value);
    const std::size_t end = std::min(value.find(',', begin), value.size());
    parts[i] = static_cast<std::uint32_t>(number(flag, value.substr(begin, end - begin), UINT32_MAX));
    if (parts[i] == 0) refuse(flag, value);
    begin = end + 1;
  }
  return {parts[0], parts[1], parts[2]};
}

template <typename T>
T choice(const std::string& flag, const std::string& value, std::initializer_list<std::pair<const char*, T>> names) {
  for (const auto& [name, result] : names)
    if (value == name) return result;
  refuse(flag, value);
}

Options::Dump dump(const std::string& flag, const std::string& value) {
  const std::size_t equals = std::min(value.find('='), value.size());
  Options::Dump result;
  result.argument = number(flag, value.substr(0, equals));
  if (equals < value.size()) result.file = value.substr(equals + 1);
  return result;
}

}  // namespace

Options parse_options(const std::vector<std::string>& words) {
  Options options;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& flag = words[i];
    const auto value = [&]() -> const std::string& {
      if (++i == words.size()) throw ArgumentError(flag + " needs a value");
      return words[i];
    };
    if (!flag.starts_with("-"))
      names.push_back(flag);
    else if (flag == "--grid")
      options.grid = dimensions(flag, value());
    else if (flag == "--block")
      options.block = dimensions(flag, value());
    else if (flag == "--shared")
      options.shared_bytes = static_cast<std::uint32_t>(number(flag, value(), UINT32_MAX));
    else if (flag == "--arg")
      options.arguments.push_back(value());
    else if (flag == "--dump")
      options.dumps.push_back(dump(flag, value()));
    else if (flag == "--schedule")
      options.settings.schedule = choice<Schedule>(
          flag, value(),
          {{"forward", Schedule::forward}, {"reverse", Schedule::reverse}, {"random", Schedule::random}});
    else if (flag == "--rounding")
      options.settings.rounding =
          choice<Rounding>(flag, value(), {{"exact", Rounding::exact}, {"ampere", Rounding::ampere}});
    else if (flag == "--seed")
      options.settings.seed = number(flag, value());
    else if (flag == "--watchdog")
      options.settings.watchdog_instructions = number(flag, value());
    else if (flag == "--no-checks")
      options.settings.checks = false;
    else if (flag == "--no-counters")
      options.settings.counters = false;
    else if (flag == "--sources")
      options.sources = value();
    else if (flag == "--mutation")
      options.mutation = value();
    else if (flag == "--json")
      options.json = true;
    else if (flag == "--list")
      options.list = true;
    else if (flag == "--list-mutations")
      options.list_mutations = true;
    else if (flag == "--help" || flag == "-h")
      options.help = true;
    else
      throw ArgumentError("unknown option " + flag);
  }
  if (options.help) return options;
  const std::size_t needed = options.list || options.list_mutations ? 1 : 2;
  if (names.size() != needed) throw ArgumentError(needed == 1 ? "a file is needed" : "a file and a kernel are needed");
  options.file = names[0];
  if (needed == 2) options.kernel = names[1];
  return options;
}

}  // namespace vgpu::run
