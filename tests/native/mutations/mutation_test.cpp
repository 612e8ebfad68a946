// Plants faults in the PTX of the attention kernels, one at a time, and demands that the table of attention cases turns
// red. Of each kind of fault a few are drawn by the date. KI_MUTATIONS=all plants every one, and KI_MUTATIONS='drop shfl'
// every one that begins so.
#include "driver/mutation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "mutations/child.h"
#include "mutations/survivors.h"

namespace ki::test {
namespace {

using vgpu::driver::Candidate;

/// A module, and which cases of the tables it computes: see add_tiles() there.
struct Subject {
  std::string module;
  std::string cases;
  std::vector<std::string> others{};  ///< modules that run in the same cases
};

std::vector<Subject> subjects() {
  std::vector<Subject> all;
  const auto tiles = [](const std::string& dtype, int head_dim, int head_dim_v) {
    return "*AttentionForward.*/" + dtype + "_b1_q*_k*_h2x1_d" + std::to_string(head_dim) + "x" +
           std::to_string(head_dim_v) + "*";
  };
  const auto padded = [&](const std::string& dtype, int size) {
    all.push_back({"attention_forward_" + dtype + "_any" + std::to_string(size),
                   tiles(dtype, size, size) + ":" + tiles(dtype, size - 8, size) + ":" + tiles(dtype, size - 6, size) +
                       ":-" + tiles(dtype, size, size) + "_aligned"});
  };
  for (const char* dtype : {"f16", "bf16"}) {
    for (const int size : {64, 128}) {
      const std::string module = std::string("attention_forward_") + dtype + "_d" + std::to_string(size);
      all.push_back({module, tiles(dtype, size, size) + "_aligned"});
    }
    for (const int size : {32, 64, 96, 128, 192, 256}) padded(dtype, size);
  }
  for (const int size : {64, 128, 256}) padded("f32", size);
  // Of the kernels for what changes scores, which differ in numbers only, one: a case for each thing.
  const std::string scores = "*AttentionForward.*/f16_b1_q150_k270_h3x1_d64x64_";
  std::string general;
  for (const char* what : {"bias_hides", "causal_bias_f32", "mask_nan_value", "causal_tree64", "dropout0p125",
                           "softcap4_bias_h1_alibi", "causal_scale_m1p5_softcap2"}) {
    general += (general.empty() ? "" : ":") + scores + what + "_aligned";
  }
  all.push_back({"attention_forward_f16_d64_general", general});
  // Of the decode kernels, the one for int8.
  const std::string cached = "*AttentionForward.*/f16_*_used*", int8 = "_of_i8*";
  all.push_back({"attention_decode_f16_int8_any64", cached + "_d64x*" + int8 + ":" + cached + "_d33x*" + int8});
  // Of the backward kernels, the one that does most.
  const std::string gradients = "*AttentionBackward.*/f16_", tiles_of_two = gradients + "b1_q150_k200_h2x1_d64x64_";
  all.push_back({"attention_backward_sums_f16_d64",
                 gradients + "b1_q70_k140_h2x1_d64x64_causal_aligned:" + gradients + "b1_q5_*_d64x64_causal_aligned:" +
                     gradients + "packed_q65_31_*_d64x64_causal_aligned:" + tiles_of_two + "causal_nan_key_aligned:" +
                     tiles_of_two + "window_*_nan_key_aligned:" + tiles_of_two + "*_nan_gradient",
                 {"attention_backward_rows_f16", "attention_backward_finish_f16"}});
  return all;
}

void PrintTo(const Subject& subject, std::ostream* stream) { *stream << subject.module; }

std::string ptx_of(const std::string& module) {
  const std::string path = std::string(KI_CUDA_MODULES) + "/" + module + ".ptx";
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) throw std::runtime_error("cannot read " + path);
  return text.str();
}

/// A number for today, in every process of today.
std::uint32_t today() { return static_cast<std::uint32_t>(std::time(nullptr) / (24 * 60 * 60)); }

std::string kind_of(const Candidate& candidate) {
  const std::string text = to_string(candidate.mutation);
  return text.substr(0, text.rfind(' '));
}

/// A few candidates of each kind, or those that KI_MUTATIONS asks for.
std::vector<Candidate> choose(std::vector<Candidate> candidates, const std::string& module) {
  constexpr int kOfEachKind = 2;
  if (const char* wanted = std::getenv("KI_MUTATIONS")) {
    if (std::string(wanted) == "all") return candidates;
    std::erase_if(candidates, [&](const Candidate& c) { return !to_string(c.mutation).starts_with(wanted); });
    return candidates;
  }
  std::seed_seq seed(module.begin(), module.end());
  std::mt19937 random(seed);
  random.discard(today() % 4096);
  std::ranges::shuffle(candidates, random);
  std::map<std::string, int> taken;
  std::erase_if(candidates, [&](const Candidate& c) { return ++taken[kind_of(c)] > kOfEachKind; });
  return candidates;
}

const Survivor* find_survivor(const std::string& module, const Candidate& candidate) {
  const std::string mutation = to_string(candidate.mutation);
  for (const Survivor& known : kSurvivors) {
    if (module.starts_with(known.module) && mutation.starts_with(known.mutation) &&
        candidate.instruction.find(known.instruction) != std::string::npos) {
      return &known;
    }
  }
  return nullptr;
}

ChildResult run_cases(const Subject& subject, const std::string& mutation) {
  return run_child(
      {KI_TEST_PROGRAM, "--gtest_filter=" + subject.cases, "--gtest_fail_fast"},
      {{"VGPU_MUTATION", mutation}, {"KI_TEST_DEVICE", "cuda"}, {"GTEST_TOTAL_SHARDS", ""}, {"GTEST_OUTPUT", ""}},
      std::chrono::seconds(120));
}

class Mutation : public testing::TestWithParam<Subject> {};

TEST_P(Mutation, TurnsTheSuiteRed) {
  const Subject& subject = GetParam();
  const ChildResult whole = run_cases(subject, "");
  ASSERT_TRUE(whole.end == ChildResult::End::exited && whole.code == 0) << whole.output;
  ASSERT_EQ(whole.output.find("[  PASSED  ] 0 tests."), std::string::npos) << "no case matches " << subject.cases;

  std::vector<Candidate> candidates = vgpu::driver::list_mutations(ptx_of(subject.module));
  // A fault is planted in every module that has a place for it: only those that hit this one alone tell of it.
  for (const std::string& other : subject.others) {
    const std::string ptx = ptx_of(other);
    std::erase_if(candidates, [&](const Candidate& c) { return vgpu::driver::mutate(ptx, c.mutation).has_value(); });
  }
  ASSERT_FALSE(candidates.empty());
  for (const Candidate& candidate : choose(candidates, subject.module)) {
    const std::string mutation = to_string(candidate.mutation);
    SCOPED_TRACE("VGPU_MUTATION='" + mutation + "', line " + std::to_string(candidate.line) + ": " +
                 candidate.instruction);
    const ChildResult mutated = run_cases(subject, mutation);
    EXPECT_EQ(mutated.end, ChildResult::End::exited) << "the process did not end by itself\n" << mutated.output;
    if (mutated.code != 0) continue;
    const Survivor* known = find_survivor(subject.module, candidate);
    EXPECT_NE(known, nullptr) << "the suite stays green";
    if (known != nullptr) std::cout << mutation << " survives: " << known->reason << std::endl;
  }
}

INSTANTIATE_TEST_SUITE_P(Attention, Mutation, testing::ValuesIn(subjects()),
                         [](const auto& info) { return info.param.module; });

}  // namespace
}  // namespace ki::test
