#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <ostream>
#include <string>
#include <vector>

#include "attention/refusal_fixture.h"

namespace ki::test {
namespace {

/// A way to move the tensors of a valid problem, and who is refused for it; nobody if `argument` is empty.
struct Overlap {
  std::string name;
  std::function<void(RefusalFixture&)> arrange;
  std::string argument;
};

void PrintTo(const Overlap& overlap, std::ostream* stream) { *stream << overlap.name; }

using Fixture = RefusalFixture;

void set_strides(ki_tensor& tensor, std::initializer_list<std::int64_t> strides) {
  std::ranges::copy(strides, tensor.strides);
}

float* moved(const ki_tensor& tensor, std::int64_t elements) { return static_cast<float*>(tensor.data) + elements; }

/// Query [2, 5, 6, 8] and output [2, 5, 6, 4] as columns of one matrix: rows of `row` elements, the output's columns
/// beginning at `column`.
void side_by_side(Fixture& f, std::int64_t row, std::int64_t column) {
  set_strides(f.parts.query, {5 * row, row, 8, 1});
  set_strides(f.parts.output, {5 * row, row, 4, 1});
  f.parts.output.data = moved(f.parts.query, column);
}

/// The same within each head: heads of `head` elements.
void interleaved_in_heads(Fixture& f, std::int64_t head, std::int64_t column) {
  set_strides(f.parts.query, {30 * head, 6 * head, head, 1});
  set_strides(f.parts.output, {30 * head, 6 * head, head, 1});
  f.parts.output.data = moved(f.parts.query, column);
}

std::vector<Overlap> overlaps() {
  return {
      {"OutputIsTheQuery", [](Fixture& f) { f.parts.output.data = f.parts.query.data; }, "output"},
      {"OutputIsTheKey", [](Fixture& f) { f.parts.output.data = f.parts.key.data; }, "output"},
      {"OutputIsTheValue", [](Fixture& f) { f.parts.output.data = f.parts.value.data; }, "output"},
      {"LogsumexpIsTheQuery", [](Fixture& f) { f.parts.logsumexp->data = f.parts.query.data; }, "logsumexp"},
      {"LogsumexpIsTheKey", [](Fixture& f) { f.parts.logsumexp->data = f.parts.key.data; }, "logsumexp"},
      {"LogsumexpIsTheValue", [](Fixture& f) { f.parts.logsumexp->data = f.parts.value.data; }, "logsumexp"},
      {"LogsumexpIsTheOutput", [](Fixture& f) { f.parts.logsumexp->data = f.parts.output.data; }, "logsumexp"},
      {"OutputBeginsInTheLastElementOfTheQuery",
       [](Fixture& f) { f.parts.output.data = moved(f.parts.query, 2 * 5 * 6 * 8 - 1); }, "output"},
      {"OutputEndsInTheFirstElementOfTheKey",
       [](Fixture& f) { f.parts.output.data = moved(f.parts.key, -(2 * 5 * 6 * 4) + 1); }, "output"},
      {"OutputBeginsBehindTheQuery", [](Fixture& f) { f.parts.output.data = moved(f.parts.query, 2 * 5 * 6 * 8); }, ""},
      {"OutputEndsBeforeTheKey", [](Fixture& f) { f.parts.output.data = moved(f.parts.key, -(2 * 5 * 6 * 4)); }, ""},
      {"OutputRepeatsItsBatch", [](Fixture& f) { f.parts.output.strides[0] = 0; }, "output"},
      {"OutputRepeatsItsHeads", [](Fixture& f) { f.parts.output.strides[2] = 0; }, "output"},
      {"OutputHeadsOverlapByOne",
       [](Fixture& f) {
         set_strides(f.parts.output, {120, 24, 3, 1});
       },
       "output"},
      {"OutputRowsOverlapByOne",
       [](Fixture& f) {
         set_strides(f.parts.output, {120, 23, 4, 1});
       },
       "output"},
      {"OutputBatchesOverlapByOne",
       [](Fixture& f) {
         set_strides(f.parts.output, {119, 24, 4, 1});
       },
       "output"},
      {"OutputHeadsOutermost",
       [](Fixture& f) {
         set_strides(f.parts.output, {20, 4, 40, 1});
       },
       ""},
      {"LogsumexpRepeatsItsBatch", [](Fixture& f) { f.parts.logsumexp->strides[0] = 0; }, "logsumexp"},
      {"LogsumexpHeadsOverlapByOne",
       [](Fixture& f) {
         set_strides(*f.parts.logsumexp, {30, 4, 1});
       },
       "logsumexp"},
      {"QueryAndOutputSideBySide", [](Fixture& f) { side_by_side(f, 72, 48); }, ""},
      {"OutputLeftOfTheQuery",
       [](Fixture& f) {
         side_by_side(f, 72, 0);
         f.parts.output.data = f.parts.query.data;
         f.parts.query.data = moved(f.parts.output, 24);
       },
       ""},
      {"SideBySideOverlappingByOne", [](Fixture& f) { side_by_side(f, 72, 47); }, "output"},
      {"SideBySideReachingIntoTheNextRow", [](Fixture& f) { side_by_side(f, 71, 48); }, "output"},
      {"InterleavedInEachHead", [](Fixture& f) { interleaved_in_heads(f, 12, 8); }, ""},
      {"InterleavedOverlappingByOne", [](Fixture& f) { interleaved_in_heads(f, 12, 7); }, "output"},
      {"InterleavedReachingIntoTheNextHead", [](Fixture& f) { interleaved_in_heads(f, 11, 8); }, "output"},
      {"InterleavedWithPeriodsThatDoNotNest",
       [](Fixture& f) {
         side_by_side(f, 72, 48);
         f.parts.output.strides[0] = 5 * 72 + 36;  // the second batch is shifted half a row
       },
       "output"},
      {"InputsMayOverlapEachOther",
       [](Fixture& f) {
         f.parts.value.data = f.parts.key.data;
         f.parts.query.data = f.parts.key.data;
       },
       ""},
      {"InputsMayRepeat",
       [](Fixture& f) {
         f.parts.query.strides[1] = 0;
         f.parts.key.strides[0] = 0;
         f.parts.value.strides[2] = 0;
       },
       ""},
      {"NothingOverlapsWhatIsEmpty",
       [](Fixture& f) {
         for (ki_tensor* tensor : {&f.parts.query, &f.parts.key, &f.parts.value, &f.parts.output}) {
           tensor->shape[0] = 0;
           tensor->data = f.parts.query.data;
         }
         f.parts.logsumexp->shape[0] = 0;
         f.parts.logsumexp->data = f.parts.query.data;
       },
       ""},
      {"StridesOfLengthsUpToOneAreIgnored",
       [](Fixture& f) {
         for (ki_tensor* tensor : {&f.parts.query, &f.parts.key, &f.parts.value, &f.parts.output}) {
           tensor->shape[0] = 1;
           tensor->strides[0] = -123;
           tensor->strides[6] = -5;
         }
         f.parts.logsumexp->shape[0] = 1;
         f.parts.logsumexp->strides[0] = 0;
       },
       ""},
  };
}

class AttentionOverlap : public testing::TestWithParam<Overlap> {};

TEST_P(AttentionOverlap, IsRefusedUnlessDisjoint) {
  RefusalFixture fixture;
  GetParam().arrange(fixture);
  const ki_status status = fixture.forward();
  if (GetParam().argument.empty()) {
    EXPECT_EQ(status, KI_STATUS_OK) << ki_last_error_message();
  } else {
    EXPECT_TRUE(refused(status, KI_STATUS_INVALID_ARGUMENT, GetParam().argument, {"overlap"}));
    EXPECT_TRUE(fixture.untouched());
  }
}

INSTANTIATE_TEST_SUITE_P(Table, AttentionOverlap, testing::ValuesIn(overlaps()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace ki::test
