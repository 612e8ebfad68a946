#include "third_party/gpu.h"

#include <fstream>
#include <iterator>

namespace vgpu::third_party {
namespace {

constexpr std::uint64_t kCapacityBytes = 1ull << 32;

std::string read_module(const std::string& module) {
  std::ifstream file(std::string(VGPU_THIRD_PARTY_PTX) + "/" + module + ".ptx");
  EXPECT_TRUE(file) << module;
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

Gpu::Gpu(const std::string& module, const Settings& settings)
    : memory_(kCapacityBytes),
      settings_(settings),
      text_(read_module(module)),
      program_(Program::load(text_, memory_)) {}

Gpu::~Gpu() {
  bool met = expected_source_.empty();
  for (const Finding& finding : findings_.all()) {
    const bool is_expected = !expected_source_.empty() && finding.kind == expected_kind_ &&
                             finding.text.find(expected_source_) != std::string::npos;
    met = met || is_expected;
    if (!is_expected) ADD_FAILURE() << name(finding.kind) << '\n' << finding.text;
  }
  EXPECT_TRUE(met) << "nothing was found in " << expected_source_;
}

std::string Gpu::kernel_with(const std::string& text) const {
  for (std::size_t at = text_.find(".entry "); at != std::string::npos; at = text_.find(".entry ", at + 1)) {
    const std::size_t begin = at + 7, end = text_.find_first_of("( \n", begin);
    const std::string kernel = text_.substr(begin, end - begin);
    if (kernel.find(text) != std::string::npos) return kernel;
  }
  ADD_FAILURE() << "no kernel contains " << text;
  return {};
}

void Gpu::launch_packed(const std::string& kernel, Dim3 grid, std::uint32_t threads, std::uint32_t shared_bytes,
                        std::vector<std::byte> parameters) {
  begin(kernel);
  parameters_ = std::move(parameters);
  pushed_ = program_->facts(kernel_).parameter_count;
  ASSERT_EQ(parameters_.size(), program_->facts(kernel_).parameter_bytes);
  run(grid, threads, shared_bytes);
}

void Gpu::begin(const std::string& kernel) {
  kernel_name_ = kernel;
  kernel_ = program_->kernel(kernel);
  ASSERT_GE(kernel_, 0) << kernel;
  parameters_.assign(program_->facts(kernel_).parameter_bytes, std::byte{});
  pushed_ = 0;
}

void Gpu::push_bytes(const void* bytes, std::size_t size) {
  const auto& parameters = program_->facts(kernel_).parameters;
  ASSERT_LT(pushed_, parameters.size()) << kernel_name_ << " has fewer parameters";
  ASSERT_EQ(size, parameters[pushed_].size_bytes) << kernel_name_ << " parameter " << pushed_;
  std::memcpy(parameters_.data() + parameters[pushed_++].offset, bytes, size);
}

void Gpu::run(Dim3 grid, std::uint32_t threads, std::uint32_t shared_bytes) {
  ASSERT_EQ(pushed_, program_->facts(kernel_).parameter_count) << kernel_name_;
  Launch launch;
  launch.program = program_.get();
  launch.kernel = kernel_;
  launch.grid = grid;
  launch.block = {threads};
  launch.dynamic_shared_bytes = shared_bytes;
  launch.parameters = parameters_;
  counters = {};
  const Outcome outcome = execute(launch, settings_, memory_, findings_, &counters);
  EXPECT_EQ(static_cast<int>(outcome), static_cast<int>(Outcome::done)) << kernel_name_;
}

std::uint64_t Gpu::allocate_bytes(std::size_t size) {
  const auto address = memory_.allocate(size);
  EXPECT_TRUE(address.has_value());
  return address.value_or(0);
}

void Gpu::write(std::uint64_t address, const void* bytes, std::size_t size) {
  std::memcpy(memory_.resolve(address, size), bytes, size);
  memory_.set_initialised(address, size);
}

void Gpu::read(void* bytes, std::uint64_t address, std::size_t size) {
  EXPECT_TRUE(memory_.is_initialised(address, size)) << "a result that no kernel wrote";
  std::memcpy(bytes, memory_.resolve(address, size), size);
}

std::vector<Settings> every_schedule() {
  std::vector<Settings> all(4);
  all[1].schedule = Schedule::reverse;
  all[2].schedule = all[3].schedule = Schedule::random;
  all[2].seed = 1;
  all[3].seed = 20;
  return all;
}

std::vector<Settings> every_schedule_and_rounding() {
  std::vector<Settings> all = every_schedule();
  const std::size_t count = all.size();
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back(all[i]);
    all.back().rounding = Rounding::ampere;
  }
  return all;
}

namespace {

std::string text_of(const Settings& settings) {
  std::string text = settings.schedule == Schedule::forward   ? "forward"
                     : settings.schedule == Schedule::reverse ? "reverse"
                                                              : "random_" + std::to_string(settings.seed);
  if (settings.rounding == Rounding::ampere) text += "_ampere";
  return text;
}

}  // namespace

std::string name_of(const testing::TestParamInfo<Settings>& info) { return text_of(info.param); }

}  // namespace vgpu::third_party

void vgpu::PrintTo(const Settings& settings, std::ostream* out) { *out << third_party::text_of(settings); }
