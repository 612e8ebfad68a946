// Graphs: making, asking, linking and copying them.
#include <algorithm>

#include "driver/capture.h"
#include "driver/driver.h"

using namespace vgpu::driver;

namespace {

GraphPtr find_graph(Driver& driver, CUgraph handle) {
  auto graph = driver.graphs.find(handle);
  require(graph != nullptr);
  return graph;
}

NodePtr find_node(Driver& driver, CUgraphNode handle) {
  auto node = driver.nodes.find(handle);
  require(node != nullptr);
  return node;
}

// The protocol of all lists: without an array the count is asked; with one, at most that many are given, the rest of
// the array is set to null, and the count says how many there were.
template <typename Give>
void give_list(std::size_t found, std::size_t* count, bool wants_items, Give&& give) {
  out(count);
  if (wants_items) {
    for (std::size_t i = 0; i < *count; ++i) give(i, i < found);
    *count = std::min(*count, found);
  } else {
    *count = found;
  }
}

void give_nodes(const std::vector<NodePtr>& found, CUgraphNode* nodes, std::size_t* count) {
  give_list(found.size(), count, nodes != nullptr,
            [&](std::size_t i, bool exists) { nodes[i] = exists ? found[i]->handle : nullptr; });
}

struct Edge {
  NodePtr from, to;
};

template <typename Change>
CUresult change_edges(CUgraph hGraph, const CUgraphNode* from, const CUgraphNode* to, std::size_t count,
                      Change&& change) {
  return entry([&](Call& call) {
    const GraphPtr graph = find_graph(call.driver, hGraph);
    require(count == 0 || (from != nullptr && to != nullptr));
    std::vector<Edge> edges;
    for (std::size_t i = 0; i < count; ++i) {
      edges.push_back({find_node(call.driver, from[i]), find_node(call.driver, to[i])});
      require(edges.back().from->graph.lock() == graph && edges.back().to->graph.lock() == graph);
    }
    for (const Edge& edge : edges) change(edge, std::ranges::find(edge.to->dependencies, edge.from));
  });
}

}  // namespace

CUresult cuGraphCreate(CUgraph* phGraph, unsigned int flags) {
  return entry([&](Call& call) {
    require(flags == 0);
    out(phGraph);
    *phGraph = make_graph(call.driver)->handle;
  });
}

CUresult cuGraphDestroy(CUgraph hGraph) {
  return entry([&](Call& call) { destroy(call.driver, find_graph(call.driver, hGraph)); });
}

CUresult cuGraphClone(CUgraph* phGraphClone, CUgraph originalGraph) {
  return entry([&](Call& call) {
    out(phGraphClone);
    *phGraphClone = clone(*find_graph(call.driver, originalGraph), &call.driver)->handle;
  });
}

CUresult cuGraphNodeFindInClone(CUgraphNode* phNode, CUgraphNode hOriginalNode, CUgraph hClonedGraph) {
  return entry([&](Call& call) {
    out(phNode);
    const NodePtr original = find_node(call.driver, hOriginalNode);
    const GraphPtr graph = find_graph(call.driver, hClonedGraph);
    const auto twin = std::ranges::find_if(graph->nodes, [&](const auto& n) { return n->original.lock() == original; });
    require(twin != graph->nodes.end());
    *phNode = (*twin)->handle;
  });
}

CUresult cuGraphNodeGetType(CUgraphNode hNode, CUgraphNodeType* type) {
  return entry([&](Call& call) { out(type) = find_node(call.driver, hNode)->type; });
}

CUresult cuGraphGetNodes(CUgraph hGraph, CUgraphNode* nodes, size_t* numNodes) {
  return entry([&](Call& call) { give_nodes(find_graph(call.driver, hGraph)->nodes, nodes, numNodes); });
}

CUresult cuGraphGetRootNodes(CUgraph hGraph, CUgraphNode* rootNodes, size_t* numRootNodes) {
  return entry([&](Call& call) {
    std::vector<NodePtr> roots;
    for (const NodePtr& node : find_graph(call.driver, hGraph)->nodes)
      if (node->dependencies.empty()) roots.push_back(node);
    give_nodes(roots, rootNodes, numRootNodes);
  });
}

CUresult cuGraphGetEdges(CUgraph hGraph, CUgraphNode* from, CUgraphNode* to, size_t* numEdges) {
  return entry([&](Call& call) {
    require((from == nullptr) == (to == nullptr));
    std::vector<Edge> edges;
    for (const NodePtr& node : find_graph(call.driver, hGraph)->nodes)
      for (const NodePtr& dependency : node->dependencies) edges.push_back({dependency, node});
    give_list(edges.size(), numEdges, from != nullptr, [&](std::size_t i, bool exists) {
      from[i] = exists ? edges[i].from->handle : nullptr;
      to[i] = exists ? edges[i].to->handle : nullptr;
    });
  });
}

CUresult cuGraphNodeGetDependencies(CUgraphNode hNode, CUgraphNode* dependencies, size_t* numDependencies) {
  return entry(
      [&](Call& call) { give_nodes(find_node(call.driver, hNode)->dependencies, dependencies, numDependencies); });
}

CUresult cuGraphNodeGetDependentNodes(CUgraphNode hNode, CUgraphNode* dependentNodes, size_t* numDependentNodes) {
  return entry([&](Call& call) {
    const NodePtr node = find_node(call.driver, hNode);
    std::vector<NodePtr> dependents;
    for (const NodePtr& other : node->graph.lock()->nodes)
      if (std::ranges::find(other->dependencies, node) != other->dependencies.end()) dependents.push_back(other);
    give_nodes(dependents, dependentNodes, numDependentNodes);
  });
}

CUresult cuGraphAddDependencies(CUgraph hGraph, const CUgraphNode* from, const CUgraphNode* to,
                                size_t numDependencies) {
  return change_edges(hGraph, from, to, numDependencies, [](const Edge& edge, auto existing) {
    require(existing == edge.to->dependencies.end() && edge.from != edge.to);
    edge.to->dependencies.push_back(edge.from);
  });
}

CUresult cuGraphRemoveDependencies(CUgraph hGraph, const CUgraphNode* from, const CUgraphNode* to,
                                   size_t numDependencies) {
  return change_edges(hGraph, from, to, numDependencies, [](const Edge& edge, auto existing) {
    require(existing != edge.to->dependencies.end());
    edge.to->dependencies.erase(existing);
  });
}

CUresult cuGraphDestroyNode(CUgraphNode hNode) {
  return entry([&](Call& call) {
    const NodePtr node = find_node(call.driver, hNode);
    const GraphPtr graph = node->graph.lock();
    for (const NodePtr& other : graph->nodes) std::erase(other->dependencies, node);
    std::erase(graph->nodes, node);
    call.driver.nodes.remove(hNode);
  });
}
