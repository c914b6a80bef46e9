// From the JSON of a graph to a graph that can be executed. Every name and number is checked here, once.
#ifndef SCRIPTKIT_GRAPH_READER_HPP
#define SCRIPTKIT_GRAPH_READER_HPP

#include <set>
#include <string>
#include <vector>

#include "graph.hpp"
#include "json.hpp"

namespace scriptkit {

struct GraphFacts {
  std::set<std::string> namespaces;  // told: of operators, allowed besides torch's own
  bool writes_state = false;         // noticed: an operator writes to a parameter, buffer or constant
};

// `is_state`: which inputs of the graph are parameters, buffers or constants of the model.
Graph read_graph(const Json& graph, const std::vector<bool>& is_state, GraphFacts& facts);

}  // namespace scriptkit

#endif
