#include "long_convolution/saved_plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <ostream>
#include <string>

#include "support/backends.h"
#include "support/not_supported.h"
#include "support/random.h"

// Plans that are saved and loaded: whole, on every backend, and damaged, cut, or made up by somebody who knows the checksum.
namespace ki::test {
namespace {

LongConvolutionCase small_case() {
  LongConvolutionCase c{.batch = 3, .channels = 2, .length = 150, .filter_length = 100};
  c.fft_size = 256;
  return c;
}

std::vector<LongConvolutionCase> saved_cases() {
  std::vector<LongConvolutionCase> cases{small_case()};
  LongConvolutionCase c = small_case();
  c.mask = {16, MaskedBlocks::scattered};
  c.squash = 0.02F;
  cases.push_back(c);
  c = small_case();
  c.fft_size = 0;
  c.length = 1001;
  cases.push_back(c);
  c.circular = true;
  cases.push_back(c);
  c = small_case();
  c.pieces = {100, 7, 150};
  cases.push_back(c);
  c = small_case();
  c.length = 2000;  // blocks that overlap
  c.dtype = KI_DTYPE_FLOAT16;
  cases.push_back(c);
  return cases;
}

class SavedPlan : public testing::TestWithParam<LongConvolutionCase> {};

TEST_P(SavedPlan, ComputesTheSame) {
  const LongConvolutionData data(GetParam());
  const LongConvolutionExpectation expectation(data);
  NotSupportedList not_supported;
  for (const Backend& backend : backends()) {
    SCOPED_TRACE(backend.name());
    not_supported.run(backend, [&] {
      const Device device = backend.open();
      const Stream stream = create_stream(device);
      const LongConvolutionPlan plan = create_plan(device, stream.get(), data);
      const Bytes file = save(stream.get(), plan);
      EXPECT_TRUE(file == save(stream.get(), plan));
      Bytes shifted(file.size() + 1);  // of any alignment
      std::ranges::copy(file, shifted.begin() + 1);
      ki_long_convolution_plan* loaded = nullptr;
      check(ki_long_convolution_plan_load(stream.get(), shifted.data() + 1, file.size(), &loaded));
      const LongConvolutionPlan copy(loaded);
      // A backend may keep its filters in another form than the file has them, so that bits may differ from the plan's own; but
      // not between two that were loaded.
      const LongConvolutionOutcome got = run_long_convolution(data, device, stream.get(), copy);
      EXPECT_TRUE(is_right(data, got, expectation));
      EXPECT_TRUE(got.bits == run_long_convolution(data, device, stream.get(), load(stream.get(), file)).bits);
      const ki_long_convolution_plan_info a = info_of(plan), b = info_of(copy);
      EXPECT_EQ(std::memcmp(&a, &b, sizeof(a)), 0);
    });
  }
  not_supported.report();
}

TEST_P(SavedPlan, IsSharedByAllBackends) {
  const LongConvolutionData data(GetParam());
  const LongConvolutionExpectation expectation(data);
  const auto file_of = [&](const Backend& backend) {
    const Device device = backend.open();
    const Stream stream = create_stream(device);
    return save(stream.get(), create_plan(device, stream.get(), data));
  };
  NotSupportedList not_supported;
  Bytes file;
  for (const Backend& backend : backends()) {  // each loads what the one before it has saved
    SCOPED_TRACE(backend.name());
    not_supported.run(backend, [&] {
      if (!file.empty()) {
        const Device device = backend.open();
        const Stream stream = create_stream(device);
        const LongConvolutionPlan plan = load(stream.get(), file);
        EXPECT_TRUE(is_right(data, run_long_convolution(data, device, stream.get(), plan), expectation));
      }
      file = file_of(backend);
    });
  }
  not_supported.report();
}

INSTANTIATE_TEST_SUITE_P(Cases, SavedPlan, testing::ValuesIn(saved_cases()),
                         [](const auto& info) { return info.param.name(); });

/// A saved plan on the CPU, and what becomes of others.
class BadSavedPlan : public testing::Test {
 protected:
  static Bytes file_of(const LongConvolutionCase& c) {
    const LongConvolutionData data(c);
    const Device device = open_device("cpu", nullptr, 1);
    const Stream stream = create_stream(device);
    return save(stream.get(), create_plan(device, stream.get(), data));
  }

  ki_status load(const Bytes& bytes, ki_long_convolution_plan** plan) const {
    return ki_long_convolution_plan_load(stream.get(), bytes.data(), bytes.size(), plan);
  }

