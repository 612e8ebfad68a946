#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

// What ptxas said about a compiled module.
namespace ki::test {

inline std::string ptxas_report(const std::string& module) {
  const auto path = std::filesystem::path(KI_CUDA_MODULES) / (module + ".ptxas.txt");
  std::ifstream file(path);
  if (!file) ADD_FAILURE() << path << " is missing";
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline int reported_number(const std::string& report, const char* expression) {
  std::smatch match;
  if (std::regex_search(report, match, std::regex(expression))) return std::stoi(match[1]);
  ADD_FAILURE() << "no " << expression << " in " << report;
  return -1;
}

inline int registers_of(const std::string& report) { return reported_number(report, R"(Used (\d+) registers)"); }

inline void expect_everything_in_registers(const std::string& report) {
  EXPECT_EQ(reported_number(report, R"((\d+) bytes stack frame)"), 0);
  EXPECT_EQ(reported_number(report, R"((\d+) bytes spill stores)"), 0);
  EXPECT_EQ(reported_number(report, R"((\d+) bytes spill loads)"), 0);
  EXPECT_EQ(report.find("lmem"), std::string::npos) << "local memory";
}

/// Names of the modules that were compiled and begin so.
inline std::set<std::string> compiled_modules(const std::string& beginning) {
  std::set<std::string> compiled;
  for (const auto& entry : std::filesystem::directory_iterator(KI_CUDA_MODULES)) {
    const std::filesystem::path file = entry.path();
    if (file.extension() == ".cubin" && file.stem().string().starts_with(beginning)) {
      compiled.insert(file.stem().string());
    }
  }
  return compiled;
}

}  // namespace ki::test
