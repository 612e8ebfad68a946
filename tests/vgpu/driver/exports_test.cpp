// What the library exports and what cuda.h declares are the same: every function under the symbol that cuda.h maps its
// name to, a trap under every old name, and nothing else. The header is read as text and by the preprocessor, not
// trusted to the lists of the implementation.
#include <dlfcn.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "driver/test_support.h"

namespace {

std::string output_of(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  std::array<char, 65536> buffer;
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), count);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return text;
}

std::set<std::string> matches(const std::string& text, const char* pattern) {
  std::set<std::string> found;
  const std::regex regex(pattern);
  for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match)
    found.insert((*match)[1]);
  return found;
}

// Names that cuda.h declares with these macros defined, as a compiler sees them.
std::set<std::string> declared(const char* macros) {
  const std::string header = VGPU_CUDA_INCLUDE "/cuda.h";
  const std::string text = output_of(VGPU_CXX " -E -P -x c++ " + std::string(macros) + " " + header);
  std::set<std::string> names = matches(text, R"(\bCUresult\s+(cu[A-Z]\w*)\s*\()");
  for (const std::string& name : matches(text, R"(\binline\s+CUresult\s+(cu[A-Z]\w*)\s*\()")) names.erase(name);
  return names;
}

std::set<std::string> exported() {
  std::set<std::string> names;
  std::istringstream lines(output_of(VGPU_NM " -D --defined-only " VGPU_CUDA_LIBRARY));
  std::string address, type, name;
  while (lines >> address >> type >> name) {
    EXPECT_EQ(type, "T") << name;
    names.insert(name.substr(0, name.find('@')));
  }
  return names;
}

TEST(Exports, AreTheSymbolsOfTheHeader) {
  const std::set<std::string> now = declared("");
  const std::set<std::string> per_thread = declared("-DCUDA_API_PER_THREAD_DEFAULT_STREAM");
  const std::set<std::string> all = declared("-D__CUDA_API_VERSION_INTERNAL");  // the old ones, too
  ASSERT_GT(now.size(), 400u);
  ASSERT_GT(all.size(), now.size() + 100);
  std::set<std::string> names = exported();
  for (const auto& list : {now, per_thread, all})
    for (const std::string& name : list) EXPECT_TRUE(names.contains(name)) << name << " is missing";
  for (const std::string& name : names) {
    const bool known = now.contains(name) || per_thread.contains(name) || all.contains(name);
    EXPECT_TRUE(known || name.starts_with("vgpu_")) << name << " is none of the driver's";
  }
}

TEST(Exports, TheNameOfTheFileIsThatOfTheDriver) {
  const std::string dynamic = output_of(VGPU_READELF " -d " VGPU_CUDA_LIBRARY);
  EXPECT_NE(dynamic.find("soname: [libcuda.so.1]"), std::string::npos) << dynamic;
}

// A symbol that only the internal view declares is one that no program can reach through cuda.h.
TEST(Exports, EveryOldNameIsATrap) {
  ASSERT_OK(cuInit(0));
  void* library = dlopen(VGPU_CUDA_LIBRARY, RTLD_NOW);
  ASSERT_NE(library, nullptr) << dlerror();
  const std::set<std::string> now = declared(""), per_thread = declared("-DCUDA_API_PER_THREAD_DEFAULT_STREAM");
  int traps = 0;
  for (const std::string& name : declared("-D__CUDA_API_VERSION_INTERNAL")) {
    if (now.contains(name) || per_thread.contains(name)) continue;
    vgpu_clear_findings();
    auto* function = reinterpret_cast<CUresult (*)(...)>(dlsym(library, name.c_str()));
    ASSERT_NE(function, nullptr) << name;
    EXPECT_RESULT(CUDA_ERROR_NOT_SUPPORTED, function(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr)) << name;
    ASSERT_EQ(vgpu_finding_count(), 1) << name;
    EXPECT_STREQ(vgpu_finding_kind(0), "legacy_symbol");
    EXPECT_NE(std::string(vgpu_finding_text(0)).find(name), std::string::npos) << vgpu_finding_text(0);
    ++traps;
  }
  EXPECT_GT(traps, 60);
  vgpu_clear_findings();
}

