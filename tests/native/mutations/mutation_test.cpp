// Plants faults in the PTX of the kernels, one at a time, and demands that the tables of cases turn red. Of each kind of
// fault one is drawn by the date. KI_MUTATIONS=all plants every one, and KI_MUTATIONS='drop shfl' every one that begins so.
#include "driver/mutation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "mutations/child.h"
#include "mutations/subjects.h"
#include "mutations/survivors.h"

namespace ki::test {
namespace {

using vgpu::driver::Candidate;

std::string ptx_of(const std::string& module) {
  const std::string path = std::string(KI_CUDA_MODULES) + "/" + module + ".ptx";
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) throw std::runtime_error("cannot read " + path);
  return text.str();
}

std::vector<std::string> kernels_of(const std::string& ptx) {
  constexpr std::string_view kEntry = ".entry ";
  std::vector<std::string> kernels;
  for (std::size_t at = ptx.find(kEntry); at != std::string::npos; at = ptx.find(kEntry, at)) {
    at += kEntry.size();
    kernels.push_back(ptx.substr(at, ptx.find('(', at) - at));
  }
  return kernels;
}

/// A number for today, in every process of today.
std::uint32_t today() { return static_cast<std::uint32_t>(std::time(nullptr) / (24 * 60 * 60)); }

std::string kind_of(const Candidate& candidate) {
  vgpu::driver::Mutation first = candidate.mutation;
  first.index = 0;
  return to_string(first);
}

/// One candidate of each kind, or those that KI_MUTATIONS asks for.
std::vector<Candidate> choose(std::vector<Candidate> candidates, const std::string& module) {
  if (const char* wanted = std::getenv("KI_MUTATIONS")) {
    if (std::string(wanted) == "all") return candidates;
    std::erase_if(candidates, [&](const Candidate& c) { return !to_string(c.mutation).starts_with(wanted); });
    return candidates;
  }
  std::seed_seq seed(module.begin(), module.end());
  std::mt19937 random(seed);
  random.discard(today() % 4096);
  std::ranges::shuffle(candidates, random);
  std::set<std::string> taken;
  std::erase_if(candidates, [&](const Candidate& c) { return !taken.insert(kind_of(c)).second; });
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
      {subject.program, "--gtest_filter=" + subject.cases, "--gtest_fail_fast"},
      {{"VGPU_MUTATION", mutation}, {"KI_TEST_DEVICE", "cuda"}, {"GTEST_TOTAL_SHARDS", ""}, {"GTEST_OUTPUT", ""}},
      std::chrono::seconds(120));
}

class Mutation : public testing::TestWithParam<Subject> {};

TEST_P(Mutation, TurnsTheSuiteRed) {
  const Subject& subject = GetParam();
  const ChildResult whole = run_cases(subject, "");
  ASSERT_TRUE(whole.end == ChildResult::End::exited && whole.code == 0) << whole.output;
  ASSERT_EQ(whole.output.find("[  PASSED  ] 0 tests."), std::string::npos) << "no case matches " << subject.cases;

  const std::string ptx = ptx_of(subject.module);
  std::vector<Candidate> candidates;
  for (const std::string& kernel : subject.kernels.empty() ? kernels_of(ptx) : subject.kernels) {
    std::ranges::move(vgpu::driver::list_mutations(ptx, kernel), std::back_inserter(candidates));
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

const auto name_of = [](const auto& info) { return info.param.module; };
INSTANTIATE_TEST_SUITE_P(Attention, Mutation, testing::ValuesIn(attention_subjects()), name_of);
INSTANTIATE_TEST_SUITE_P(Convolution, Mutation, testing::ValuesIn(convolution_subjects()), name_of);

}  // namespace
}  // namespace ki::test
