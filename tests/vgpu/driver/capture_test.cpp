// Stream capture: what it records, what it forbids, and what the graph then does.
#include <atomic>
#include <thread>

#include "driver/test_support.h"

namespace {

class CaptureTest : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    ASSERT_OK(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING));
    ASSERT_OK(cuStreamCreate(&other, CU_STREAM_NON_BLOCKING));
    ASSERT_OK(cuEventCreate(&fork, CU_EVENT_DISABLE_TIMING));
    ASSERT_OK(cuEventCreate(&join, CU_EVENT_DISABLE_TIMING));
    memory = upload({0, 0});
    function("add_to");
  }

  void begin(CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL) {
    ASSERT_OK(cuStreamBeginCapture(stream, mode));
  }

  // The number of launches of a graph, and the two words afterwards.
  std::vector<int> run(CUgraph graph, int times) {
    CUgraphExec exec = nullptr;
    EXPECT_OK(cuGraphInstantiate(&exec, graph, 0));
    for (int i = 0; i < times; ++i) EXPECT_OK(cuGraphLaunch(exec, stream));
    EXPECT_OK(cuStreamSynchronize(stream));
    EXPECT_OK(cuGraphExecDestroy(exec));
    EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGraphLaunch(exec, stream));
    return download(memory, 2);
  }

  void expect_invalidated() {
    CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
    EXPECT_OK(cuStreamIsCapturing(stream, &status));
    EXPECT_EQ(status, CU_STREAM_CAPTURE_STATUS_INVALIDATED);
    EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, launch_add_to(memory, 1, 1, stream));
    CUgraph graph = reinterpret_cast<CUgraph>(1);
    EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(stream, &graph));
    EXPECT_EQ(graph, nullptr);
    EXPECT_OK(cuStreamIsCapturing(stream, &status));
    EXPECT_EQ(status, CU_STREAM_CAPTURE_STATUS_NONE);
  }

  CUstream stream = nullptr, other = nullptr;
  CUevent fork = nullptr, join = nullptr;
  CUdeviceptr memory = 0;
};

TEST_F(CaptureTest, RecordsAndReplays) {
  static std::atomic<int> called;
  called = 0;
  begin();
  CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_NONE;
  EXPECT_OK(cuStreamIsCapturing(stream, &status));
  EXPECT_EQ(status, CU_STREAM_CAPTURE_STATUS_ACTIVE);
  ASSERT_OK(launch_add_to(memory, 5, 1, stream));
  ASSERT_OK(cuMemcpyDtoDAsync(memory + 4, memory, 4, stream));
  ASSERT_OK(cuLaunchHostFunc(
      stream, [](void*) { ++called; }, nullptr));
  CUgraph graph = nullptr;
  ASSERT_OK(cuStreamEndCapture(stream, &graph));
  EXPECT_EQ(download(memory, 2), (std::vector<int>{0, 0}));  // nothing ran
  EXPECT_EQ(called, 0);
  std::size_t count = 0;
  ASSERT_OK(cuGraphGetNodes(graph, nullptr, &count));
  ASSERT_EQ(count, 3u);
  CUgraphNode nodes[3] = {};
  ASSERT_OK(cuGraphGetNodes(graph, nodes, &count));
  const CUgraphNodeType expected[] = {CU_GRAPH_NODE_TYPE_KERNEL, CU_GRAPH_NODE_TYPE_MEMCPY, CU_GRAPH_NODE_TYPE_HOST};
  for (int i = 0; i < 3; ++i) {
    CUgraphNodeType type = CU_GRAPH_NODE_TYPE_EMPTY;
    EXPECT_OK(cuGraphNodeGetType(nodes[i], &type));
    EXPECT_EQ(type, expected[i]);
  }
  EXPECT_EQ(run(graph, 3), (std::vector<int>{15, 15}));
  EXPECT_EQ(called, 3);
  EXPECT_OK(cuGraphDestroy(graph));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGraphDestroy(graph));
}

