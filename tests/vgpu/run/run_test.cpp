// The tool itself, as a process: a kernel that is right, one that is not, and commands that are wrong.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

struct Answer {
  int code = -1;
  std::string text;
};

Answer run(const std::string& words) {
  Answer answer;
  FILE* pipe = popen((VGPU_RUN " " + words + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return answer;
  std::array<char, 4096> buffer;
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe))
    answer.text.append(buffer.data(), count);
  answer.code = WEXITSTATUS(pclose(pipe));
  return answer;
}

const std::string kVecadd = VGPU_VECADD_PTX " vecadd --grid 4 --block 64 ";

bool has(const Answer& answer, const char* text) { return answer.text.find(text) != std::string::npos; }

TEST(Run, ExecutesAKernel) {
  const std::string path = testing::TempDir() + "/vgpu_run_result.bin";
  const Answer answer = run(
      kVecadd + "--arg f32[200]=iota --arg f32[200]=0.5 --arg f32[200]=none --arg i32=200 --dump 2 --dump 2=" + path);
  EXPECT_EQ(answer.code, 0) << answer.text;
  EXPECT_TRUE(has(answer, "outcome: done\nfindings: 0")) << answer.text;
  EXPECT_TRUE(has(answer, "argument 2: 0.5 1.5 2.5 3.5")) << answer.text;
  EXPECT_TRUE(has(answer, "ld.global")) << answer.text;
  std::ifstream file(path, std::ios::binary);
  std::vector<float> result(200);
  ASSERT_TRUE(file.read(reinterpret_cast<char*>(result.data()), 800));
  for (int i = 0; i < 200; ++i) EXPECT_EQ(result[i], static_cast<float>(i) + 0.5f);
  std::remove(path.c_str());
}

// Facts that can be counted by hand: 8 warps, 200 lanes of 4 bytes; two loads and one store, the last warp in part.
TEST(Run, CountsAsJson) {
  const Answer answer = run(kVecadd + "--arg f32[200]=1 --arg f32[200]=2 --arg f32[200]=none --arg i32=200 --json");
  EXPECT_EQ(answer.code, 0) << answer.text;
  EXPECT_TRUE(has(answer, "\"outcome\": \"done\"")) << answer.text;
  EXPECT_TRUE(has(answer, "\"findings\": []")) << answer.text;
  // 7 warps of 200 lanes take part: six in full, one with 8 lanes; 4 sectors each, and one.
  EXPECT_TRUE(has(answer, "\"ld.global\": {\"requests\": 14, \"sectors\": 50")) << answer.text;
  EXPECT_TRUE(has(answer, "\"bytes\": 1600")) << answer.text;
  EXPECT_TRUE(has(answer, "\"st.global\": {\"requests\": 7, \"sectors\": 25")) << answer.text;
}

TEST(Run, SaysWhatItFinds) {
  // n is larger than the buffers.
  const Answer bounds = run(kVecadd + "--arg f32[200]=1 --arg f32[200]=2 --arg f32[200]=none --arg i32=201");
  EXPECT_EQ(bounds.code, 1) << bounds.text;
  EXPECT_TRUE(has(bounds, "outcome: illegal address")) << bounds.text;
  EXPECT_TRUE(has(bounds, "out_of_bounds")) << bounds.text;
  const Answer unwritten = run(kVecadd + "--arg f32[200]=none --arg f32[200]=2 --arg f32[200]=none --arg i32=200");
  EXPECT_EQ(unwritten.code, 1) << unwritten.text;
  EXPECT_TRUE(has(unwritten, "outcome: done")) << unwritten.text;
  EXPECT_TRUE(has(unwritten, "uninitialised_read")) << unwritten.text;
  EXPECT_EQ(run(kVecadd + "--no-checks --arg f32[200]=none --arg f32[200]=2 --arg f32[200]=none --arg i32=200").code,
            0);
}

TEST(Run, ListsKernelsAndMutations) {
  const Answer kernels = run("--list " VGPU_VECADD_PTX);
  EXPECT_EQ(kernels.code, 0);
  EXPECT_TRUE(has(kernels, "vecadd  vecadd_param_0:8  vecadd_param_1:8  vecadd_param_2:8  vecadd_param_3:4"))
      << kernels.text;
  EXPECT_EQ(run("--list-mutations " VGPU_VECADD_PTX).text, "");  // no barrier, no guarded access
}

TEST(Run, ClearErrors) {
  const struct {
    std::string words;
    const char* expected;
  } table[] = {
      {"/no/such/file.ptx k", "cannot be read"},
      {VGPU_RUN " k", "compiled code"},
      {VGPU_VECADD_PTX " vecsub", "no kernel 'vecsub'; it has vecadd"},
      {VGPU_VECADD_PTX " vecadd", "has 4 parameters, not 0"},
      {kVecadd + "--arg f32[2] --arg f32[2] --arg f32[2] --arg u64=1", "'u64=1' has 8 bytes, but the parameter 4"},
      {kVecadd + "--arg what --arg i32=1 --arg i32=1 --arg i32=1", "'what'"},
      {kVecadd + "--block 2000", "allows 1024 threads"},
      {kVecadd + "--mutation 'drop bar.sync 0'", "no such instruction"},
      {"", "a file and a kernel are needed"},
  };
  for (const auto& [words, expected] : table) {
    const Answer answer = run(words);
    EXPECT_EQ(answer.code, 2) << words << "\n" << answer.text;
    EXPECT_TRUE(has(answer, expected)) << words << "\n" << answer.text;
  }
  const std::string path = testing::TempDir() + "/vgpu_run_bad.ptx";
  std::ofstream(path)
      << ".version 8.4\n.target sm_80\n.address_size 64\n.visible .entry k()\n{\n  mov.u32 %r1 %r2;\n}\n";
  const Answer bad = run(path + " k");
  EXPECT_EQ(bad.code, 2);
  EXPECT_TRUE(has(bad, "line 6")) << bad.text;
  std::remove(path.c_str());
}

}  // namespace
