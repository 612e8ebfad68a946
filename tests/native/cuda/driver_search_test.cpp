// What the library says of drivers, devices and compiled kernels that are missing, old or broken. Each search runs in a
// process of its own.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "kernels_interop.h"

namespace ki::test {
namespace {

namespace fs = std::filesystem;

const std::string kLibrary = KI_LIBRARY;
const std::string kFindDevices = KI_FIND_DEVICES;
const std::string kFakes = std::string(KI_FAKE_DRIVERS) + "/";

using Line = std::vector<std::string>;

/// A folder that is removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = (fs::temp_directory_path() / "driver_search.XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("cannot make a folder");
    path_ = path;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// Runs find_devices with KERNELS_INTEROP_CUDA_DRIVER set, or unset if there is no driver.
std::vector<Line> find_devices(const std::optional<std::string>& driver, const std::string& library = kLibrary,
                               const std::string& program = kFindDevices) {
  const std::string set = driver ? "KERNELS_INTEROP_CUDA_DRIVER='" + *driver + "'" : "-u KERNELS_INTEROP_CUDA_DRIVER";
  const std::string command = "env " + set + " '" + program + "' '" + library + "' 2>&1";
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  for (std::array<char, 4096> part{}; std::fgets(part.data(), part.size(), pipe.get()) != nullptr;) text += part.data();
  std::vector<Line> lines;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) {
    Line fields;
    std::istringstream one(line);
    for (std::string field; std::getline(one, field, '\t');) fields.push_back(field);
    lines.push_back(fields);
  }
  EXPECT_GE(lines.size(), 6U) << text;
  return lines;
}

std::vector<Line> lines_of(const std::vector<Line>& lines, const std::string& first, const std::string& second) {
  std::vector<Line> chosen;
  for (const Line& line : lines) {
    if (line.size() > 3 && line[0] == first && line[1] == second) chosen.push_back(line);
  }
  return chosen;
}

std::string number(ki_status status) { return std::to_string(static_cast<int>(status)); }

testing::AssertionResult holds(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "'" << part << "' is not in: " << text;
}

/// The driver is refused with this status and these words, in the probe, on opening and by `auto`; the CPU works.
void expect_refused(const std::string& driver, ki_status status, const std::vector<std::string>& words) {
  const std::vector<Line> lines = find_devices(driver);
  const std::vector<Line> tried = lines_of(lines, "probe", "cuda");
  ASSERT_FALSE(tried.empty());
  EXPECT_EQ(tried[0][2], number(status));
  EXPECT_EQ(tried[0][3], driver);
  const std::vector<Line> opened = lines_of(lines, "open", "cuda:0"), chosen = lines_of(lines, "open", "auto");
  ASSERT_EQ(opened.size(), 1U);
  ASSERT_EQ(chosen.size(), 1U);
  EXPECT_EQ(opened[0][2], number(status));
  EXPECT_TRUE(holds(opened[0][3], "cuda:0"));
  EXPECT_EQ(chosen[0][2], number(KI_STATUS_OK));
  EXPECT_TRUE(holds(chosen[0][3], "cpu: auto: no CUDA device"));
  for (const std::string& word : words) {
    EXPECT_TRUE(holds(tried[0].at(4), word));
    EXPECT_TRUE(holds(opened[0][3], word));
  }
  EXPECT_EQ(lines_of(lines, "open", "cpu").at(0)[2], number(KI_STATUS_OK));
}

TEST(CudaDriverSearch, AFileThatIsMissingIsNamedWithWhoNamedIt) {
  expect_refused("/nowhere/libcuda.so.1", KI_STATUS_DEVICE_NOT_FOUND,
                 {"/nowhere/libcuda.so.1", "KERNELS_INTEROP_CUDA_DRIVER"});
}

TEST(CudaDriverSearch, ALibraryThatIsNoDriverIsRefused) {
  expect_refused("libm.so.6", KI_STATUS_NOT_SUPPORTED, {"is no CUDA driver", "cuDriverGetVersion"});
}

TEST(CudaDriverSearch, ADriverThatIsTooOldIsRefusedWithBothVersions) {
  expect_refused(kFakes + "libtoo_old.so", KI_STATUS_NOT_SUPPORTED, {"11.4", "12.0"});
}

TEST(CudaDriverSearch, ADriverThatLacksAFunctionIsRefusedWithItsName) {
  expect_refused(kFakes + "libincomplete.so", KI_STATUS_NOT_SUPPORTED, {"has no cuGetErrorName"});
}

TEST(CudaDriverSearch, ADriverWithoutADeviceIsNotFound) {
  expect_refused(kFakes + "libdeviceless.so", KI_STATUS_DEVICE_NOT_FOUND, {"cannot be initialised", "100"});
}

TEST(CudaDriverSearch, ADriverThatCannotStartSaysSo) {
  expect_refused(kFakes + "libbroken.so", KI_STATUS_DEVICE_ERROR, {"cannot be initialised", "999"});
}

TEST(CudaDriverSearch, WithoutTheVariableTheSystemsDriverIsLookedFor) {
  for (const std::optional<std::string>& unset : {std::optional<std::string>(), std::optional<std::string>("")}) {
    const std::vector<Line> tried = lines_of(find_devices(unset), "probe", "cuda");
    ASSERT_FALSE(tried.empty());
    EXPECT_EQ(tried[0][3], "libcuda.so.1");
    EXPECT_FALSE(holds(tried[0].at(4), "KERNELS_INTEROP_CUDA_DRIVER"));
  }
}

TEST(CudaDriverSearch, ACompiledKernelsFileThatIsMissingIsNamed) {
  const TemporaryFolder folder;
  const fs::path copy = folder.path() / "libkernels_interop.so";
  fs::copy_file(fs::canonical(kLibrary), copy);
  const std::vector<Line> tried = lines_of(find_devices("/nowhere", copy), "probe", "cuda");
  ASSERT_EQ(tried.size(), 2U);
  EXPECT_EQ(tried[1][2], number(KI_STATUS_NOT_SUPPORTED));
  EXPECT_EQ(tried[1][3], (folder.path() / "libkernels_interop_cuda12.so").string());
  EXPECT_TRUE(holds(tried[1].at(4), "cannot be opened"));
}

TEST(CudaDriverSearch, CompiledKernelsOfAnotherBuildAreRefused) {
  const TemporaryFolder folder;
  const fs::path copy = folder.path() / "libkernels_interop.so";
  fs::copy_file(fs::canonical(kLibrary), copy);
  fs::copy_file(KI_OTHER_MODULES, folder.path() / "libkernels_interop_cuda12.so");
  const std::vector<Line> tried = lines_of(find_devices("/nowhere", copy), "probe", "cuda");
  ASSERT_EQ(tried.size(), 2U);
  EXPECT_EQ(tried[1][2], number(KI_STATUS_NOT_SUPPORTED));
  EXPECT_TRUE(holds(tried[1].at(4), "another build"));
}

TEST(CudaDriverSearch, TheCompiledKernelsOfThisBuildAreFound) {
  const std::vector<Line> tried = lines_of(find_devices("/nowhere"), "probe", "cuda");
  ASSERT_EQ(tried.size(), 2U);
  EXPECT_EQ(tried[1][2], number(KI_STATUS_OK)) << tried[1].at(4);
}

TEST(CudaDriverSearch, AProcessWithPrivilegesOfItsOwnDoesNotReadTheVariable) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can make a program that runs as somebody else";
  const TemporaryFolder folder;
  fs::permissions(folder.path(), fs::perms(0755));
  const fs::path copy = folder.path() / "find_devices", library = folder.path() / "libkernels_interop.so";
  fs::copy_file(kFindDevices, copy);
  fs::copy_file(fs::canonical(kLibrary), library);
  constexpr uid_t kNobody = 65534;
  ASSERT_EQ(chown(copy.c_str(), kNobody, kNobody), 0);
  ASSERT_EQ(chmod(copy.c_str(), 04755), 0);
  const std::vector<Line> lines = find_devices(kFakes + "libtoo_old.so", library, copy);
  ASSERT_EQ(lines[0].at(0), "privileged");
  if (lines[0].at(1) != "1") GTEST_SKIP() << "this file system gives programs no privileges";
  const std::vector<Line> tried = lines_of(lines, "probe", "cuda");
  ASSERT_FALSE(tried.empty());
  EXPECT_EQ(tried[0][3], "libcuda.so.1");
}

}  // namespace
}  // namespace ki::test
