// Launching through the backend itself: modules are loaded when a context first needs them, kernels get the shared memory they
// ask for, and errors name the kernel. Beside this program lies a modules file of its own.
#include "cuda/launch.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <numeric>
#include <vector>

#include "cuda/cuda_stream.h"
#include "cuda/driver_api.h"
#include "cuda/modules.h"
#include "cuda/test_kernels.h"

namespace ki::cuda {
namespace {

using test::AddOneParams;
using test::ReverseParams;
using Words = std::vector<unsigned>;

constexpr Kernel kAddOne{"test_kernels", "add_one", 64, 0};

class CudaLaunch : public testing::Test {
 protected:
  void SetUp() override {
    if (cuda_backend().device_count() == 0) GTEST_SKIP() << "no CUDA device: " << cuda_backend().why_not_auto();
    device = cuda_backend().open(0, {});
    stream = device->create_stream();
  }

  std::unique_ptr<Buffer> upload(const Words& words) {
    auto buffer = device->create_buffer(KI_MEMORY_KIND_DEVICE, words.size() * sizeof(unsigned));
    stream->copy(buffer->data(), words.data(), words.size() * sizeof(unsigned));
    return buffer;
  }

  Words download(Stream& on, const void* address, std::size_t count) {
    Words words(count);
    on.copy(words.data(), address, count * sizeof(unsigned));
    return words;
  }

  std::shared_ptr<Device> device;
  std::unique_ptr<Stream> stream;
};

/// The message of what `call` throws.
template <typename Call>
std::string error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

Words counting(std::size_t count) {
  Words words(count);
  std::iota(words.begin(), words.end(), 10U);
  return words;
}

TEST_F(CudaLaunch, TheModulesFileIsBesideThisProgram) {
  ASSERT_TRUE(have_modules()) << modules_file().detail;
  EXPECT_EQ(modules_file().modules.size(), 2U);
  const Module& module = find_module("test_kernels");
  EXPECT_EQ(std::strlen(module.ptx), module.ptx_bytes);
  EXPECT_EQ(std::memcmp(module.cubin, "\177ELF", 4), 0);
}

TEST_F(CudaLaunch, AKernelComputesOnTheWholeGrid) {
  Words words = counting(1000);
  const auto buffer = upload(words);
  const AddOneParams params{static_cast<unsigned*>(buffer->data()), 999};
  for (int i = 0; i < 3; ++i) launch(*stream, kAddOne, {16}, &params, sizeof params);
  for (std::size_t i = 0; i < 999; ++i) words[i] += 3;
  EXPECT_EQ(download(*stream, buffer->data(), words.size()), words);
}

TEST_F(CudaLaunch, AKernelGetsTheSharedMemoryItAsksFor) {
  for (const unsigned count : {1024U, 12 * 1024U, 20 * 1024U, 1024U}) {  // 4, 48, 80 and again 4 KiB
    Words words = counting(count);
    const auto buffer = upload(words);
    const ReverseParams params{static_cast<unsigned*>(buffer->data()), count};
    launch(*stream, {"test_kernels", "reverse", 128, count * 4}, {}, &params, sizeof params);
    EXPECT_EQ(download(*stream, buffer->data(), count), Words(words.rbegin(), words.rend()));
  }
}

TEST_F(CudaLaunch, MoreSharedMemoryThanThereIsIsAnErrorThatNamesTheKernel) {
  const ReverseParams params{nullptr, 0};
  const Kernel greedy{"test_kernels", "reverse", 128, 1 << 20};
  const std::string message = error_of([&] { launch(*stream, greedy, {}, &params, sizeof params); });
  EXPECT_NE(message.find("reverse"), std::string::npos) << message;
  EXPECT_NE(message.find("1048576"), std::string::npos) << message;
}

TEST_F(CudaLaunch, WhatIsNotThereIsNamed) {
  const AddOneParams params{};
  const std::string module = error_of([&] {
    launch(*stream, {"nothing", "add_one", 64, 0}, {}, &params, sizeof params);
  });
  EXPECT_NE(module.find("nothing"), std::string::npos) << module;
  const std::string entry = error_of([&] {
    launch(*stream, {"test_kernels", "add_two", 64, 0}, {}, &params, sizeof params);
  });
  EXPECT_NE(entry.find("add_two"), std::string::npos) << entry;
  EXPECT_NE(entry.find("CUDA_ERROR_NOT_FOUND"), std::string::npos) << entry;
}

TEST_F(CudaLaunch, PtxThatDoesNotCompileIsShownWithTheCompilersWords) {
  const AddOneParams params{};
  const std::string message = error_of([&] {
    launch(*stream, {"broken", "kernel", 64, 0}, {}, &params, sizeof params);
  });
  EXPECT_NE(message.find("broken"), std::string::npos) << message;
  EXPECT_NE(message.find("CUDA_ERROR_INVALID_PTX"), std::string::npos) << message;
  EXPECT_NE(message.find("line 4"), std::string::npos) << message;
}

TEST_F(CudaLaunch, EachContextLoadsItsOwn) {
  const test::ForeignContext foreign;
  const auto wrapped = device->wrap_stream(nullptr);
  CUdeviceptr memory = 0;
  KI_CALL_DRIVER(cuMemAlloc, &memory, 400);
  Words words = counting(100);
  wrapped->copy(test::pointer(memory), words.data(), 400);
  const AddOneParams params{static_cast<unsigned*>(test::pointer(memory)), 100};
  launch(*wrapped, kAddOne, {2}, &params, sizeof params);
  for (unsigned& word : words) ++word;
  EXPECT_EQ(download(*wrapped, test::pointer(memory), 100), words);

  const auto buffer = upload(words);  // and ours works beside it
  const AddOneParams ours{static_cast<unsigned*>(buffer->data()), 100};
  launch(*stream, kAddOne, {2}, &ours, sizeof ours);
  for (unsigned& word : words) ++word;
  EXPECT_EQ(download(*stream, buffer->data(), 100), words);
  KI_CALL_DRIVER(cuMemFree, memory);
}

TEST_F(CudaLaunch, ADeviceThatIsOpenedAgainLoadsAgain) {
  for (int i = 0; i < 3; ++i) {
    const auto buffer = upload(Words(64, 1));
    const AddOneParams params{static_cast<unsigned*>(buffer->data()), 64};
    launch(*stream, kAddOne, {1}, &params, sizeof params);
    EXPECT_EQ(download(*stream, buffer->data(), 64), Words(64, 2));
    stream.reset();
    device.reset();
    SetUp();
  }
}

TEST_F(CudaLaunch, TheWorkspaceGrowsAndIsNotCaptured) {
  std::byte* const small = static_cast<std::byte*>(stream->workspace(100));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(small) % kWorkspaceAlignment, 0U);
  EXPECT_EQ(stream->workspace(50), small);
  void* const large = stream->workspace(1 << 20);
  stream->fill(large, 3, 1 << 20);
  EXPECT_EQ(download(*stream, large, 1 << 18), Words(1 << 18, 0x03030303));

