// Graphs themselves, apart from the calls: see graph.h.
#include "driver/graph.h"

#include <algorithm>
#include <unordered_map>

#include "driver/driver.h"

namespace vgpu::driver {

CUgraphNodeType node_type(const Work& work) {
  if (std::holds_alternative<KernelWork>(work)) return CU_GRAPH_NODE_TYPE_KERNEL;
  if (std::holds_alternative<CopyWork>(work)) return CU_GRAPH_NODE_TYPE_MEMCPY;
  if (std::holds_alternative<FillWork>(work)) return CU_GRAPH_NODE_TYPE_MEMSET;
  if (std::holds_alternative<HostWork>(work)) return CU_GRAPH_NODE_TYPE_HOST;
  return CU_GRAPH_NODE_TYPE_EMPTY;
}

Graph::~Graph() {
  for (const NodePtr& node : nodes) node->dependencies.clear();
}

GraphPtr make_graph(Driver& driver) {
  auto graph = std::make_shared<Graph>();
  graph->handle = driver.graphs.add(graph);
  return graph;
}

NodePtr add_node(Driver& driver, const GraphPtr& graph, CUgraphNodeType type, Work work,
                 std::vector<NodePtr> dependencies) {
  auto node = std::make_shared<Node>();
  node->type = type;
  node->work = std::move(work);
  node->dependencies = std::move(dependencies);
  node->graph = graph;
  graph->nodes.push_back(node);
  node->handle = driver.nodes.add(node);
  return node;
}

std::vector<NodePtr> in_order(const Graph& graph) {
  std::unordered_map<const Node*, std::size_t> unmet;
  std::unordered_map<const Node*, std::vector<NodePtr>> dependents;
  std::vector<NodePtr> ordered;
  for (const NodePtr& node : graph.nodes) {
    unmet[node.get()] = node->dependencies.size();
    for (const NodePtr& dependency : node->dependencies) dependents[dependency.get()].push_back(node);
    if (node->dependencies.empty()) ordered.push_back(node);
  }
  for (std::size_t i = 0; i < ordered.size(); ++i)
    for (const NodePtr& dependent : dependents[ordered[i].get()])
      if (--unmet[dependent.get()] == 0) ordered.push_back(dependent);
  require(ordered.size() == graph.nodes.size());
  return ordered;
}

GraphPtr clone(const Graph& graph, Driver* driver) {
  auto copy = std::make_shared<Graph>();
  std::unordered_map<const Node*, NodePtr> copies;
  for (const NodePtr& node : in_order(graph)) {
    auto twin = std::make_shared<Node>(*node);
    twin->original = node;
    twin->graph = copy;
    if (node->child) twin->child = clone(*node->child, driver);
    for (NodePtr& dependency : twin->dependencies) dependency = copies.at(dependency.get());
    if (driver != nullptr) twin->handle = driver->nodes.add(twin);
    copies.emplace(node.get(), twin);
    copy->nodes.push_back(twin);
  }
  if (driver != nullptr) copy->handle = driver->graphs.add(copy);
  return copy;
}

void destroy(Driver& driver, const GraphPtr& graph) {
  for (const NodePtr& node : graph->nodes) {
    driver.nodes.remove(node->handle);
    if (node->child) destroy(driver, node->child);
  }
  driver.graphs.remove(graph->handle);
}

namespace {

// What a later operation must wait for so that the whole graph is done.
std::vector<OperationPtr> expand(Driver& driver, const Graph& graph, const std::shared_ptr<Context>& context,
                                 const std::vector<OperationPtr>& before) {
  std::unordered_map<const Node*, std::vector<OperationPtr>> ends;
  std::vector<OperationPtr> all;
  for (const NodePtr& node : graph.nodes) {
    std::vector<OperationPtr> waits;
    for (const NodePtr& dependency : node->dependencies) {
      const auto& end = ends[dependency.get()];
      waits.insert(waits.end(), end.begin(), end.end());
    }
    if (node->dependencies.empty()) waits = before;
    if (node->child) {
      ends[node.get()] = expand(driver, *node->child, context, waits);
      if (node->child->nodes.empty()) ends[node.get()] = waits;
    } else {
      if (node->type == CU_GRAPH_NODE_TYPE_WAIT_EVENT) waits.push_back(node->event->recorded);
      const OperationPtr operation = driver.scheduler.add(context, node->work, waits);
      if (node->type == CU_GRAPH_NODE_TYPE_EVENT_RECORD) {
        node->event->recorded = operation;
        node->event->was_captured = false;
      }
      ends[node.get()] = {operation};
    }
    all.insert(all.end(), ends[node.get()].begin(), ends[node.get()].end());
  }
  return all;
}

}  // namespace

void launch(Driver& driver, ExecutableGraph& executable, Stream& stream) {
  std::vector<OperationPtr> before = driver.predecessors(stream);
  before.push_back(executable.last);
  std::vector<OperationPtr> after = expand(driver, *executable.graph, stream.context, before);
  after.insert(after.end(), before.begin(), before.end());
  executable.last = driver.enqueue(stream, EmptyWork{}, after);
}

}  // namespace vgpu::driver
