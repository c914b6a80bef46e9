#include "executor.hpp"

#include <ATen/core/Tensor.h>

#include "number_functions.hpp"
#include "out_operators.hpp"
#include "scriptkit/errors.hpp"
#include "slots.hpp"

namespace scriptkit {
namespace {

std::string without_backtrace(const std::exception& error) {
  const auto* of_torch = dynamic_cast<const c10::Error*>(&error);
  return of_torch ? of_torch->what_without_backtrace() : error.what();
}

// The text of an error with the place in the model, once: the innermost graph knows it best.
[[noreturn]] void raise_from(const Node& node, const std::exception& error) {
  if (dynamic_cast<const RunError*>(&error) && std::string(error.what()).find("\n  in ") != std::string::npos) throw;
  std::string text = without_backtrace(error) + "\n  in " + node.name;
  if (!node.where.empty()) text += "\n" + node.where;
  throw RunError(text);
}

}  // namespace

Values Executor::run(const Graph& graph, Values inputs) const {
  Frame frame;
  return run(graph, std::move(inputs), frame);
}

Values Executor::run(const Graph& graph, Values inputs, Frame& frame) const {
  if (inputs.size() != graph.inputs.size()) throw RunError("a graph takes another number of values");
  Values& slots = frame.slots;
  slots.resize(graph.slots);
  for (std::size_t k = 0; k < inputs.size(); ++k) keep(graph.inputs[k], std::move(inputs[k]), slots);
  const Node* node = nullptr;
  try {
    for (const Node& next : graph.nodes) {
      node = &next;
      run_node(next, slots, frame.stack);
    }
  } catch (const std::exception& error) {
    raise_from(*node, error);
  }
  inputs.clear();
  inputs.reserve(graph.outputs.size());
  for (const Operand& output : graph.outputs) inputs.push_back(fetched(output, slots));
  return inputs;
}

void Executor::run_node(const Node& node, Values& slots, Values& stack) const {
  switch (node.kind) {
    case Node::Kind::Operator: return run_operator(node, slots, stack);
    case Node::Kind::Number: return run_number_function(node, slots);
    case Node::Kind::Size: {
      const c10::IValue tensor = fetched(node.operands[0], slots);
      return keep(node.results[0], tensor.toTensor().size(node.operands[1].constant.toInt()), slots);
    }
    default: break;
  }
  Values results = run_control_flow(node, slots);
  for (std::size_t k = 0; k < node.results.size(); ++k) keep(node.results[k], std::move(results[k]), slots);
}

void Executor::run_operator(const Node& node, Values& slots, Values& stack) const {
  stack.clear();
  for (const Operand& operand : node.operands) stack.push_back(fetched(operand, slots));
  if (node.checks_sizes) check_sizes(node, stack);
  if (node.returning)
    call_with_out(node, stack);
  else
    node.op->callBoxed(&stack);
  if (stack.size() < node.result_list.size()) throw RunError("the operator gives fewer results than the file reads");
  std::size_t at = 0;
  for (std::size_t k = 0; k < node.result_list.size(); ++k) {
    const std::int32_t listed = node.result_list[k];
    if (listed < 0) {
      keep(node.results[at++], std::move(stack[k]), slots);
      continue;
    }
    const auto items = stack[k].toListRef();
    if (items.size() < static_cast<std::size_t>(listed))
      throw RunError("the operator gives a shorter list than the file reads");
    for (std::int32_t item = 0; item < listed; ++item)
      keep(node.results[at++], items[static_cast<std::size_t>(item)], slots);
  }
  stack.clear();
}

void Executor::run_number_function(const Node& node, Values& slots) const {
  Values operands;
  for (const Operand& operand : node.operands) operands.push_back(fetched(operand, slots));
  keep(node.results[0], computed(node.function, operands), slots);
}

void Executor::check_sizes(const Node& node, const Values& arguments) const {
  const auto& schema = node.op->schema().arguments();
  for (std::size_t k = 0; k < schema.size(); ++k) {
    if ((schema[k].name() != "size" && schema[k].name() != "repeats") || !arguments[k].isIntList()) continue;
    double elements =
        arguments[0].isTensor() && schema[k].name() == "repeats" ? double(arguments[0].toTensor().numel()) : 1;
    for (const c10::IValue& size : arguments[k].toListRef()) elements *= static_cast<double>(size.toInt());
    if (elements > static_cast<double>(limits_.elements_made))
      throw RunError("a tensor of " + std::to_string(elements) + " elements, more than Limits::elements_made allows");
  }
}

}  // namespace scriptkit
