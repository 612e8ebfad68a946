// Graphs built by hand.
#include <cstring>

#include "driver/test_support.h"

namespace {

class GraphTest : public DriverTest {
 protected:
  void SetUp() override {
    DriverTest::SetUp();
    memory = upload({1, 1});
    ASSERT_OK(cuGraphCreate(&graph, 0));
  }

  // p[0] += value
  CUgraphNode add_kernel(int value, const std::vector<CUgraphNode>& after = {}, CUdeviceptr p = 0) {
    CUDA_KERNEL_NODE_PARAMS params = kernel_params(value, p);
    CUgraphNode node = nullptr;
    EXPECT_OK(cuGraphAddKernelNode(&node, graph, after.data(), after.size(), &params));
    return node;
  }

  CUDA_KERNEL_NODE_PARAMS kernel_params(int value, CUdeviceptr p = 0) {
    address_ = p == 0 ? memory : p;
    value_ = value;
    CUDA_KERNEL_NODE_PARAMS params = {};
    params.func = function("add_to");
    params.gridDimX = params.gridDimY = params.gridDimZ = params.blockDimX = params.blockDimY = params.blockDimZ = 1;
    params.kernelParams = pointers_;
    return params;
  }

  CUgraphNode add_fill(unsigned value, const std::vector<CUgraphNode>& after = {}) {
    CUDA_MEMSET_NODE_PARAMS params = {};
    params.dst = memory;
    params.value = value;
    params.elementSize = 4;
    params.width = params.height = 1;
    CUgraphNode node = nullptr;
    EXPECT_OK(cuGraphAddMemsetNode(&node, graph, after.data(), after.size(), &params, context));
    return node;
  }

  CUgraphExec instantiate() {
    CUgraphExec exec = nullptr;
    EXPECT_OK(cuGraphInstantiate(&exec, graph, 0));
    return exec;
  }

  int result_of(CUgraphExec exec) {
    EXPECT_OK(cuGraphLaunch(exec, nullptr));
    return download(memory, 1)[0];
  }

  CUgraph graph = nullptr;
  CUdeviceptr memory = 0;

 private:
  CUdeviceptr address_ = 0;
  int value_ = 0, n_ = 1;
  void* pointers_[3] = {&address_, &value_, &n_};
};

TEST_F(GraphTest, KeepsToItsEdges) {
  const CUgraphNode kernel = add_kernel(5), fill = add_fill(100);
  const CUgraphNode from[] = {fill}, to[] = {kernel};
  ASSERT_OK(cuGraphAddDependencies(graph, from, to, 1));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGraphAddDependencies(graph, from, to, 1));
  for (const char* schedule : {"forward", "reverse", "random"}) {
    ASSERT_EQ(vgpu_set("schedule", schedule), 0);
    EXPECT_EQ(result_of(instantiate()), 105) << schedule;
  }
  CUgraphNode seen[2] = {};
  std::size_t count = 2;
  EXPECT_OK(cuGraphNodeGetDependencies(kernel, seen, &count));
  EXPECT_EQ(count, 1u);
  EXPECT_EQ(seen[0], fill);
  EXPECT_EQ(seen[1], nullptr);
  EXPECT_OK(cuGraphNodeGetDependentNodes(fill, nullptr, &count));
  EXPECT_EQ(count, 1u);
  EXPECT_OK(cuGraphRemoveDependencies(graph, from, to, 1));
  ASSERT_OK(cuGraphAddDependencies(graph, to, from, 1));
  EXPECT_EQ(result_of(instantiate()), 100);
}

TEST_F(GraphTest, ACircleCannotBeInstantiated) {
  const CUgraphNode a = add_kernel(1), b = add_kernel(2, {a});
  ASSERT_OK(cuGraphAddDependencies(graph, &b, &a, 1));
  CUgraphExec exec = nullptr;
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGraphInstantiate(&exec, graph, 0));
}

TEST_F(GraphTest, LaunchesOfOneGraphDoNotOverlap) {
  const CUgraphNode fill = add_fill(10);
  const CUgraphNode kernel = add_kernel(1, {fill});
  add_kernel(1, {kernel});
  const CUgraphExec exec = instantiate();
  CUstream a = nullptr, b = nullptr;
  ASSERT_OK(cuStreamCreate(&a, CU_STREAM_NON_BLOCKING));
  ASSERT_OK(cuStreamCreate(&b, CU_STREAM_NON_BLOCKING));
  ASSERT_EQ(vgpu_set("schedule", "random"), 0);
  for (int seed = 0; seed < 16; ++seed) {
    ASSERT_EQ(vgpu_set("seed", std::to_string(seed).c_str()), 0);
    ASSERT_OK(cuGraphLaunch(exec, a));
    ASSERT_OK(cuGraphLaunch(exec, b));
    ASSERT_OK(cuCtxSynchronize());
    EXPECT_EQ(download(memory, 1)[0], 12);
  }
}

