// Reports of vgpu-run: see report.h.
#include "run/report.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "driver/findings_json.h"

namespace vgpu::run {

namespace {

template <typename... Values>
void line(std::string& text, const char* format, Values... values) {
  char buffer[200];
  std::snprintf(buffer, sizeof buffer, format, values...);
  text += buffer;
}

double ratio(std::uint64_t value, std::uint64_t ideal) {
  return ideal == 0 ? 1 : static_cast<double>(value) / static_cast<double>(ideal);
}

using Number = unsigned long long;

std::string table(const Counters& counters) {
  std::string text;
  std::uint64_t all = 0;
  for (const auto& [mnemonic, count] : counters.instructions) all += count;
  line(text, "%-34s %14llu\n", "instructions of warps", static_cast<Number>(all));
  line(text, "%-34s %14llu\n", "tensor instructions", static_cast<Number>(counters.tensor_instructions));
  line(text, "%-34s %14llu\n", "barriers", static_cast<Number>(counters.barriers));
  if (counters.local_bytes > 0)
    line(text, "%-34s %14llu\n", "bytes of local memory", static_cast<Number>(counters.local_bytes));
  if (!counters.shared.empty()) {
    line(text, "\n%-20s %12s %12s %12s %8s %14s\n", "shared memory", "requests", "wavefronts", "ideal", "ratio",
         "bytes");
    for (const auto& [mnemonic, s] : counters.shared)
      line(text, "  %-18s %12llu %12llu %12llu %8.2f %14llu\n", mnemonic.c_str(), static_cast<Number>(s.requests),
           static_cast<Number>(s.wavefronts), static_cast<Number>(s.ideal_wavefronts),
           ratio(s.wavefronts, s.ideal_wavefronts), static_cast<Number>(s.bytes));
  }
  if (!counters.global.empty()) {
    line(text, "\n%-20s %12s %12s %12s %8s %14s\n", "global memory", "requests", "sectors", "ideal", "ratio", "bytes");
    for (const auto& [mnemonic, g] : counters.global)
      line(text, "  %-18s %12llu %12llu %12llu %8.2f %14llu\n", mnemonic.c_str(), static_cast<Number>(g.requests),
           static_cast<Number>(g.sectors), static_cast<Number>(g.ideal_sectors), ratio(g.sectors, g.ideal_sectors),
           static_cast<Number>(g.bytes));
  }
  std::vector<std::pair<std::string, std::uint64_t>> sorted(counters.instructions.begin(), counters.instructions.end());
  std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) { return a.second > b.second; });
  text += "\ninstructions by kind\n";
  for (const auto& [mnemonic, count] : sorted)
    line(text, "  %-32s %14llu\n", mnemonic.c_str(), static_cast<Number>(count));
  return text;
}

}  // namespace

const char* name(Outcome outcome) {
  switch (outcome) {
    case Outcome::done: return "done";
    case Outcome::illegal_address: return "illegal address";
    case Outcome::misaligned_address: return "misaligned address";
    case Outcome::illegal_instruction: return "illegal instruction";
    case Outcome::launch_failure: return "launch failure";
    case Outcome::timeout: return "timeout";
    case Outcome::assertion: return "failed assertion";
  }
  return "?";
}

std::string as_text(Outcome outcome, const Findings& findings, const Counters* counters) {
  std::string text = std::string("outcome: ") + name(outcome) + "\n";
  const auto all = findings.all();
  text += "findings: " + std::to_string(all.size()) + "\n";
  for (const Finding& finding : all) {
    text += std::string("\n") + vgpu::name(finding.kind) + ": " + finding.text + "\n";
  }
  if (counters != nullptr) text += "\n" + table(*counters);
  return text;
}

std::string as_json(Outcome outcome, const Findings& findings, const Counters* counters) {
  const auto all = findings.all();
  std::string text = "{\"outcome\": " + driver::json_string(name(outcome)) + ", \"findings\": " + driver::to_json(all);
  if (counters != nullptr) text += ", \"counters\": " + to_json(*counters);
  return text + "}\n";
}

}  // namespace vgpu::run