  testing::AssertionResult is_refused(const Bytes& bytes, ki_status status = KI_STATUS_INVALID_ARGUMENT) const {
    const std::int64_t handles = ki_live_handle_count();
    ki_long_convolution_plan* plan = reinterpret_cast<ki_long_convolution_plan*>(8);
    const ki_status got = load(bytes, &plan);
    if (plan != nullptr) return testing::AssertionFailure() << "there is a plan";
    if (ki_live_handle_count() != handles) return testing::AssertionFailure() << "a handle is left";
    return refused(got, status, "data");
  }

  static Bytes masked_file() {
    LongConvolutionCase c = small_case();
    c.channels = 1;
    c.mask = {13, MaskedBlocks::odd};  // 10 blocks, and 6 bytes behind them
    return file_of(c);
  }

  static Bytes plain_file() {
    LongConvolutionCase c = small_case();
    c.channels = 1;
    return file_of(c);
  }

  Device device = open_device("cpu", nullptr, 1);
  Stream stream = create_stream(device);
};

TEST_F(BadSavedPlan, TheChecksumIsTheStandardOne) {
  const char* text = "123456789";
  EXPECT_EQ(checksum_of(reinterpret_cast<const std::uint8_t*>(text), 9), 0x995DC9BBDF1939FAU);
  const Bytes file = masked_file();
  Bytes again = file;
  seal(again);
  EXPECT_TRUE(again == file);
}

TEST_F(BadSavedPlan, HasTheLayoutThatIsWrittenDown) {
  const Bytes file = masked_file();
  EXPECT_EQ(std::memcmp(file.data(), "KI-LCONV", 8), 0);
  EXPECT_EQ(get<std::uint32_t>(file, saved::kVersion), 1U);
  EXPECT_EQ(get<std::uint32_t>(file, saved::kFlags), 0U);
  EXPECT_EQ(get<std::int64_t>(file, saved::kChannels), 1);
  EXPECT_EQ(get<std::int64_t>(file, saved::kLength), 150);
  EXPECT_EQ(get<std::int64_t>(file, saved::kFilterLength), 100);
  EXPECT_EQ(get<std::int64_t>(file, saved::kFftSize), 256);
  EXPECT_EQ(get<std::int64_t>(file, saved::kFrequencyBlock), 13);
  EXPECT_EQ(get<std::uint64_t>(file, saved::kMaskBlocks), 10U);
  EXPECT_EQ(get<float>(file, saved::kSquash), 0.0F);
  EXPECT_EQ(file.size(), saved::kHeaderBytes + 16 + 129 * 2 * sizeof(float) + saved::kChecksumBytes);
}

TEST_F(BadSavedPlan, EveryDamagedByteIsNoticed) {
  const Bytes file = masked_file();
  for (std::size_t i = 0; i < file.size(); ++i) {
    Bytes damaged = file;
    damaged[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
    const bool is_version = i >= saved::kVersion && i < saved::kFlags;
    ASSERT_TRUE(is_refused(damaged, is_version ? KI_STATUS_NOT_SUPPORTED : KI_STATUS_INVALID_ARGUMENT)) << i;
  }
}

TEST_F(BadSavedPlan, EveryTruncationIsNoticed) {
  const Bytes file = masked_file();
  for (std::size_t size = 0; size < file.size(); ++size) {
    Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_TRUE(is_refused(cut)) << size;
    if (size < saved::kChecksumBytes) continue;
    seal(cut);
    ASSERT_TRUE(is_refused(cut)) << size << " with a checksum";
  }
  Bytes longer = file;
  longer.resize(file.size() + 8);
  EXPECT_TRUE(is_refused(longer));
  seal(longer);
  EXPECT_TRUE(is_refused(longer));
}

TEST_F(BadSavedPlan, NullsAndSmallRoomAreRefusedByName) {
  const Bytes file = plain_file();
  const LongConvolutionPlan plan = test::load(stream.get(), file);
  const auto bad = KI_STATUS_INVALID_ARGUMENT;
  std::uint64_t size = 0;
  Bytes room(file.size());
  const auto save_plan = ki_long_convolution_plan_save;
  EXPECT_TRUE(refused(save_plan(nullptr, plan.get(), room.data(), room.size(), &size), bad, "stream"));
  EXPECT_TRUE(refused(save_plan(stream.get(), nullptr, room.data(), room.size(), &size), bad, "plan"));
  EXPECT_TRUE(refused(save_plan(stream.get(), plan.get(), room.data(), room.size(), nullptr), bad, "size_bytes"));
  EXPECT_TRUE(refused(save_plan(stream.get(), plan.get(), nullptr, room.size(), &size), bad, "data"));
  EXPECT_TRUE(refused(save_plan(stream.get(), plan.get(), room.data(), room.size() - 1, &size), bad, "data",
                      {std::to_string(room.size())}));
  EXPECT_EQ(size, file.size());
  EXPECT_TRUE(room == Bytes(file.size()));
  ki_long_convolution_plan* loaded = nullptr;
  const auto load_plan = ki_long_convolution_plan_load;
  EXPECT_TRUE(refused(load_plan(nullptr, file.data(), file.size(), &loaded), bad, "stream"));
  EXPECT_TRUE(refused(load_plan(stream.get(), nullptr, file.size(), &loaded), bad, "data"));
  EXPECT_TRUE(refused(load_plan(stream.get(), file.data(), file.size(), nullptr), bad, "plan"));
  EXPECT_EQ(loaded, nullptr);
}

/// A field that somebody has made up, under a checksum that is right.
struct HostileField {
  std::string name;
  std::function<void(Bytes&)> write;
  bool masked = false;
  ki_status status = KI_STATUS_INVALID_ARGUMENT;
};

void PrintTo(const HostileField& field, std::ostream* stream) { *stream << field.name; }

template <typename T>
std::function<void(Bytes&)> field(std::size_t offset, T value) {
  return [=](Bytes& file) { put(file, offset, value); };
}

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

/// Channels so many that the bytes of their spectra are, modulo 2^64, those that the file has. channels * (fft_size / 2 + 1) =
/// 2^61 + rest, each of 8 bytes.
void overflow_the_size(Bytes& file) {
  constexpr std::int64_t kFrequencies = 4194304 / 2 + 1;
  constexpr std::int64_t kRest = kFrequencies - (std::int64_t{1} << 61) % kFrequencies;
  put(file, saved::kChannels, ((std::int64_t{1} << 61) + kRest) / kFrequencies);
  put(file, saved::kFftSize, std::int64_t{4194304});
  file.resize(saved::kHeaderBytes + 8 * kRest + saved::kChecksumBytes);
}

std::vector<HostileField> hostile_fields() {
  using namespace saved;
  std::vector<HostileField> fields{
      {"Magic", field(kMagic, 'k')},
      {"VersionZero", field(kVersion, 0U), false, KI_STATUS_NOT_SUPPORTED},
      {"VersionTwo", field(kVersion, 2U), false, KI_STATUS_NOT_SUPPORTED},
      {"UnknownFlag", field(kFlags, 4U)},
      {"LastFlag", field(kFlags, 0x80000000U)},
      {"CircularAndStreaming", field(kFlags, 3U)},
      {"SmallTransform", field(kFftSize, std::int64_t{254})},
      {"OddTransform", field(kFftSize, std::int64_t{257})},
      {"LargeTransform", field(kFftSize, std::int64_t{8388608})},
      {"AnotherTransform", field(kFftSize, std::int64_t{258})},
      {"TransformShorterThanTheTaps",
       [](Bytes& file) {
         put(file, kLength, std::int64_t{1000});
         put(file, kFilterLength, std::int64_t{257});
       }},
      {"MoreChannels", field(kChannels, std::int64_t{2})},
      {"ManyChannels", field(kChannels, std::int64_t{1} << 40)},
      {"ChannelsThatOverflowToTheSize", overflow_the_size},
      {"BlockWithoutAMask", field(kFrequencyBlock, std::int64_t{13})},
      {"MaskWithoutABlock", field(kMaskBlocks, std::uint64_t{10})},
      {"MaskOfZeroFrequencies", field(kFrequencyBlock, std::int64_t{0}), true},
      {"MaskOfNegativeFrequencies", field(kFrequencyBlock, std::int64_t{-13}), true},
      {"MaskOfHugeBlocks", field(kFrequencyBlock, kHuge), true},
      {"MaskOfOtherBlocks", field(kFrequencyBlock, std::int64_t{12}), true},
      {"MaskTooShort", field(kMaskBlocks, std::uint64_t{9}), true},
      {"MaskTooLong", field(kMaskBlocks, std::uint64_t{11}), true},
      {"MaskAsLongAsTheFile", field(kMaskBlocks, std::uint64_t{1048}), true},
      {"MaskLongerThanTheFile", field(kMaskBlocks, std::uint64_t{1049}), true},
      {"MaskOf2To63", field(kMaskBlocks, std::uint64_t{1} << 63), true},
      {"MaskOf2To64", field(kMaskBlocks, ~std::uint64_t{0}), true},
      {"MaskOfStreams", field(kFlags, 2U), true},
      {"MaskOfShorterCircles", field(kFlags, 1U), true},
      {"MaskOfTwos", field(kHeaderBytes + 1, '\2'), true},
      {"BytesBehindTheMask", field(kHeaderBytes + 10, '\1'), true},
      {"LengthThatAMaskedTransformDoesNotHold", field(kLength, std::int64_t{158}), true},
      {"SquashNegative", field(kSquash, -1.0F)},
      {"SquashNaN", field(kSquash, std::nanf(""))},
      {"SquashInfinite", field(kSquash, INFINITY)},
      {"Zero", field(kZero, 1U)},
  };
  for (const auto& [name, offset] : {std::pair{"Channels", kChannels}, std::pair{"Length", kLength},
                                     std::pair{"Taps", kFilterLength}, std::pair{"Points", kFftSize}}) {
    fields.push_back({std::string("No") + name, field(offset, std::int64_t{0})});
    fields.push_back({std::string("Negative") + name, field(offset, std::int64_t{-1})});
    fields.push_back({std::string("Huge") + name, field(offset, kHuge)});
    fields.push_back({std::string("Least") + name, field(offset, std::numeric_limits<std::int64_t>::min())});
  }
  return fields;
}

class HostilePlan : public BadSavedPlan, public testing::WithParamInterface<HostileField> {};

TEST_P(HostilePlan, IsRefused) {
  Bytes file = GetParam().masked ? masked_file() : plain_file();
  GetParam().write(file);
  seal(file);
  EXPECT_TRUE(is_refused(file, GetParam().status));
}

INSTANTIATE_TEST_SUITE_P(Fields, HostilePlan, testing::ValuesIn(hostile_fields()),
                         [](const auto& info) { return info.param.name; });

/// Computes with a plan that came from anywhere, if its calls are small enough. Whatever it answers, it does not crash.
void use(const Device& device, ki_stream* stream, const LongConvolutionPlan& plan) {
  const ki_long_convolution_plan_info info = info_of(plan);
  const bool streams = (info.flags & KI_LONG_CONVOLUTION_STREAMING) != 0;
  const bool is_circular = (info.flags & KI_LONG_CONVOLUTION_CIRCULAR) != 0;
  LongConvolutionCase c{.batch = 1, .channels = info.channels, .length = std::min<std::int64_t>(info.length, 40)};
  c.filter_length = streams ? info.filter_length : 1;
  if (streams) c.pieces = {c.length};
  if (is_circular && info.length > 1000) return;
  if (is_circular) c.length = info.length;
  const LongConvolutionData data(c);
  try {
    EXPECT_EQ(run_long_convolution(data, device, stream, plan, Workspace::of_caller).stray_write, std::nullopt);
  } catch (const std::runtime_error&) {
  }
}

TEST_F(BadSavedPlan, ThousandsOfMutationsNeitherPassNorCrash) {
  Random random(seed_of("mutations of saved plans"));
  LongConvolutionCase streaming = small_case();
  streaming.channels = 1;
  streaming.pieces = {150};
  const std::vector<Bytes> originals{plain_file(), masked_file(), file_of(streaming)};
  int loaded = 0;
  for (int i = 0; i < 6000; ++i) {
    Bytes file = originals[static_cast<std::size_t>(random.below(std::ssize(originals)))];
    const Bytes original = file;
    for (std::int64_t change = 1 + random.below(3); change > 0; --change) {
      // Half of the changes are in the header, where they do most harm.
      const std::int64_t end = random.below(2) == 0 ? 96 : std::ssize(file);
      const auto at = static_cast<std::size_t>(random.below(end));
      switch (random.below(4)) {
        case 0: file[at] ^= static_cast<std::uint8_t>(1U << random.below(8)); break;
        case 1: file[at] = static_cast<std::uint8_t>(random.bits()); break;
        case 2:
          put(file, at / 8 * 8, random.below(2) == 0 ? std::int64_t{-1} : std::int64_t{1} << random.below(63));
          break;
        default: file.resize(static_cast<std::size_t>(random.below(2 * std::ssize(file))) + 96); break;
      }
    }
    const bool is_sealed = random.below(4) != 0;
    if (is_sealed) seal(file);
    if (file == original) continue;
    ki_long_convolution_plan* plan = nullptr;
    const ki_status status = load(file, &plan);
    ASSERT_EQ(plan != nullptr, status == KI_STATUS_OK);
    if (plan == nullptr) {
      ASSERT_TRUE(status == KI_STATUS_INVALID_ARGUMENT || status == KI_STATUS_NOT_SUPPORTED ||
                  status == KI_STATUS_OUT_OF_MEMORY)
          << ki_status_name(status) << ": " << ki_last_error_message();
      continue;
    }
    ASSERT_TRUE(is_sealed);
    ++loaded;
    const LongConvolutionPlan owner(plan);
    use(device, stream.get(), owner);
  }
  EXPECT_GT(loaded, 100);  // the others would prove little
}

}  // namespace
}  // namespace ki::test
