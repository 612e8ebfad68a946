// What a process says on standard error: findings when they happen, and at its end what is needed to repeat it.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>

#include "driver/test_support.h"

namespace {

// The standard error of a child that does this and exits as programs do.
template <typename Body>
std::string output_of_child(Body&& body) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 2);
    close(ends[0]);
    close(ends[1]);
    body();
    std::exit(0);
  }
  close(ends[1]);
  std::string text;
  std::array<char, 4096> buffer;
  for (ssize_t count; (count = read(ends[0], buffer.data(), buffer.size())) > 0;)
    text.append(buffer.data(), static_cast<std::size_t>(count));
  close(ends[0]);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  return text;
}

// Launches a kernel without parameters, or write_at(address).
void launch(const char* name, CUdeviceptr address) {
  CUcontext context = nullptr;
  CUmodule module = nullptr;
  CUfunction function = nullptr;
  cuInit(0);
  cuCtxCreate(&context, 0, 0);
  cuModuleLoadData(&module, kTestKernels);
  cuModuleGetFunction(&function, module, name);
  void* params[] = {&address};
  cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, nullptr, params, nullptr);
  cuCtxSynchronize();
}

TEST(Output, IsEmptyWhenThereIsNothingToSay) {
  EXPECT_EQ(output_of_child([] { launch("bounded", 0); }), "");
}

TEST(Output, AFindingIsPrintedAndCounted) {
  const std::string text = output_of_child([] { launch("write_at", 64); });
  EXPECT_NE(text.find("write_at"), std::string::npos) << text;
  EXPECT_NE(text.find("vgpu: 1 finding, schedule forward, seed 0\n"), std::string::npos) << text;
}

TEST(Output, ARandomScheduleSaysItsSeed) {
  setenv("VGPU_SCHEDULE", "random", 1);
  setenv("VGPU_SEED", "4711", 1);
  EXPECT_EQ(output_of_child([] { launch("bounded", 0); }), "vgpu: 0 findings, schedule random, seed 4711\n");
}

TEST(Output, AnEnvironmentThatIsNotUnderstoodIsNamed) {
  setenv("VGPU_SEED", "seven", 1);
  EXPECT_EQ(output_of_child([] { launch("bounded", 0); }),
            "vgpu: VGPU_SEED=seven is not understood and has no effect\n");
}

// A process may end while work is queued, or running, that nobody waits for.
TEST(Output, WorkAtTheEndOfAProcessIsLeftAlone) {
  setenv("VGPU_PATIENCE", "0", 1);
  const std::string text = output_of_child([] {
    launch("bounded", 0);
    CUdeviceptr memory = 0;
    cuMemAlloc(&memory, 64 << 20);
    for (int i = 0; i < 1000; ++i) cuMemsetD8Async(memory, 1, 64 << 20, nullptr);
  });
  EXPECT_EQ(text, "");
}

TEST(Output, AFunctionThatIsNotSupportedIsNamedOnce) {
  const std::string text = output_of_child([] {
    cuInit(0);
    CUdeviceptr memory = 0;
    cuMemAllocManaged(&memory, 16, CU_MEM_ATTACH_GLOBAL);
    cuMemAllocManaged(&memory, 16, CU_MEM_ATTACH_GLOBAL);
  });
  EXPECT_EQ(text, "vgpu: cuMemAllocManaged is not supported by the virtual GPU\n");
}

}  // namespace
