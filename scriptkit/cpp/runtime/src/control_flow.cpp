// cond, while_loop, scan and map, as torch runs them without a compiler.
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/stack.h>

#include "codes.hpp"
#include "executor.hpp"
#include "number_functions.hpp"
#include "scriptkit/errors.hpp"
#include "slots.hpp"

namespace scriptkit {
namespace {

Values joined(const Values& first, const Values& second) {
  Values all = first;
  all.insert(all.end(), second.begin(), second.end());
  return all;
}

Values slice(const Values& values, std::size_t from, std::size_t count) {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(from);
  return Values(begin, begin + static_cast<std::ptrdiff_t>(count));
}

std::int64_t common_length(const Values& sequences) {
  const std::int64_t length = sequences.at(0).toTensor().dim() > 0 ? sequences[0].toTensor().size(0) : 0;
  for (const c10::IValue& sequence : sequences)
    if (sequence.toTensor().dim() == 0 || sequence.toTensor().size(0) != length)
      throw RunError("sequences of other lengths");
  if (length == 0) throw RunError("a sequence of length 0: what its steps would give is not known");
  return length;
}

Values step_of(const Values& sequences, std::int64_t step) {
  Values items;
  for (const c10::IValue& sequence : sequences) items.emplace_back(sequence.toTensor().select(0, step));
  return items;
}

// Let go of what nobody reads.
void drop_unread(const Node& node, Values& values) {
  for (std::size_t k = 0; k < values.size(); ++k)
    if (node.results[k] == kUnused) values[k] = {};
}

// One tensor of each column; the rows of one are let go of before the next is made.
Values stacked(std::vector<std::vector<at::Tensor>> columns) {
  Values results;
  for (std::vector<at::Tensor>& column : columns) {
    const std::vector<at::Tensor> rows = std::move(column);
    results.emplace_back(at::stack(rows, 0));
  }
  return results;
}

// Set for a region, and as before at its end, also when something is thrown.
class AutocastRegion {
 public:
  AutocastRegion(c10::DeviceType device, std::optional<at::ScalarType> dtype, bool enabled)
      : device_(device),
        was_enabled_(at::autocast::is_autocast_enabled(device)),
        had_(at::autocast::get_autocast_dtype(device)) {
    if (dtype) at::autocast::set_autocast_dtype(device, *dtype);
    at::autocast::set_autocast_enabled(device, enabled);
    at::autocast::increment_nesting();
  }
  AutocastRegion(const AutocastRegion&) = delete;
  AutocastRegion& operator=(const AutocastRegion&) = delete;
  ~AutocastRegion() {
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, was_enabled_);
    at::autocast::set_autocast_dtype(device_, had_);
  }

 private:
  c10::DeviceType device_;
  bool was_enabled_;
  at::ScalarType had_;
};

}  // namespace

Values Executor::run_control_flow(const Node& node, Values& slots) const {
  Values operands;
  operands.reserve(node.operands.size());
  for (const Operand& operand : node.operands) operands.push_back(fetched(operand, slots));
  switch (node.kind) {
    case Node::Kind::Cond: {
      const Graph& branch = *node.graphs[is_true(operands[0]) ? 0 : 1];
      operands.erase(operands.begin());
      return run(branch, std::move(operands));
    }
    case Node::Kind::WhileLoop: return run_while_loop(node, std::move(operands));
    case Node::Kind::Scan: return run_scan(node, std::move(operands));
    case Node::Kind::Map: return run_map(node, std::move(operands));
    case Node::Kind::WithGrad: {
      at::AutoGradMode mode(operands[0].toBool());
      operands.erase(operands.begin());
      return run(*node.graphs[0], std::move(operands));
    }
    default: return run_with_autocast(node, std::move(operands));
  }
}

Values Executor::run_while_loop(const Node& node, Values operands) const {
  Values carried = slice(operands, 0, node.groups[0]);
  const Values more = slice(operands, node.groups[0], node.groups[1]);
  operands.clear();
  Frame condition, body;
  for (std::int64_t round = 0; is_true(run(*node.graphs[0], joined(carried, more), condition).at(0)); ++round) {
    if (round >= limits_.loop_rounds) throw RunError("a loop of more rounds than Limits::loop_rounds allows");
    Values inputs = std::move(carried);
    inputs.insert(inputs.end(), more.begin(), more.end());
    carried = run(*node.graphs[1], std::move(inputs), body);
  }
  return carried;
}

Values Executor::run_scan(const Node& node, Values operands) const {
  const std::size_t carries = node.groups[0];
  Values carried = slice(operands, 0, carries);
  const Values sequences = slice(operands, carries, node.groups[1]);
  const Values more = slice(operands, carries + node.groups[1], node.groups[2]);
  operands.clear();
  const std::int64_t length = common_length(sequences);
  std::vector<std::vector<at::Tensor>> columns(node.graphs[0]->outputs.size() - carries);
  Frame frame;
  for (std::int64_t step = 0; step < length; ++step) {
    Values inputs = std::move(carried);
    inputs.reserve(node.graphs[0]->inputs.size());
    for (const c10::IValue& sequence : sequences) inputs.emplace_back(sequence.toTensor().select(0, step));
    inputs.insert(inputs.end(), more.begin(), more.end());
    Values made = run(*node.graphs[0], std::move(inputs), frame);
    for (std::size_t k = carries; k < made.size(); ++k) columns[k - carries].push_back(made[k].toTensor());
    made.resize(carries);
    carried = std::move(made);
  }
  drop_unread(node, carried);  // the stack below is the most that is in use at once
  return joined(carried, stacked(std::move(columns)));
}

Values Executor::run_map(const Node& node, Values operands) const {
  const Values sequences = slice(operands, 0, node.groups[0]);
  const Values more = slice(operands, node.groups[0], node.groups[1]);
  const std::int64_t length = common_length(sequences);
  std::vector<std::vector<at::Tensor>> columns(node.graphs[0]->outputs.size());
  Frame frame;
  for (std::int64_t step = 0; step < length; ++step) {
    Values made = run(*node.graphs[0], joined(step_of(sequences, step), more), frame);
    for (std::size_t k = 0; k < made.size(); ++k) columns[k].push_back(made[k].toTensor());
  }
  return stacked(std::move(columns));
}

Values Executor::run_with_autocast(const Node& node, Values operands) const {
  const c10::DeviceType device = checked_device(operands[0].toStringRef()).type();
  std::optional<at::ScalarType> dtype;
  if (operands[1].isInt()) dtype = static_cast<at::ScalarType>(operands[1].toInt());
  AutocastRegion region(device, dtype, operands[2].toBool());
  operands.erase(operands.begin(), operands.begin() + 4);
  return run(*node.graphs[0], std::move(operands));
}

}  // namespace scriptkit