TEST_F(GraphTest, CopiesHostFunctionsAndChildren) {
  static int host_value;
  host_value = 0;
  CUDA_MEMCPY3D copy = {};
  copy.srcMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.srcDevice = memory;
  copy.dstMemoryType = CU_MEMORYTYPE_HOST;
  int result = 0;
  copy.dstHost = &result;
  copy.WidthInBytes = 4;
  copy.Height = copy.Depth = 1;
  const CUgraphNode kernel = add_kernel(6);
  CUgraphNode copied = nullptr, host = nullptr, empty = nullptr, child = nullptr;
  ASSERT_OK(cuGraphAddEmptyNode(&empty, graph, &kernel, 1));
  ASSERT_OK(cuGraphAddMemcpyNode(&copied, graph, &empty, 1, &copy, context));
  CUDA_HOST_NODE_PARAMS host_params = {[](void* data) { host_value = *static_cast<int*>(data) * 2; }, &result};
  ASSERT_OK(cuGraphAddHostNode(&host, graph, &copied, 1, &host_params));
  CUgraph inner = graph;
  ASSERT_OK(cuGraphCreate(&graph, 0));
  const CUgraphNode before = add_fill(20);
  ASSERT_OK(cuGraphAddChildGraphNode(&child, graph, &before, 1, inner));
  add_kernel(1000, {child});
  ASSERT_OK(cuGraphDestroy(inner));
  EXPECT_EQ(result_of(instantiate()), 1026);
  EXPECT_EQ(result, 26);
  EXPECT_EQ(host_value, 52);
  CUgraph of_child = nullptr;
  std::size_t count = 0;
  EXPECT_OK(cuGraphChildGraphNodeGetGraph(child, &of_child));
  EXPECT_OK(cuGraphGetNodes(of_child, nullptr, &count));
  EXPECT_EQ(count, 4u);
}

TEST_F(GraphTest, ParametersCanBeReadAndChanged) {
  const CUgraphNode fill = add_fill(50), kernel = add_kernel(1, {fill});
  CUDA_KERNEL_NODE_PARAMS params = {};
  ASSERT_OK(cuGraphKernelNodeGetParams(kernel, &params));
  EXPECT_EQ(params.func, function("add_to"));
  EXPECT_EQ(params.blockDimX, 1u);
  // What was read can be given back.
  CUgraphNode again = nullptr;
  ASSERT_OK(cuGraphAddKernelNode(&again, graph, &kernel, 1, &params));
  const CUgraphExec exec = instantiate();
  EXPECT_EQ(result_of(exec), 52);
  params = kernel_params(7);
  ASSERT_OK(cuGraphKernelNodeSetParams(kernel, &params));
  EXPECT_EQ(result_of(exec), 52);  // the executable graph is a copy
  EXPECT_EQ(result_of(instantiate()), 58);
  ASSERT_OK(cuGraphExecKernelNodeSetParams(exec, kernel, &params));
  EXPECT_EQ(result_of(exec), 58);
  CUDA_MEMSET_NODE_PARAMS fill_params = {};
  ASSERT_OK(cuGraphMemsetNodeGetParams(fill, &fill_params));
  EXPECT_EQ(fill_params.value, 50u);
  fill_params.value = 60;
  ASSERT_OK(cuGraphMemsetNodeSetParams(fill, &fill_params));
  EXPECT_EQ(result_of(exec), 58);
  ASSERT_OK(cuGraphExecMemsetNodeSetParams(exec, fill, &fill_params, context));
  EXPECT_EQ(result_of(exec), 68);
  fill_params.elementSize = 3;
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGraphExecMemsetNodeSetParams(exec, fill, &fill_params, context));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGraphExecMemsetNodeSetParams(exec, kernel, &fill_params, context));
  CUgraphExecUpdateResultInfo info = {};
  ASSERT_OK(cuGraphExecUpdate(exec, graph, &info));
  EXPECT_EQ(info.result, CU_GRAPH_EXEC_UPDATE_SUCCESS);
  EXPECT_EQ(result_of(exec), 68);
  ASSERT_OK(cuGraphDestroyNode(again));
  EXPECT_RESULT(CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE, cuGraphExecUpdate(exec, graph, &info));
  EXPECT_EQ(info.result, CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED);
  EXPECT_EQ(result_of(instantiate()), 67);
}

TEST_F(GraphTest, ACloneIsAnother) {
  const CUgraphNode kernel = add_kernel(1);
  CUgraph copy = nullptr;
  CUgraphNode twin = nullptr;
  ASSERT_OK(cuGraphClone(&copy, graph));
  ASSERT_OK(cuGraphNodeFindInClone(&twin, kernel, copy));
  EXPECT_NE(twin, kernel);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGraphNodeFindInClone(&twin, twin, graph));
  ASSERT_OK(cuGraphDestroy(graph));
  graph = copy;
  EXPECT_EQ(result_of(instantiate()), 2);
}

TEST_F(GraphTest, BadHandlesAndParametersAreRefused) {
  CUgraphNode node = nullptr;
  CUDA_KERNEL_NODE_PARAMS params = kernel_params(1);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGraphAddKernelNode(&node, nullptr, nullptr, 0, &params));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGraphAddKernelNode(&node, graph, nullptr, 1, &params));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGraphAddKernelNode(&node, graph, nullptr, 0, nullptr));
  params.blockDimX = 5000;
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGraphAddKernelNode(&node, graph, nullptr, 0, &params));
  CUgraphNode foreign = reinterpret_cast<CUgraphNode>(graph);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGraphAddEmptyNode(&node, graph, &foreign, 1));
  std::size_t count = 9;
  EXPECT_OK(cuGraphGetNodes(graph, nullptr, &count));
  EXPECT_EQ(count, 0u);
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGraphGetNodes(graph, nullptr, nullptr));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGraphCreate(&graph, 1));
  EXPECT_RESULT(CUDA_ERROR_INVALID_VALUE, cuGraphLaunch(nullptr, nullptr));
}

}  // namespace
