// Graphs: work with dependencies, built by capture or by hand, and launched as often as wanted.
#pragma once

#include <memory>
#include <vector>

#include "driver/objects.h"
#include "driver/work.h"

namespace vgpu::driver {

struct Graph;

struct Node {
  CUgraphNode handle = nullptr;
  CUgraphNodeType type = CU_GRAPH_NODE_TYPE_EMPTY;
  Work work;
  std::shared_ptr<Event> event;  // of an event node
  std::shared_ptr<Graph> child;  // of a child graph node
  std::vector<std::shared_ptr<Node>> dependencies;
  std::weak_ptr<Graph> graph;
  std::weak_ptr<Node> original;  // what this was cloned from
  std::size_t shown_size = 0;    // what cuGraphKernelNodeGetParams points to
  std::vector<void*> shown;
};
using NodePtr = std::shared_ptr<Node>;

struct Graph {
  ~Graph();  // unlinks the nodes, so that a long chain does not end in a deep recursion

  CUgraph handle = nullptr;  // null in an executable graph
  std::vector<NodePtr> nodes;
};
using GraphPtr = std::shared_ptr<Graph>;

struct ExecutableGraph {
  CUgraphExec handle = nullptr;
  std::shared_ptr<Context> context;
  cuuint64_t flags = 0;
  GraphPtr graph;     // a copy, its nodes in an order that keeps to the dependencies
  OperationPtr last;  // a launch waits for the one before
};

class Driver;

GraphPtr make_graph(Driver& driver);
NodePtr add_node(Driver& driver, const GraphPtr& graph, CUgraphNodeType type, Work work,
                 std::vector<NodePtr> dependencies);
CUgraphNodeType node_type(const Work& work);

// Nodes with every one behind those that it depends on. Fails with INVALID_VALUE if they go round in a circle.
std::vector<NodePtr> in_order(const Graph& graph);

// A copy with the same edges; the copies of the nodes have handles of their own if `driver` is given.
GraphPtr clone(const Graph& graph, Driver* driver);

// Ends a graph and its nodes.
void destroy(Driver& driver, const GraphPtr& graph);

// Queues all nodes behind the stream's work; the stream goes on when all are done.
void launch(Driver& driver, ExecutableGraph& executable, Stream& stream);

}  // namespace vgpu::driver