  const auto handle = static_cast<CUstream>(stream->native());
  CUcontext context = nullptr;
  KI_CALL_DRIVER(cuStreamGetCtx, handle, &context);
  KI_CALL_DRIVER(cuCtxSetCurrent, context);
  KI_CALL_DRIVER(cuStreamBeginCapture, handle, CU_STREAM_CAPTURE_MODE_GLOBAL);
  for (const std::uint64_t size : {std::uint64_t{16}, std::uint64_t{1} << 22}) {
    const std::string message = error_of([&] { stream->workspace(size); });
    EXPECT_NE(message.find("captured"), std::string::npos) << message;
    EXPECT_NE(message.find("pass a workspace"), std::string::npos) << message;
  }
  EXPECT_EQ(stream->workspace(0), nullptr);
  // A kernel's first use, in the middle of a capture, loads its module.
  const auto buffer = device->create_buffer(KI_MEMORY_KIND_DEVICE, 256);
  const AddOneParams params{static_cast<unsigned*>(buffer->data()), 64};
  launch(*stream, kAddOne, {1}, &params, sizeof params);
  CUgraph graph = nullptr;
  KI_CALL_DRIVER(cuStreamEndCapture, handle, &graph);
  CUgraphExec exec = nullptr;
  KI_CALL_DRIVER(cuGraphInstantiateWithFlags, &exec, graph, 0);
  stream->fill(buffer->data(), 0, 256);
  for (int i = 0; i < 4; ++i) KI_CALL_DRIVER(cuGraphLaunch, exec, handle);
  EXPECT_EQ(download(*stream, buffer->data(), 64), Words(64, 4));
  KI_CALL_DRIVER(cuGraphExecDestroy, exec);
  KI_CALL_DRIVER(cuGraphDestroy, graph);
}

}  // namespace
}  // namespace ki::cuda
