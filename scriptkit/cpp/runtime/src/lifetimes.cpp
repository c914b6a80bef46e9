#include "lifetimes.hpp"

namespace scriptkit {
namespace {

// From the last use to the first: a value not yet seen is used for the last time.
void mark(Operand& operand, std::vector<bool>& is_needed) {
  for (std::size_t k = operand.items.size(); k-- > 0;) mark(operand.items[k], is_needed);
  if (operand.kind != Operand::Kind::Slot || is_needed[operand.slot]) return;
  is_needed[operand.slot] = true;
  operand.kind = Operand::Kind::LastUse;
}

}  // namespace

void mark_lifetimes(Graph& graph) {
  std::vector<bool> is_needed(graph.slots, false);
  for (std::size_t k = graph.outputs.size(); k-- > 0;) mark(graph.outputs[k], is_needed);
  for (std::size_t k = graph.nodes.size(); k-- > 0;) {
    Node& node = graph.nodes[k];
    for (std::int32_t& result : node.results)
      if (result != kUnused && !is_needed[static_cast<std::size_t>(result)]) result = kUnused;
    for (std::size_t j = node.operands.size(); j-- > 0;) mark(node.operands[j], is_needed);
  }
  for (std::int32_t& input : graph.inputs)
    if (input != kUnused && !is_needed[static_cast<std::size_t>(input)]) input = kUnused;
}

}  // namespace scriptkit
