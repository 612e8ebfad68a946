// Bank conflicts and sectors, against a plain count of words and banks and against patterns whose counts are known.
#include "checks/counters.h"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <map>
#include <random>
#include <set>

namespace vgpu {
namespace {

struct Request {
  explicit Request(std::uint32_t bytes, const std::function<std::uint64_t(std::uint32_t)>& address,
                   std::uint32_t lanes = 0xFFFFFFFF, AccessKind kind = AccessKind::load) {
    access.kind = kind;
    access.bytes = bytes;
    access.lanes = lanes;
    for (std::uint32_t lane = 0; lane < 32; ++lane) addresses[lane] = address(lane);
    access.addresses = addresses.data();
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  Counters::Shared shared() const {
    Counters::Shared facts;
    facts.add(access);
    return facts;
  }
  Counters::Global global() const {
    Counters::Global facts;
    facts.add(access);
    return facts;
  }

  std::array<std::uint64_t, 32> addresses{};
  Access access;
};

std::uint64_t wavefronts(std::uint32_t bytes, const std::function<std::uint64_t(std::uint32_t)>& address) {
  return Request(bytes, address).shared().wavefronts;
}

TEST(SharedWavefronts, KnownPatterns) {
  EXPECT_EQ(wavefronts(4, [](auto lane) { return 4 * lane; }), 1U);
  EXPECT_EQ(wavefronts(4, [](auto) { return 64; }), 1U);                // broadcast
  EXPECT_EQ(wavefronts(4, [](auto lane) { return 8 * lane; }), 2U);     // every other bank
  EXPECT_EQ(wavefronts(4, [](auto lane) { return 128 * lane; }), 32U);  // a column of a 32-wide matrix
  EXPECT_EQ(wavefronts(4, [](auto lane) { return 132 * lane; }), 1U);   // the same, padded
  EXPECT_EQ(wavefronts(2, [](auto lane) { return 2 * lane; }), 1U);     // two lanes to a word
  EXPECT_EQ(wavefronts(1, [](auto lane) { return 128 * (lane % 4); }), 4U);
  EXPECT_EQ(wavefronts(8, [](auto lane) { return 8 * lane; }), 2U);
  EXPECT_EQ(wavefronts(8, [](auto lane) { return 16 * lane; }), 4U);
  EXPECT_EQ(wavefronts(16, [](auto lane) { return 16 * lane; }), 4U);
  EXPECT_EQ(wavefronts(16, [](auto lane) { return 128 * lane; }), 32U);  // rows of 128 bytes without a swizzle
  EXPECT_EQ(wavefronts(16, [](auto lane) { return 128 * lane + 16 * (lane % 8); }), 4U);
  EXPECT_EQ(wavefronts(16, [](auto lane) { return 144 * lane; }), 4U);  // rows padded by 16
  EXPECT_EQ(wavefronts(16, [](auto lane) { return 256 * (lane / 2); }), 16U);
}

TEST(SharedWavefronts, OnlyTheLanesThatTakePart) {
  const Request few(
      16, [](auto lane) { return 128 * lane; }, 0x00FF);
  EXPECT_EQ(few.shared().ideal_wavefronts, 1U);  // ldmatrix.x1
  EXPECT_EQ(few.shared().wavefronts, 8U);
  EXPECT_EQ(few.shared().bytes, 128U);
  const Request none(
      4, [](auto lane) { return 4 * lane; }, 0);
  EXPECT_EQ(none.shared().wavefronts, 0U);
}

TEST(SharedWavefronts, AtomicsOnOnePlaceFollowOneAnother) {
  EXPECT_EQ(Request(
                4, [](auto) { return 64; }, 0xFFFFFFFF, AccessKind::atomic)
                .shared()
                .wavefronts,
            32U);
  EXPECT_EQ(Request(
                4, [](auto lane) { return 4 * lane; }, 0xFFFFFFFF, AccessKind::atomic)
                .shared()
                .wavefronts,
            1U);
}

TEST(SharedWavefronts, AgreeWithACountOfWords) {
  std::mt19937 random(3);
  for (int round = 0; round < 5000; ++round) {
    const std::uint32_t bytes = 1U << random() % 5;
    const std::uint32_t spread = 1 + random() % 400, lanes = static_cast<std::uint32_t>(random());
    std::array<std::uint64_t, 32> addresses;
    for (auto& address : addresses) address = random() % spread * bytes;
    const std::uint32_t group = bytes <= 4 ? 32 : 128 / bytes;
    std::uint64_t expected = 0, ideal = 0;
    for (std::uint32_t begin = 0; begin < 32; begin += group) {
      std::array<std::set<std::uint64_t>, 32> words;
      for (std::uint32_t lane = begin; lane < begin + group; ++lane) {
        if ((lanes >> lane & 1) == 0) continue;
        for (std::uint64_t byte = addresses[lane]; byte < addresses[lane] + bytes; ++byte) {
          words[byte / 4 % 32].insert(byte / 4);
        }
      }
      std::size_t most = 0;
      for (const auto& bank : words) most = std::max(most, bank.size());
      expected += most;
      ideal += most > 0 ? 1 : 0;
    }
    const Request request(
        bytes, [&](auto lane) { return addresses[lane]; }, lanes);
    ASSERT_EQ(request.shared().wavefronts, expected) << "round " << round << ", " << bytes << " bytes";
    ASSERT_EQ(request.shared().ideal_wavefronts, ideal);
  }
}

TEST(GlobalSectors, KnownPatterns) {
  const auto sectors = [](std::uint32_t bytes, const std::function<std::uint64_t(std::uint32_t)>& address) {
    const Counters::Global facts = Request(bytes, address).global();
    return std::pair(facts.sectors, facts.ideal_sectors);
  };
  using Pair = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_EQ(sectors(4, [](auto lane) { return 4 * lane; }), Pair(4, 4));
  EXPECT_EQ(sectors(4, [](auto lane) { return 16 + 4 * lane; }), Pair(5, 4));  // not aligned to a sector
  EXPECT_EQ(sectors(4, [](auto lane) { return 128 * lane; }), Pair(32, 4));    // a column
  EXPECT_EQ(sectors(4, [](auto lane) { return 4 * (31 - lane); }), Pair(4, 4));
  EXPECT_EQ(sectors(4, [](auto) { return 512; }), Pair(1, 1));
  EXPECT_EQ(sectors(16, [](auto lane) { return 16 * lane; }), Pair(16, 16));
  EXPECT_EQ(sectors(16, [](auto lane) { return 256 * (lane / 8) + 16 * (lane % 8); }), Pair(16, 16));
  EXPECT_EQ(sectors(2, [](auto lane) { return 2 * lane; }), Pair(2, 2));
}

TEST(GlobalSectors, AgreeWithASetOfBytes) {
  std::mt19937 random(4);
  for (int round = 0; round < 3000; ++round) {
    const std::uint32_t bytes = 1U << random() % 5, lanes = static_cast<std::uint32_t>(random()) | 1;
    std::array<std::uint64_t, 32> addresses;
    for (auto& address : addresses) address = random() % (1 + round % 300) * bytes;
    if (round % 3 == 0) std::sort(addresses.begin(), addresses.end());
    std::set<std::uint64_t> sectors, distinct;
    for (std::uint32_t lane = 0; lane < 32; ++lane) {
      if ((lanes >> lane & 1) == 0) continue;
      for (std::uint64_t byte = addresses[lane]; byte < addresses[lane] + bytes; ++byte) {
        sectors.insert(byte / 32);
        distinct.insert(byte);
      }
    }
    const Counters::Global facts = Request(
                                       bytes, [&](auto lane) { return addresses[lane]; }, lanes)
                                       .global();
    ASSERT_EQ(facts.sectors, sectors.size());
    ASSERT_EQ(facts.ideal_sectors, (distinct.size() + 31) / 32);
    ASSERT_EQ(facts.requests, 1U);
  }
}

TEST(CountersJson, SaysAllOfIt) {
  Counters counters;
  counters.kernel = "a\"b";
  counters.instructions = {{"add", 3}, {"mma.sync", 2}};
  counters.tensor_instructions = 2;
  counters.barriers = 1;
  counters.local_bytes = 8;
  counters.shared["ldmatrix"] = {2, 16, 8, 1024};
  counters.global["ld.global"] = {1, 5, 4, 128};
  const std::string one =
      "{\"kernel\": \"a\\\"b\", \"instructions\": {\"add\": 3, \"mma.sync\": 2}, \"tensor_instructions\": 2, "
      "\"barriers\": 1, \"local_bytes\": 8, \"shared\": {\"ldmatrix\": {\"requests\": 2, \"wavefronts\": 16, "
      "\"ideal_wavefronts\": 8, \"wavefronts_over_ideal\": 2.0000, \"bytes\": 1024}}, \"global\": {\"ld.global\": "
      "{\"requests\": 1, \"sectors\": 5, \"ideal_sectors\": 4, \"sectors_over_ideal\": 1.2500, \"bytes\": 128}}}";
  EXPECT_EQ(to_json(counters), one);
  EXPECT_EQ(to_json(std::vector<Counters>{counters, counters}), "[" + one + ",\n " + one + "]");
  EXPECT_EQ(to_json(std::vector<Counters>{}), "[]");
}

}  // namespace
}  // namespace vgpu
