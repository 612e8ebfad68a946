// vgpu-run: executes a kernel of any PTX file, and says what was found and counted.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "driver/module_text.h"
#include "driver/mutation.h"
#include "ptx/module.h"
#include "run/arguments.h"
#include "run/options.h"
#include "run/report.h"

namespace {

using namespace vgpu;
using namespace vgpu::run;

constexpr std::uint64_t kMemoryBytes = 64ull << 30;
constexpr std::size_t kPrinted = 16;  // elements of a dump without a file

std::string read_ptx(const Options& options) {
  std::ifstream file(options.file, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  if (!file) throw ArgumentError("the file " + options.file + " cannot be read");
  std::string text = content.str();
  text.resize(std::min(text.size(), text.find('\0')));
  if (driver::kind_of_image(content.str().c_str()) != driver::ImageKind::text)
    throw ArgumentError(options.file + " is compiled code; the virtual GPU executes PTX text");
  text = driver::with_line_information(text, options.sources);
  if (options.mutation.empty()) return text;
  const auto mutation = driver::parse_mutation(options.mutation);
  if (!mutation) throw ArgumentError("--mutation: '" + options.mutation + "' is not understood");
  auto changed = driver::mutate(text, *mutation);
  if (!changed) throw ArgumentError("--mutation: the text has no such instruction");
  return std::move(*changed);
}

std::vector<std::string> kernels_of(const ptx::Module& module) {
  std::vector<std::string> names;
  for (const auto& function : module.functions)
    if (function.is_entry) names.push_back(function.name);
  return names;
}

// Buffers are allocated and filled; the parameter's bytes hold their addresses.
class Parameters {
 public:
  Parameters(const Options& options, const KernelFacts& facts, DeviceMemory& memory) : memory_(memory) {
    if (options.arguments.size() != facts.parameters.size())
      throw ArgumentError("the kernel has " + std::to_string(facts.parameters.size()) + " parameters, not " +
                          std::to_string(options.arguments.size()));
    bytes.resize(facts.parameter_bytes);
    for (std::size_t i = 0; i < options.arguments.size(); ++i) place(options.arguments[i], i, facts.parameters[i]);
  }

  std::vector<std::byte> bytes;

  struct Buffer {
    std::size_t argument = 0;
    Element element = Element::i32;
    std::uint64_t address = 0, size_bytes = 0;
  };
  std::vector<Buffer> buffers;

 private:
  void place(const std::string& text, std::size_t index, const KernelFacts::Parameter& parameter) {
    const Argument argument = parse_argument(text, index);
    std::vector<std::byte> content;
    for (const Value& value : argument.parts) {
      std::vector<std::byte> part = value.is_buffer ? address_of(value, index) : value.bytes;
      while (content.size() % part.size() != 0) content.push_back(std::byte{0});
      content.insert(content.end(), part.begin(), part.end());
    }
    const bool is_struct = text.starts_with("struct(");
    if (is_struct ? content.size() > parameter.size_bytes : content.size() != parameter.size_bytes)
      throw ArgumentError("argument '" + text + "' has " + std::to_string(content.size()) +
                          " bytes, but the parameter " + std::to_string(parameter.size_bytes));
    std::memcpy(bytes.data() + parameter.offset, content.data(), content.size());
  }

  std::vector<std::byte> address_of(const Value& value, std::size_t index) {
    const auto address = memory_.allocate(value.bytes.size());
    if (!address) throw ArgumentError("there is not enough memory for the buffers");
    if (value.is_written) {
      std::memcpy(memory_.resolve(*address, value.bytes.size()), value.bytes.data(), value.bytes.size());
      memory_.set_initialised(*address, value.bytes.size());
    }
    buffers.push_back({index, value.element, *address, value.bytes.size()});
    const auto* begin = reinterpret_cast<const std::byte*>(&*address);
    return {begin, begin + sizeof *address};
  }

  DeviceMemory& memory_;
};

void dump(const Options::Dump& wanted, const Parameters& parameters, const DeviceMemory& memory) {
  bool found = false;
  for (const auto& buffer : parameters.buffers) {
    if (buffer.argument != wanted.argument) continue;
    found = true;
    const std::byte* content = memory.resolve(buffer.address, buffer.size_bytes);
    if (!wanted.file.empty()) {
      std::ofstream file(wanted.file, std::ios::binary);
      file.write(reinterpret_cast<const char*>(content), static_cast<std::streamsize>(buffer.size_bytes));
      if (!file) throw ArgumentError("the file " + wanted.file + " cannot be written");
      return;  // of a struct, the first buffer
    }
    const std::size_t count = buffer.size_bytes / size_of(buffer.element);
    std::cout << "argument " << buffer.argument << ":";
    for (std::size_t i = 0; i < std::min(count, kPrinted); ++i)
      std::cout << " " << to_string(buffer.element, content + i * size_of(buffer.element));
    std::cout << (count > kPrinted ? " ...\n" : "\n");
  }
  if (!found) throw ArgumentError("--dump: argument " + std::to_string(wanted.argument) + " has no buffer");
}

int run_kernel(const Options& options, const std::string& ptx) {
  DeviceMemory memory(kMemoryBytes);
  const std::unique_ptr<Program> program = Program::load(ptx, memory);
  const int kernel = program->kernel(options.kernel);
  if (kernel < 0) {
    std::string message = "the file has no kernel '" + options.kernel + "'; it has";
    for (const std::string& name : kernels_of(ptx::parse(ptx))) message += " " + name;
    throw ArgumentError(message);
  }
  const KernelFacts& facts = program->facts(kernel);
  const std::uint64_t threads = std::uint64_t{options.block.x} * options.block.y * options.block.z;
  if (threads > facts.max_threads)
    throw ArgumentError("--block: the kernel allows " + std::to_string(facts.max_threads) + " threads");
  const Parameters parameters(options, facts, memory);
  Launch launch;
  launch.program = program.get();
  launch.kernel = kernel;
  launch.grid = options.grid;
  launch.block = options.block;
  launch.dynamic_shared_bytes = options.shared_bytes;
  launch.parameters = parameters.bytes;
  Findings findings;
  Counters counters;
  counters.kernel = options.kernel;
  Counters* const counted = options.settings.counters ? &counters : nullptr;
  const Outcome outcome = execute(launch, options.settings, memory, findings, counted);
  std::cout << (options.json ? as_json(outcome, findings, counted) : as_text(outcome, findings, counted));
  for (const Options::Dump& wanted : options.dumps) dump(wanted, parameters, memory);
  return outcome == Outcome::done && findings.count() == 0 ? 0 : 1;
}

void list_kernels(const std::string& ptx) {
  for (const auto& function : ptx::parse(ptx).functions) {
    if (!function.is_entry) continue;
    std::cout << function.name;
    for (const std::uint32_t index : function.parameters)
      std::cout << "  " << function.variables[index].name << ":" << function.variables[index].size_bytes;
    std::cout << "\n";
  }
}

int run_command(const std::vector<std::string>& words) {
  const Options options = parse_options(words);
  if (options.help) {
    std::cout << kUsage;
    return 0;
  }
  const std::string ptx = read_ptx(options);
  if (options.list) {
    list_kernels(ptx);
  } else if (options.list_mutations) {
    for (const auto& candidate : driver::list_mutations(ptx))
      std::cout << driver::to_string(candidate.mutation) << "\t" << candidate.line << "\t" << candidate.instruction
                << "\n";
  } else {
    return run_kernel(options, ptx);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run_command({argv + 1, argv + argc});
  } catch (const ArgumentError& error) {
    std::cerr << "vgpu-run: " << error.what() << "\n";
  } catch (const std::exception& error) {
    std::cerr << "vgpu-run: " << error.what() << "\n";
  }
  return 2;
}
