#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "attention/options_fixture.h"
#include "attention/refusal_fixture.h"

// Callers compiled against an older or a newer header.
namespace ki::test {
namespace {

/// A struct as a newer header may have it: with a field this library does not know.
template <typename Struct>
struct Newer {
  Struct known;
  std::int64_t unknown = 0;

  explicit Newer(const Struct& from) : known(from) { known.struct_size = sizeof(Newer); }
};

TEST(VersionedStruct, ANewerProblemIsAcceptedWhileWhatIsNewIsZero) {
  RefusalFixture f;
  Newer<ki_attention_problem> problem(f.problem);
  EXPECT_EQ(ki_attention_forward(f.stream.get(), &problem.known, nullptr, 0), KI_STATUS_OK) << ki_last_error_message();
}

TEST(VersionedStruct, ANewerProblemIsRefusedOnceWhatIsNewIsUsed) {
  RefusalFixture f;
  Newer<ki_attention_problem> problem(f.problem);
  problem.unknown = std::int64_t{1} << 56;  // the very last byte
  EXPECT_TRUE(refused(ki_attention_forward(f.stream.get(), &problem.known, nullptr, 0), KI_STATUS_INVALID_ARGUMENT,
                      "problem", {std::to_string(sizeof(problem))}));
  EXPECT_TRUE(f.untouched());
}

TEST(VersionedStruct, NewerTensorsAreTreatedAlike) {
  RefusalFixture f;
  Newer<ki_tensor> key(f.parts.key);
  f.problem.key = &key.known;
  EXPECT_EQ(f.forward(), KI_STATUS_OK) << ki_last_error_message();
  key.unknown = 1;
  EXPECT_TRUE(refused(f.forward(), KI_STATUS_INVALID_ARGUMENT, "key"));
}

TEST(VersionedStruct, AnOlderProblemIsReadAsIfTheRestWereZero) {
  RefusalFixture f;
  f.problem.struct_size = offsetof(ki_attention_problem, logsumexp);
  f.problem.logsumexp = reinterpret_cast<const ki_tensor*>(8);  // would be read if the size were ignored
  EXPECT_EQ(f.forward(), KI_STATUS_OK) << ki_last_error_message();
}

TEST(VersionedStruct, AnOlderTensorIsReadAsIfTheRestWereZero) {
  RefusalFixture f;
  // Everything but the strides beyond the fourth, which no tensor here has.
  f.parts.key.struct_size = offsetof(ki_tensor, strides) + 4 * sizeof(std::int64_t);
  EXPECT_EQ(f.forward(), KI_STATUS_OK) << ki_last_error_message();
  f.parts.key.struct_size = offsetof(ki_tensor, strides);  // no strides: rows that repeat, and a last stride of 0
  EXPECT_TRUE(refused(f.forward(), KI_STATUS_INVALID_ARGUMENT, "key", {"contiguous"}));
}

TEST(VersionedStruct, AnOlderCacheIsReadAsIfTheRestWereZero) {
  OptionsFixture f(OptionsFixture::Keys::slots);
  f.cache.struct_size = offsetof(ki_attention_cache, rotary_cos);
  f.cache.rotary_cos = reinterpret_cast<const ki_tensor*>(8);  // would be read if the size were ignored
  EXPECT_EQ(f.forward(), KI_STATUS_OK) << ki_last_error_message();
}

TEST(VersionedStruct, ANewerCacheIsRefusedOnceWhatIsNewIsUsed) {
  OptionsFixture f(OptionsFixture::Keys::paged);
  Newer<ki_attention_cache> cache(f.cache);
  f.problem.cache = &cache.known;
  cache.unknown = 1;
  EXPECT_TRUE(refused(f.forward(), KI_STATUS_INVALID_ARGUMENT, "cache", {std::to_string(sizeof(cache))}));
  EXPECT_TRUE(f.untouched());
  cache.unknown = 0;
  EXPECT_EQ(f.forward(), KI_STATUS_OK) << ki_last_error_message();
}

TEST(VersionedStruct, AnOlderDescriptionIsNotWrittenBeyondItsEnd) {
  ki_device_info info;
  std::memset(&info, 0x55, sizeof(info));
  info.struct_size = offsetof(ki_device_info, model);
  const Device device = open_device("cpu");
  ASSERT_EQ(ki_device_get_info(device.get(), &info), KI_STATUS_OK);
  EXPECT_STREQ(info.name, "cpu");
  EXPECT_EQ(info.struct_size, offsetof(ki_device_info, model));
  EXPECT_EQ(info.model[0], 0x55);
  EXPECT_EQ(info.reason[255], 0x55);
}

TEST(VersionedStruct, ANewerDescriptionIsFilledAsFarAsItIsKnown) {
  Newer<ki_device_info> info(ki_device_info{});
  ASSERT_EQ(ki_device_describe(0, &info.known), KI_STATUS_OK) << ki_last_error_message();
  EXPECT_STREQ(info.known.name, "cpu");
  EXPECT_EQ(info.known.struct_size, sizeof(info));
}

}  // namespace
}  // namespace ki::test
