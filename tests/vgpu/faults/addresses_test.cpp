// Addresses that should not be: past the end, misaligned, of the host, of freed memory.
#include "faults/planted_fault.h"

namespace vgpu::test {
namespace {

class Addresses : public PlantedFault {};

TEST_F(Addresses, ATailThatIsReadWithoutAPredicate) {
  const std::vector<float> in(100, 1.5F);
  const std::uint64_t data = device_.upload(in), out = allocate<float>(100);
  EXPECT_EQ(run("tails", "add_neighbours_none", {2}, {64}, data, out, 100), Outcome::done);
  expect_clean();
  EXPECT_EQ(device_.download<float>(out, 100), std::vector<float>(100, 3.0F));

  EXPECT_EQ(run("tails", "add_neighbours_unpredicated_tail", {2}, {64}, data, out, 100), Outcome::illegal_address);
  expect_found(
      FindingKind::out_of_bounds, {"tails.cu:tail"},
      {"just past the end of an allocation of 400 bytes", "thread (36,0,0) (warp 1, lane 4) of block (1,0,0)"});
}

TEST_F(Addresses, AFullTileHidesTheTail) {
  // Why lengths that are no multiple of a tile belong in every table of cases.
  EXPECT_EQ(run("tails", "add_neighbours_unpredicated_tail", {2}, {64}, device_.upload(std::vector<float>(128)),
                allocate<float>(128), 128),
            Outcome::done);
  expect_clean();
}

TEST_F(Addresses, AMisalignedVector) {
  std::vector<float> in(4 * 32);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(i);
  const std::uint64_t data = device_.upload(in), out = allocate<float>(32);
  EXPECT_EQ(run("blocks", "add_rows_none", {}, {32}, data, out), Outcome::done);
  expect_clean();
  for (std::size_t i = 0; i < 32; ++i)
    EXPECT_EQ(device_.download<float>(out, 32)[i], 16.0F * static_cast<float>(i) + 6);

  EXPECT_EQ(run("blocks", "add_rows_planted", {}, {32}, data, out), Outcome::misaligned_address);
  expect_found(FindingKind::misaligned, {"blocks.cu:four"}, {"of 16 bytes", "thread (1,0,0) (warp 0, lane 1)"});
}

TEST_F(Addresses, AHostPointer) {
  std::vector<float> host(32, 2.5F);
  const std::uint64_t out = allocate<float>(32);
  EXPECT_EQ(run("blocks", "copy", {}, {32}, host.data(), out), Outcome::illegal_address);
  expect_found(FindingKind::host_pointer, {"blocks.cu:copy"}, {"not pinned", "thread (0,0,0)"});

  ASSERT_TRUE(device_.memory().pin(host.data(), host.size() * sizeof(float)));
  EXPECT_EQ(run("blocks", "copy", {}, {32}, host.data(), out), Outcome::done);
  expect_clean();
  EXPECT_EQ(device_.download<float>(out, 32), host);
}

TEST_F(Addresses, FreedMemory) {
  const std::uint64_t data = device_.upload(std::vector<float>(32));
  ASSERT_TRUE(device_.memory().free(data));
  EXPECT_EQ(run("blocks", "copy", {}, {32}, data, allocate<float>(32)), Outcome::illegal_address);
  expect_found(FindingKind::use_after_free, {"blocks.cu:copy"}, {"an allocation of 128 bytes that was freed"});
}

TEST_F(Addresses, ANullPointer) {
  EXPECT_EQ(run("blocks", "copy", {}, {32}, device_.upload(std::vector<float>(32)), std::uint64_t{0}),
            Outcome::illegal_address);
  expect_found(FindingKind::out_of_bounds, {"blocks.cu:copy"}, {"of 4 bytes", "a null pointer"});
}

TEST_F(Addresses, MemoryThatNobodyWrote) {
  const std::uint64_t data = allocate<float>(32);
  device_.memory().set_initialised(data, 60);
  EXPECT_EQ(run("blocks", "copy", {}, {32}, data, allocate<float>(32)), Outcome::done);
  expect_found(FindingKind::uninitialised_read, {"blocks.cu:copy"},
               {"byte 60 of an allocation of 128 bytes", "thread (15,0,0) (warp 0, lane 15)", "met 17 times"});
}

TEST_F(Addresses, RowsOfATileThatWereNotZeroed) {
  // In the first tile nobody has written the rows that do not exist.
  const std::uint64_t data = device_.upload(std::vector<float>(10 * 32, 1.0F)), out = allocate<float>(32);
  EXPECT_EQ(run("tails", "sum_columns_none", {}, {128}, data, out, 10), Outcome::done);
  expect_clean();
  EXPECT_EQ(run("tails", "sum_columns_no_zero_fill", {}, {128}, data, out, 10), Outcome::done);
  expect_found(FindingKind::uninitialised_read, {"tails.cu:sum"}, {"offset 1280 of shared memory"});
}

}  // namespace
}  // namespace vgpu::test