TEST(Exports, EveryErrorOfTheHeaderHasItsName) {
  std::ifstream file(VGPU_CUDA_INCLUDE "/cuda.h");
  std::stringstream text;
  text << file.rdbuf();
  const std::string header = text.str();
  const std::size_t begin = header.find("typedef enum cudaError_enum"), end = header.find("} CUresult;");
  ASSERT_LT(begin, end);
  const std::string list = header.substr(begin, end - begin);
  const std::regex enumerator(R"(\b(CUDA_\w+)\s*=\s*(\d+))");
  int count = 0;
  for (std::sregex_iterator match(list.begin(), list.end(), enumerator), stop; match != stop; ++match, ++count) {
    const char* name = nullptr;
    EXPECT_OK(cuGetErrorName(static_cast<CUresult>(std::stoi((*match)[2])), &name)) << (*match)[1];
    EXPECT_EQ((*match)[1], std::string(name == nullptr ? "" : name));
  }
  EXPECT_GT(count, 90);
}

using Addresses = DriverTest;

TEST_F(Addresses, FitTheVersionThatIsAsked) {
  void* library = dlopen(VGPU_CUDA_LIBRARY, RTLD_NOW);
  const auto symbol = [&](const char* name) { return dlsym(library, name); };
  const struct {
    const char* name;
    int version;
    cuuint64_t flags;
    const char* expected;
  } table[] = {
      {"cuMemAlloc", 12040, CU_GET_PROC_ADDRESS_DEFAULT, "cuMemAlloc_v2"},
      {"cuMemAlloc", 3020, CU_GET_PROC_ADDRESS_DEFAULT, "cuMemAlloc_v2"},
      {"cuCtxCreate", 11030, CU_GET_PROC_ADDRESS_DEFAULT, "cuCtxCreate_v2"},
      {"cuCtxCreate", 12040, CU_GET_PROC_ADDRESS_DEFAULT, "cuCtxCreate_v3"},
      {"cuInit", 2000, CU_GET_PROC_ADDRESS_DEFAULT, "cuInit"},
      {"cuGraphInstantiate", 12000, CU_GET_PROC_ADDRESS_DEFAULT, "cuGraphInstantiateWithFlags"},
      {"cuStreamBeginCapture", 12040, CU_GET_PROC_ADDRESS_LEGACY_STREAM, "cuStreamBeginCapture_v2"},
      {"cuLaunchKernel", 12040, CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM, "cuLaunchKernel_ptsz"},
      {"cuMemcpyHtoD", 12040, CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM, "cuMemcpyHtoD_v2_ptds"},
      {"cuMemAlloc", 12040, CU_GET_PROC_ADDRESS_PER_THREAD_DEFAULT_STREAM, "cuMemAlloc_v2"},
  };
  for (const auto& [name, version, flags, expected] : table) {
    void* address = nullptr;
    CUdriverProcAddressQueryResult status = CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
    EXPECT_OK(cuGetProcAddress(name, &address, version, flags, &status)) << name;
    EXPECT_EQ(status, CU_GET_PROC_ADDRESS_SUCCESS) << name;
    EXPECT_EQ(address, symbol(expected)) << name << " should be " << expected;
  }
  void* address = library;
  CUdriverProcAddressQueryResult status = CU_GET_PROC_ADDRESS_SUCCESS;
  EXPECT_RESULT(CUDA_ERROR_NOT_FOUND, cuGetProcAddress("cuMemAlloc", &address, 2000, 0, &status));
  EXPECT_EQ(status, CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT);
  EXPECT_EQ(address, nullptr);
  EXPECT_RESULT(CUDA_ERROR_NOT_FOUND, cuGetProcAddress("cuNoSuchFunction", &address, 12040, 0, &status));
  EXPECT_EQ(status, CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
  EXPECT_RESULT(CUDA_ERROR_NOT_FOUND, cuGetProcAddress("cuMemAlloc_v2", &address, 12040, 0, nullptr));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGetProcAddress("cuInit", nullptr, 12040, 0, nullptr));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGetProcAddress("cuInit", &address, 12040, 8, nullptr));
}

}  // namespace
