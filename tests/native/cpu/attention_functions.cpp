#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cpu/attention_functions.cpp"
#include "cpu/simd/targets.h"
// Highway's headers come first: they set the target.
#include "attention/cpu/dropout-inl.h"
#include "attention/cpu/scores-inl.h"
#include "cpu/attention_functions.h"

HWY_BEFORE_NAMESPACE();
namespace ki::attention::cpu::HWY_NAMESPACE {

void finish(const Problem& p, const ScoreRow& row, std::int64_t first_key, int count, float* scores, float* slopes) {
  finish_scores(p, row, first_key, count, scores, slopes);
}

void factors_of(const Problem& p, std::int64_t batch, std::int64_t head, std::int64_t query, std::int64_t first_key,
                int count, float* factors) {
  dropout_factors(p, batch, head, query, first_key, count, factors);
}

const AttentionFunctions kFunctions{finish, factors_of};

}  // namespace ki::attention::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ki::attention::cpu {

const AttentionFunctions& attention_functions(ki::cpu::SimdTarget target) { return KI_FOR_TARGET(target, kFunctions); }

}  // namespace ki::attention::cpu
#endif
