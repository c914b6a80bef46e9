// Executes a graph: one loop over its nodes, the values in numbered slots.
#ifndef SCRIPTKIT_EXECUTOR_HPP
#define SCRIPTKIT_EXECUTOR_HPP

#include <vector>

#include "graph.hpp"
#include "scriptkit/limits.hpp"

namespace scriptkit {

using Values = std::vector<c10::IValue>;

class Executor {
 public:
  explicit Executor(const Limits& limits) : limits_(limits) {}

  // The outputs of a graph for these inputs. RunError names the operator that failed and its Python line.
  Values run(const Graph& graph, Values inputs) const;

  // The same in memory that is used again by the next round of a loop. Every value is moved out of its slot at its
  // last use, so the slots are empty afterwards.
  struct Frame {
    Values slots, stack;
  };
  Values run(const Graph& graph, Values inputs, Frame& frame) const;

 private:
  void run_node(const Node& node, Values& slots, Values& stack) const;
  void run_operator(const Node& node, Values& slots, Values& stack) const;
  void run_number_function(const Node& node, Values& slots) const;
  void check_sizes(const Node& node, const Values& arguments) const;

  // control_flow.cpp: the results of a node that runs graphs
  Values run_control_flow(const Node& node, Values& slots) const;
  Values run_while_loop(const Node& node, Values operands) const;
  Values run_scan(const Node& node, Values operands) const;
  Values run_map(const Node& node, Values operands) const;
  Values run_with_autocast(const Node& node, Values operands) const;

  Limits limits_;
};

}  // namespace scriptkit

#endif
