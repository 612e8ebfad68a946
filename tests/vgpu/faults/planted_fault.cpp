#include "faults/planted_fault.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace vgpu::test {
namespace {

std::string read(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// `pipeline.cu:17` for `pipeline.cu:use`.
std::string place_of(const std::string& mark) {
  const std::string file = mark.substr(0, mark.find(':'));
  const std::string source = read(std::string(VGPU_FAULTS_SOURCES) + '/' + file);
  const std::size_t at = source.find("// mark: " + mark.substr(file.size() + 1) + '\n');
  if (at == std::string::npos) throw std::runtime_error("no line is marked " + mark);
  const auto line = 1 + std::count(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  return file + ':' + std::to_string(line);
}

bool names(const std::string& text, const std::string& place) {
  for (std::size_t at = text.find(place); at != std::string::npos; at = text.find(place, at + 1)) {
    const std::size_t after = at + place.size();
    if (after == text.size() || text[after] < '0' || text[after] > '9') return true;
  }
  return false;
}

}  // namespace

std::vector<Settings> PlantedFault::schedules() {
  std::vector<Settings> all(2);
  all[1].schedule = Schedule::reverse;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    all.push_back({});
    all.back().schedule = Schedule::random;
    all.back().seed = seed;
  }
  for (Settings& settings : all) settings.watchdog_instructions = 20'000'000;
  return all;
}

void PlantedFault::load(const std::string& file) {
  if (file == loaded_) return;
  device_.load(read(std::string(VGPU_FAULTS_PTX) + '/' + file + ".ptx"));
  loaded_ = file;
}

void PlantedFault::expect_clean() const {
  for (const Finding& finding : device_.findings.all()) ADD_FAILURE() << name(finding.kind) << ": " << finding.text;
}

void PlantedFault::expect_found(FindingKind kind, const std::vector<std::string>& lines,
                                const std::vector<std::string>& texts) const {
  std::string all;
  for (const Finding& finding : device_.findings.all()) {
    all += std::string(name(finding.kind)) + ": " + finding.text + "\n";
    bool fits = finding.kind == kind;
    for (const std::string& line : lines) fits = fits && names(finding.text, place_of(line));
    for (const std::string& text : texts) fits = fits && finding.text.find(text) != std::string::npos;
    if (fits) return;
  }
  std::string wanted;
  for (const std::string& line : lines) wanted += ' ' + place_of(line);
  for (const std::string& text : texts) wanted += " `" + text + '`';
  ADD_FAILURE() << "no " << name(kind) << " with" << wanted << " among\n" << all;
}

}  // namespace vgpu::test
