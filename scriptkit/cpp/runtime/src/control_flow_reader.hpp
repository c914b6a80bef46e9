// The operators of torch that take graphs: cond, while_loop, scan, map, and regions with another mode.
#ifndef SCRIPTKIT_CONTROL_FLOW_READER_HPP
#define SCRIPTKIT_CONTROL_FLOW_READER_HPP

#include <string>

#include "argument_reader.hpp"
#include "graph_reader.hpp"

namespace scriptkit {

// Fill in the kind, operands, graphs and groups of a node; `name` is that of the operator, such as `cond`.
void read_control_flow(Node& node, const Json& json, const std::string& name, const Names& names, GraphFacts& facts);

}  // namespace scriptkit

#endif