TEST_F(CaptureTest, ForksAndJoins) {
  begin();
  ASSERT_OK(cuMemsetD32Async(memory, 3, 2, stream));
  ASSERT_OK(cuEventRecord(fork, stream));
  ASSERT_OK(cuStreamWaitEvent(other, fork, 0));
  ASSERT_OK(launch_add_to(memory, 10, 1, stream));
  ASSERT_OK(launch_add_to(memory + 4, 20, 1, other));
  ASSERT_OK(cuEventRecord(join, other));
  ASSERT_OK(cuStreamWaitEvent(stream, join, 0));
  ASSERT_OK(launch_add_to(memory, 100, 2, stream));
  CUgraph graph = nullptr;
  ASSERT_OK(cuStreamEndCapture(stream, &graph));
  CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_ACTIVE;
  EXPECT_OK(cuStreamIsCapturing(other, &status));
  EXPECT_EQ(status, CU_STREAM_CAPTURE_STATUS_NONE);
  std::size_t edges = 0, roots = 0;
  EXPECT_OK(cuGraphGetEdges(graph, nullptr, nullptr, &edges));
  EXPECT_EQ(edges, 4u);
  EXPECT_OK(cuGraphGetRootNodes(graph, nullptr, &roots));
  EXPECT_EQ(roots, 1u);
  for (const char* schedule : {"forward", "reverse", "random"}) {
    ASSERT_EQ(vgpu_set("schedule", schedule), 0);
    EXPECT_EQ(run(graph, 2), (std::vector<int>{113, 123})) << schedule;
  }
}

TEST_F(CaptureTest, AForkThatIsNotJoinedIsAnError) {
  begin();
  ASSERT_OK(cuEventRecord(fork, stream));
  ASSERT_OK(cuStreamWaitEvent(other, fork, 0));
  ASSERT_OK(launch_add_to(memory, 1, 1, other));
  CUgraph graph = nullptr;
  EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, cuStreamEndCapture(stream, &graph));
  EXPECT_EQ(graph, nullptr);
  EXPECT_OK(cuStreamSynchronize(other));
}

TEST_F(CaptureTest, EndsWhereItBegan) {
  CUgraph graph = nullptr;
  EXPECT_RESULT(CUDA_ERROR_ILLEGAL_STATE, cuStreamEndCapture(stream, &graph));
  begin();
  EXPECT_RESULT(CUDA_ERROR_ILLEGAL_STATE, cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_GLOBAL));
  ASSERT_OK(cuEventRecord(fork, stream));
  ASSERT_OK(cuStreamWaitEvent(other, fork, 0));
  EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, cuStreamEndCapture(other, &graph));
  expect_invalidated();
  begin(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
  std::thread([&] {
    EXPECT_OK(cuCtxSetCurrent(context));
    EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, cuStreamEndCapture(stream, &graph));
    EXPECT_OK(cuCtxSetCurrent(nullptr));
  }).join();
  expect_invalidated();
  EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuStreamBeginCapture(nullptr, CU_STREAM_CAPTURE_MODE_GLOBAL));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuStreamBeginCapture(stream, static_cast<CUstreamCaptureMode>(7)));
}

TEST_F(CaptureTest, WaitingForACaptureEndsIt) {
  begin();
  EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuStreamSynchronize(stream));
  expect_invalidated();
  begin();
  EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuStreamQuery(stream));
  expect_invalidated();
  begin();
  EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuCtxSynchronize());
  expect_invalidated();
  begin();
  ASSERT_OK(cuEventRecord(fork, stream));
  EXPECT_RESULT(CUDA_ERROR_CAPTURED_EVENT, cuEventQuery(fork));
  expect_invalidated();
  EXPECT_RESULT(CUDA_ERROR_CAPTURED_EVENT, cuEventSynchronize(fork));
  EXPECT_RESULT(CUDA_ERROR_CAPTURED_EVENT, cuStreamWaitEvent(stream, fork, 0));
}

TEST_F(CaptureTest, WhatItCannotSeeIsForbiddenByMode) {
  CUdeviceptr address = 0;
  begin();
  EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuMemAlloc(&address, 16));
  expect_invalidated();
  begin();
  int value = 0;
  EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuMemcpyDtoH(&value, memory, 4));
  expect_invalidated();
  begin();
  EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, cuModuleLoadData(&module, kTestKernels));
  expect_invalidated();
  // Another thread's capture matters only if it is global.
  const auto allocate_elsewhere = [&] {
    CUresult result = CUDA_ERROR_UNKNOWN;
    std::thread([&] {
      EXPECT_OK(cuCtxSetCurrent(context));
      result = cuMemAlloc(&address, 16);
      EXPECT_OK(cuCtxSetCurrent(nullptr));
    }).join();
    return result;
  };
  CUgraph graph = nullptr;
  begin();
  EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, allocate_elsewhere());
  expect_invalidated();
  begin(CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
  EXPECT_OK(allocate_elsewhere());
  EXPECT_OK(cuStreamEndCapture(stream, &graph));
  begin(CU_STREAM_CAPTURE_MODE_RELAXED);
  EXPECT_OK(cuMemAlloc(&address, 16));
  EXPECT_OK(cuStreamEndCapture(stream, &graph));
  begin();
  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_RELAXED;
  EXPECT_OK(cuThreadExchangeStreamCaptureMode(&mode));
  EXPECT_EQ(mode, CU_STREAM_CAPTURE_MODE_GLOBAL);
  EXPECT_OK(cuMemAlloc(&address, 16));
  EXPECT_OK(cuThreadExchangeStreamCaptureMode(&mode));
  EXPECT_OK(cuStreamEndCapture(stream, &graph));
}

