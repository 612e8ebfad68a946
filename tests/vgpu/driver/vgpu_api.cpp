// vgpu.h: findings, settings, counters and mutations for tests.
#include <deque>
#include <string>

#include "checks/counters.h"
#include "driver/driver.h"
#include "driver/mutation.h"

#pragma GCC visibility push(default)
#include "vgpu.h"
#pragma GCC visibility pop

using namespace vgpu;
using namespace vgpu::driver;

namespace {

// What was handed out lives until the findings are cleared.
std::deque<Finding>& shown() {
  static auto& findings = *new std::deque<Finding>;
  return findings;
}

// The driver, with all work done that was queued: a test looks at its end, when a stream may be closed and not waited
// for.
class Settled {
 public:
  Settled() : driver(Driver::instance()), lock(driver.mutex) {
    if (!driver.forked && !HostFunctionScope::active()) driver.scheduler.drain(lock);
  }

  Driver& driver;
  std::unique_lock<std::mutex> lock;
};

// The text of a finding by its index, or null.
template <typename Text>
const char* text_of(int index, Text&& text) {
  const char* result = nullptr;
  guarded([&] {
    const Settled settled;
    auto& findings = shown();
    auto all = settled.driver.findings.all();
    for (std::size_t i = findings.size(); i < all.size(); ++i) findings.push_back(std::move(all[i]));
    if (index >= 0 && static_cast<std::size_t>(index) < findings.size())
      result = text(findings[static_cast<std::size_t>(index)]);
  });
  return result;
}

}  // namespace

int vgpu_interface() { return VGPU_INTERFACE; }

int vgpu_finding_count() {
  int count = 0;
  guarded([&] { count = static_cast<int>(Settled().driver.findings.count()); });
  return count;
}

const char* vgpu_finding_text(int index) {
  return text_of(index, [](const Finding& finding) { return finding.text.c_str(); });
}

const char* vgpu_finding_kind(int index) {
  return text_of(index, [](const Finding& finding) { return name(finding.kind); });
}

void vgpu_clear_findings() {
  guarded([] {
    const Settled settled;
    settled.driver.findings.clear();
    settled.driver.findings_shown = 0;
    shown().clear();
  });
}

int vgpu_set(const char* name, const char* value) {
  if (name == nullptr || value == nullptr) return -1;
  int result = -1;
  guarded([&] {
    Driver& driver = Driver::instance();
    const std::scoped_lock lock(driver.mutex);
    result = set(driver.configuration, name, value) ? 0 : -1;
  });
  return result;
}

const char* vgpu_get(const char* name) {
  const char* result = nullptr;
  if (name == nullptr) return result;
  guarded([&] {
    thread_local std::string value;
    Driver& driver = Driver::instance();
    const std::scoped_lock lock(driver.mutex);
    if (auto found = get(driver.configuration, name)) {
      value = std::move(*found);
      result = value.c_str();
    }
  });
  return result;
}

const char* vgpu_counters_json() {
  static auto& text = *new std::string;
  guarded([] { text = to_json(Settled().driver.counters); });
  return text.c_str();
}

void vgpu_clear_counters() {
  guarded([] { Settled().driver.counters.clear(); });
}

int vgpu_mutate(const char* mutation) { return vgpu_set("mutation", mutation); }

int vgpu_mutated_modules() {
  int count = 0;
  guarded([&] {
    Driver& driver = Driver::instance();
    const std::scoped_lock lock(driver.mutex);
    count = driver.mutated_modules;
  });
  return count;
}

const char* vgpu_list_mutations(const char* ptx) {
  thread_local std::string text;
  text.clear();
  if (ptx == nullptr) return text.c_str();
  guarded([&] {
    for (const Candidate& candidate : list_mutations(ptx))
      text +=
          to_string(candidate.mutation) + "\t" + std::to_string(candidate.line) + "\t" + candidate.instruction + "\n";
  });
  return text.c_str();
}
