// Executable graphs: instantiating, launching, changing.
#include <algorithm>
#include <unordered_map>

#include "driver/capture.h"
#include "driver/node_work.h"

using namespace vgpu::driver;

namespace {

std::shared_ptr<ExecutableGraph> find_executable(Driver& driver, CUgraphExec handle) {
  auto executable = driver.executables.find(handle);
  require(executable != nullptr);
  return executable;
}

void instantiate(Driver& driver, CUgraphExec* place, CUgraph hGraph, cuuint64_t flags) {
  out(place);
  require((flags & ~cuuint64_t{CUDA_GRAPH_INSTANTIATE_FLAG_AUTO_FREE_ON_LAUNCH | CUDA_GRAPH_INSTANTIATE_FLAG_UPLOAD |
                               CUDA_GRAPH_INSTANTIATE_FLAG_USE_NODE_PRIORITY}) == 0,
          CUDA_ERROR_NOT_SUPPORTED);
  const auto context = driver.healthy_context();
  const GraphPtr graph = driver.graphs.find(hGraph);
  require(graph != nullptr);
  auto executable = std::make_shared<ExecutableGraph>();
  executable->context = context;
  executable->flags = flags;
  executable->graph = clone(*graph, nullptr);
  *place = executable->handle = driver.executables.add(executable);
}

// The copy in an executable graph of a node of the graph that it was made from.
NodePtr twin(Driver& driver, CUgraphExec hGraphExec, CUgraphNode hNode, CUgraphNodeType type) {
  const auto executable = find_executable(driver, hGraphExec);
  const NodePtr original = driver.nodes.find(hNode);
  require(original && original->type == type);
  const auto& nodes = executable->graph->nodes;
  const auto found = std::ranges::find_if(nodes, [&](const auto& node) { return node->original.lock() == original; });
  require(found != nodes.end());
  return *found;
}

// Whether two graphs differ only in the parameters of their nodes; where not, at which node of `now`.
CUgraphExecUpdateResult compare(const Graph& before, const std::vector<NodePtr>& now, NodePtr& at) {
  if (before.nodes.size() != now.size()) return CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
  std::unordered_map<const Node*, std::size_t> before_index, now_index;
  for (std::size_t i = 0; i < now.size(); ++i) {
    at = now[i];
    before_index[before.nodes[i].get()] = now_index[now[i].get()] = i;
    if (before.nodes[i]->type != now[i]->type) return CU_GRAPH_EXEC_UPDATE_ERROR_NODE_TYPE_CHANGED;
    std::vector<std::size_t> before_edges, now_edges;
    for (const auto& dependency : before.nodes[i]->dependencies)
      before_edges.push_back(before_index.at(dependency.get()));
    for (const auto& dependency : now[i]->dependencies) now_edges.push_back(now_index.at(dependency.get()));
    std::ranges::sort(before_edges);
    std::ranges::sort(now_edges);
    if (before_edges != now_edges) return CU_GRAPH_EXEC_UPDATE_ERROR_TOPOLOGY_CHANGED;
    if (now[i]->child) return CU_GRAPH_EXEC_UPDATE_ERROR_NOT_SUPPORTED;
  }
  at = nullptr;
  return CU_GRAPH_EXEC_UPDATE_SUCCESS;
}

}  // namespace

CUresult cuGraphInstantiateWithFlags(CUgraphExec* phGraphExec, CUgraph hGraph, unsigned long long flags) {
  return entry([&](Call& call) { instantiate(call.driver, phGraphExec, hGraph, flags); });
}

CUresult cuGraphInstantiateWithParams(CUgraphExec* phGraphExec, CUgraph hGraph,
                                      CUDA_GRAPH_INSTANTIATE_PARAMS* instantiateParams) {
  return entry([&](Call& call) {
    CUDA_GRAPH_INSTANTIATE_PARAMS& params = out(instantiateParams);
    params.hErrNode_out = nullptr;
    params.result_out = CUDA_GRAPH_INSTANTIATE_ERROR;
    instantiate(call.driver, phGraphExec, hGraph, params.flags);
    params.result_out = CUDA_GRAPH_INSTANTIATE_SUCCESS;
  });
}

