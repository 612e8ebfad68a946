// The command line.
#include "run/options.h"

#include <gtest/gtest.h>

#include "run/arguments.h"

namespace {

using namespace vgpu;
using namespace vgpu::run;

TEST(Options, AreRead) {
  const Options options =
      parse_options({"file.ptx", "kernel",    "--grid",     "4,5",    "--block",       "128",        "--shared",
                     "99",       "--arg",     "i32=1",      "--arg",  "f32[4]=random", "--schedule", "reverse",
                     "--seed",   "12",        "--rounding", "ampere", "--no-checks",   "--watchdog", "7",
                     "--dump",   "1=out.bin", "--dump",     "0",      "--json"});
  EXPECT_EQ(options.file, "file.ptx");
  EXPECT_EQ(options.kernel, "kernel");
  EXPECT_EQ(options.grid.x, 4u);
  EXPECT_EQ(options.grid.y, 5u);
  EXPECT_EQ(options.grid.z, 1u);
  EXPECT_EQ(options.block.x, 128u);
  EXPECT_EQ(options.shared_bytes, 99u);
  EXPECT_EQ(options.arguments, (std::vector<std::string>{"i32=1", "f32[4]=random"}));
  EXPECT_EQ(options.settings.schedule, Schedule::reverse);
  EXPECT_EQ(options.settings.seed, 12u);
  EXPECT_EQ(options.settings.rounding, Rounding::ampere);
  EXPECT_FALSE(options.settings.checks);
  EXPECT_TRUE(options.settings.counters);
  EXPECT_EQ(options.settings.watchdog_instructions, 7u);
  ASSERT_EQ(options.dumps.size(), 2u);
  EXPECT_EQ(options.dumps[0].argument, 1u);
  EXPECT_EQ(options.dumps[0].file, "out.bin");
  EXPECT_EQ(options.dumps[1].file, "");
  EXPECT_TRUE(options.json);
}

TEST(Options, MistakesAreNamed) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"file"},
      {"file", "kernel", "extra"},
      {"file", "kernel", "--grid"},
      {"file", "kernel", "--grid", "0"},
      {"file", "kernel", "--grid", "1,2,3,4"},
      {"file", "kernel", "--grid", "1,"},
      {"file", "kernel", "--block", "x"},
      {"file", "kernel", "--shared", "-1"},
      {"file", "kernel", "--schedule", "sideways"},
      {"file", "kernel", "--what"},
      {"--list"},
  };
  for (const auto& words : wrong) EXPECT_THROW(parse_options(words), ArgumentError) << testing::PrintToString(words);
  EXPECT_NO_THROW(parse_options({"--list", "file"}));
  EXPECT_TRUE(parse_options({"--help"}).help);
}

}  // namespace
