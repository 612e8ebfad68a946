// Nodes of graphs: adding them by hand, and reading and changing their parameters.
#include "driver/node_work.h"

using namespace vgpu::driver;

namespace {

NodePtr find_node(Driver& driver, CUgraphNode handle, CUgraphNodeType type) {
  auto node = driver.nodes.find(handle);
  require(node && node->type == type);
  return node;
}

// `make` gives the work, once all handles have proved good.
template <typename Make>
CUresult add(CUgraphNode* place, CUgraph hGraph, const CUgraphNode* dependencies, std::size_t count,
             CUgraphNodeType type, Make&& make) {
  return entry([&](Call& call) {
    Driver& driver = call.driver;
    out(place);
    const GraphPtr graph = driver.graphs.find(hGraph);
    require(graph && (count == 0 || dependencies != nullptr));
    std::vector<NodePtr> before;
    for (std::size_t i = 0; i < count; ++i) {
      before.push_back(driver.nodes.find(dependencies[i]));
      require(before.back() && before.back()->graph.lock() == graph);
    }
    Node made;
    made.work = EmptyWork{};
    make(driver, made);
    const NodePtr node = add_node(driver, graph, type, std::move(made.work), std::move(before));
    node->event = std::move(made.event);
    node->child = std::move(made.child);
    *place = node->handle;
  });
}

std::shared_ptr<Event> find_event(Driver& driver, CUevent handle) {
  auto event = driver.events.find(handle);
  require(event != nullptr, CUDA_ERROR_INVALID_HANDLE);
  return event;
}

}  // namespace

CUresult cuGraphAddKernelNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                              size_t numDependencies, const CUDA_KERNEL_NODE_PARAMS* nodeParams) {
  return add(phGraphNode, hGraph, dependencies, numDependencies, CU_GRAPH_NODE_TYPE_KERNEL,
             [&](Driver& driver, Node& node) { node.work = kernel_work(driver, out(nodeParams)); });
}

CUresult cuGraphAddMemcpyNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                              size_t numDependencies, const CUDA_MEMCPY3D* copyParams, CUcontext) {
  return add(phGraphNode, hGraph, dependencies, numDependencies, CU_GRAPH_NODE_TYPE_MEMCPY,
             [&](Driver& driver, Node& node) { node.work = copy_work(driver, out(copyParams)); });
}

CUresult cuGraphAddMemsetNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                              size_t numDependencies, const CUDA_MEMSET_NODE_PARAMS* memsetParams, CUcontext) {
  return add(phGraphNode, hGraph, dependencies, numDependencies, CU_GRAPH_NODE_TYPE_MEMSET,
             [&](Driver& driver, Node& node) { node.work = fill_work(driver, out(memsetParams)); });
}

CUresult cuGraphAddHostNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                            size_t numDependencies, const CUDA_HOST_NODE_PARAMS* nodeParams) {
  return add(phGraphNode, hGraph, dependencies, numDependencies, CU_GRAPH_NODE_TYPE_HOST,
             [&](Driver&, Node& node) { node.work = host_work(out(nodeParams)); });
}

CUresult cuGraphAddEmptyNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                             size_t numDependencies) {
  return add(phGraphNode, hGraph, dependencies, numDependencies, CU_GRAPH_NODE_TYPE_EMPTY, [](Driver&, Node&) {});
}

CUresult cuGraphAddChildGraphNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                                  size_t numDependencies, CUgraph childGraph) {
  return add(phGraphNode, hGraph, dependencies, numDependencies, CU_GRAPH_NODE_TYPE_GRAPH,
             [&](Driver& driver, Node& node) {
               const GraphPtr child = driver.graphs.find(childGraph);
               require(child && childGraph != hGraph);
               node.child = clone(*child, &driver);
             });
}

CUresult cuGraphChildGraphNodeGetGraph(CUgraphNode hNode, CUgraph* phGraph) {
  return entry(
      [&](Call& call) { out(phGraph) = find_node(call.driver, hNode, CU_GRAPH_NODE_TYPE_GRAPH)->child->handle; });
}

CUresult cuGraphAddEventRecordNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                                   size_t numDependencies, CUevent event) {
  return add(phGraphNode, hGraph, dependencies, numDependencies, CU_GRAPH_NODE_TYPE_EVENT_RECORD,
             [&](Driver& driver, Node& node) { node.event = find_event(driver, event); });
}

CUresult cuGraphAddEventWaitNode(CUgraphNode* phGraphNode, CUgraph hGraph, const CUgraphNode* dependencies,
                                 size_t numDependencies, CUevent event) {
  return add(phGraphNode, hGraph, dependencies, numDependencies, CU_GRAPH_NODE_TYPE_WAIT_EVENT,
             [&](Driver& driver, Node& node) { node.event = find_event(driver, event); });
}

// The parameters themselves cannot be given back as pointers: their bytes are copies. They come as a buffer in `extra`.
CUresult cuGraphKernelNodeGetParams(CUgraphNode hNode, CUDA_KERNEL_NODE_PARAMS* nodeParams) {
  return entry([&](Call& call) {
    const NodePtr node = find_node(call.driver, hNode, CU_GRAPH_NODE_TYPE_KERNEL);
    auto& work = std::get<KernelWork>(node->work);
    CUDA_KERNEL_NODE_PARAMS& p = out(nodeParams) = {};
    p.func = work.function->handle;
    p.gridDimX = work.grid.x, p.gridDimY = work.grid.y, p.gridDimZ = work.grid.z;
    p.blockDimX = work.block.x, p.blockDimY = work.block.y, p.blockDimZ = work.block.z;
    p.sharedMemBytes = work.dynamic_shared_bytes;
    node->shown_size = work.parameters.size();
    node->shown = {CU_LAUNCH_PARAM_BUFFER_POINTER, work.parameters.data(), CU_LAUNCH_PARAM_BUFFER_SIZE,
                   &node->shown_size, CU_LAUNCH_PARAM_END};
    p.extra = node->shown.data();
  });
}

CUresult cuGraphKernelNodeSetParams(CUgraphNode hNode, const CUDA_KERNEL_NODE_PARAMS* nodeParams) {
  return entry([&](Call& call) {
    find_node(call.driver, hNode, CU_GRAPH_NODE_TYPE_KERNEL)->work = kernel_work(call.driver, out(nodeParams));
  });
}

CUresult cuGraphMemcpyNodeSetParams(CUgraphNode hNode, const CUDA_MEMCPY3D* nodeParams) {
  return entry([&](Call& call) {
    find_node(call.driver, hNode, CU_GRAPH_NODE_TYPE_MEMCPY)->work = copy_work(call.driver, out(nodeParams));
  });
}

CUresult cuGraphMemsetNodeGetParams(CUgraphNode hNode, CUDA_MEMSET_NODE_PARAMS* nodeParams) {
  return entry([&](Call& call) {
    const auto& work = std::get<FillWork>(find_node(call.driver, hNode, CU_GRAPH_NODE_TYPE_MEMSET)->work);
    out(nodeParams) = {work.address, work.pitch, work.value, work.element_bytes, work.width, work.height};
  });
}

CUresult cuGraphMemsetNodeSetParams(CUgraphNode hNode, const CUDA_MEMSET_NODE_PARAMS* nodeParams) {
  return entry([&](Call& call) {
    find_node(call.driver, hNode, CU_GRAPH_NODE_TYPE_MEMSET)->work = fill_work(call.driver, out(nodeParams));
  });
}

CUresult cuGraphHostNodeGetParams(CUgraphNode hNode, CUDA_HOST_NODE_PARAMS* nodeParams) {
  return entry([&](Call& call) {
    const auto& work = std::get<HostWork>(find_node(call.driver, hNode, CU_GRAPH_NODE_TYPE_HOST)->work);
    out(nodeParams) = {work.function, work.data};
  });
}

CUresult cuGraphHostNodeSetParams(CUgraphNode hNode, const CUDA_HOST_NODE_PARAMS* nodeParams) {
  return entry(
      [&](Call& call) { find_node(call.driver, hNode, CU_GRAPH_NODE_TYPE_HOST)->work = host_work(out(nodeParams)); });
}