CUresult cuGraphExecGetFlags(CUgraphExec hGraphExec, cuuint64_t* flags) {
  return entry([&](Call& call) { out(flags) = find_executable(call.driver, hGraphExec)->flags; });
}

// There is nothing to prepare; the handles are checked.
CUresult cuGraphUpload(CUgraphExec hGraphExec, CUstream hStream) {
  return entry([&](Call& call) {
    find_executable(call.driver, hGraphExec);
    call.driver.stream(hStream);
  });
}

CUresult cuGraphLaunch(CUgraphExec hGraphExec, CUstream hStream) {
  return entry([&](Call& call) {
    Driver& driver = call.driver;
    const auto executable = find_executable(driver, hGraphExec);
    const auto stream = driver.stream(hStream);
    forbid_implicit_capture(driver, *stream);
    if (!stream->capture) {
      launch(driver, *executable, *stream);
      return;
    }
    // In a capture the launch becomes a child of the graph.
    require(!stream->capture->invalidated, CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    const NodePtr node =
        add_node(driver, stream->capture->graph, CU_GRAPH_NODE_TYPE_GRAPH, EmptyWork{}, stream->capture_tail);
    node->child = clone(*executable->graph, &driver);
    stream->capture_tail = {node};
  });
}

CUresult cuGraphExecDestroy(CUgraphExec hGraphExec) {
  return entry([&](Call& call) {
    find_executable(call.driver, hGraphExec);
    call.driver.executables.remove(hGraphExec);  // launches that are queued go on
  });
}

CUresult cuGraphExecUpdate(CUgraphExec hGraphExec, CUgraph hGraph, CUgraphExecUpdateResultInfo* resultInfo) {
  return entry([&](Call& call) {
    const auto executable = find_executable(call.driver, hGraphExec);
    const GraphPtr graph = call.driver.graphs.find(hGraph);
    require(graph != nullptr);
    const std::vector<NodePtr> nodes = in_order(*graph);
    NodePtr at;
    const CUgraphExecUpdateResult result = compare(*executable->graph, nodes, at);
    out(resultInfo) = {};
    resultInfo->result = result;
    resultInfo->errorNode = at ? at->handle : nullptr;
    require(result == CU_GRAPH_EXEC_UPDATE_SUCCESS, CUDA_ERROR_GRAPH_EXEC_UPDATE_FAILURE);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      executable->graph->nodes[i]->work = nodes[i]->work;
      executable->graph->nodes[i]->event = nodes[i]->event;
    }
  });
}

CUresult cuGraphExecKernelNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode,
                                        const CUDA_KERNEL_NODE_PARAMS* nodeParams) {
  return entry([&](Call& call) {
    const NodePtr node = twin(call.driver, hGraphExec, hNode, CU_GRAPH_NODE_TYPE_KERNEL);
    node->work = kernel_work(call.driver, out(nodeParams));
  });
}

CUresult cuGraphExecMemcpyNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode, const CUDA_MEMCPY3D* copyParams,
                                        CUcontext) {
  return entry([&](Call& call) {
    const NodePtr node = twin(call.driver, hGraphExec, hNode, CU_GRAPH_NODE_TYPE_MEMCPY);
    node->work = copy_work(call.driver, out(copyParams));
  });
}

CUresult cuGraphExecMemsetNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode,
                                        const CUDA_MEMSET_NODE_PARAMS* memsetParams, CUcontext) {
  return entry([&](Call& call) {
    const NodePtr node = twin(call.driver, hGraphExec, hNode, CU_GRAPH_NODE_TYPE_MEMSET);
    node->work = fill_work(call.driver, out(memsetParams));
  });
}

CUresult cuGraphExecHostNodeSetParams(CUgraphExec hGraphExec, CUgraphNode hNode,
                                      const CUDA_HOST_NODE_PARAMS* nodeParams) {
  return entry([&](Call& call) {
    const NodePtr node = twin(call.driver, hGraphExec, hNode, CU_GRAPH_NODE_TYPE_HOST);
    node->work = host_work(out(nodeParams));
  });
}