TEST_F(CaptureTest, TheLegacyStreamMustStayOut) {
  CUstream blocking = nullptr;
  CUgraph graph = nullptr;
  ASSERT_OK(cuStreamCreate(&blocking, CU_STREAM_DEFAULT));
  ASSERT_OK(cuStreamBeginCapture(blocking, CU_STREAM_CAPTURE_MODE_RELAXED));
  EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, launch_add_to(memory, 1, 1, nullptr));
  EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(blocking, &graph));
  // A non-blocking stream does not care.
  begin(CU_STREAM_CAPTURE_MODE_RELAXED);
  EXPECT_OK(launch_add_to(memory, 1, 1, nullptr));
  EXPECT_OK(cuStreamEndCapture(stream, &graph));
}

TEST_F(CaptureTest, NoDependencyMayCrossItsBorder) {
  ASSERT_OK(cuEventRecord(join, other));  // outside
  begin();
  EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, cuStreamWaitEvent(stream, join, 0));
  expect_invalidated();
  begin();
  ASSERT_OK(cuStreamBeginCapture(other, CU_STREAM_CAPTURE_MODE_GLOBAL));
  ASSERT_OK(cuEventRecord(fork, other));
  EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_MERGE, cuStreamWaitEvent(stream, fork, 0));
  expect_invalidated();
  CUgraph graph = nullptr;
  EXPECT_RESULT(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, cuStreamEndCapture(other, &graph));
}

TEST_F(CaptureTest, SaysWhatItHas) {
  CUstreamCaptureStatus status = CU_STREAM_CAPTURE_STATUS_ACTIVE;
  cuuint64_t id = 0;
  CUgraph graph = nullptr, ended = nullptr;
  const CUgraphNode* nodes = nullptr;
  std::size_t count = 9;
  EXPECT_OK(cuStreamGetCaptureInfo(stream, &status, &id, &graph, &nodes, &count));
  EXPECT_EQ(status, CU_STREAM_CAPTURE_STATUS_NONE);
  begin();
  ASSERT_OK(launch_add_to(memory, 1, 1, stream));
  EXPECT_OK(cuStreamGetCaptureInfo(stream, &status, &id, &graph, &nodes, &count));
  EXPECT_EQ(status, CU_STREAM_CAPTURE_STATUS_ACTIVE);
  EXPECT_NE(id, 0u);
  ASSERT_EQ(count, 1u);
  CUgraphNodeType type = CU_GRAPH_NODE_TYPE_EMPTY;
  EXPECT_OK(cuGraphNodeGetType(nodes[0], &type));
  EXPECT_EQ(type, CU_GRAPH_NODE_TYPE_KERNEL);
  EXPECT_OK(cuStreamUpdateCaptureDependencies(stream, nullptr, 0, CU_STREAM_SET_CAPTURE_DEPENDENCIES));
  ASSERT_OK(launch_add_to(memory + 4, 1, 1, stream));
  ASSERT_OK(cuStreamEndCapture(stream, &ended));
  EXPECT_EQ(ended, graph);
  std::size_t roots = 0;
  EXPECT_OK(cuGraphGetRootNodes(graph, nullptr, &roots));
  EXPECT_EQ(roots, 2u);
}

TEST_F(CaptureTest, AnExternalEventIsANode) {
  begin();
  ASSERT_OK(launch_add_to(memory, 1, 1, stream));
  ASSERT_OK(cuEventRecordWithFlags(fork, stream, CU_EVENT_RECORD_EXTERNAL));
  CUgraph graph = nullptr;
  CUgraphExec exec = nullptr;
  ASSERT_OK(cuStreamEndCapture(stream, &graph));
  ASSERT_OK(cuGraphInstantiate(&exec, graph, 0));
  ASSERT_OK(cuGraphLaunch(exec, stream));
  ASSERT_OK(cuStreamWaitEvent(other, fork, 0));
  ASSERT_OK(launch_add_to(memory, 10, 1, other));
  ASSERT_OK(cuStreamSynchronize(other));
  EXPECT_EQ(download(memory, 1)[0], 11);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuEventRecordWithFlags(fork, stream, CU_EVENT_RECORD_EXTERNAL));
}

}  // namespace
