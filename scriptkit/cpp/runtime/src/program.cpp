#include "program.hpp"

#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "codes.hpp"
#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

constexpr std::int64_t kSchemaMajor = 8;

void check_version(const Json& json) {
  const std::int64_t major = json.at("schema_version").at("major").integer();
  if (major != kSchemaMajor)
    throw FileError("the file has version " + std::to_string(major) + " of the schema of torch.export; this program reads version " +
                    std::to_string(kSchemaMajor) + ". Export it again with a torch that writes that version");
}

c10::IValue as_graph_takes_it(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::Tensor: return value.tensor();
    case Value::Kind::Bool: return value.boolean();
    case Value::Kind::Int: return value.integer();
    case Value::Kind::Float: return value.number();
    case Value::Kind::Text: return value.text();
    default: return {};
  }
}

Value value_of(const c10::IValue& value) {
  if (value.isTensor()) return value.toTensor();
  if (value.isBool()) return value.toBool();
  if (value.isInt()) return value.toInt();
  if (value.isDouble()) return value.toDouble();
  if (value.isString()) return value.toStringRef();
  if (value.isNone()) return {};
  throw RunError("the program gives a value this program has no kind for: " + value.tagKind());
}

void move_constants(Operand& operand, c10::Device from, c10::Device to) {
  const bool names_it = operand.kind == Operand::Kind::Constant && operand.constant.isDevice();
  if (names_it && operand.constant.toDevice().type() == from.type()) operand.constant = to;
  if (operand.kind == Operand::Kind::Constant && operand.constant.isTensor()) {
    const at::Tensor& tensor = operand.constant.toTensor();
    if (!tensor.unsafeGetTensorImpl()->is_wrapped_number()) operand.constant = tensor.to(to);
  }
  for (Operand& item : operand.items) move_constants(item, from, to);
}

void move_constants(Graph& graph, c10::Device from, c10::Device to) {
  for (Node& node : graph.nodes) {
    for (Operand& operand : node.operands) move_constants(operand, from, to);
    for (auto& inner : node.graphs) move_constants(*inner, from, to);
  }
}

}  // namespace

Program::Program(const std::string& name, const Json& json, const Json* described, TensorStore::Names tensors,
                 std::set<std::string> namespaces, const Limits& limits)
    : name_(name), limits_(limits), tensors_(std::move(tensors)) {
  check_version(json);
  const Json& graph_module = json.at("graph_module");
  const Json& signature = graph_module.at("signature");
  const std::vector<bool> is_state = read_input_specs(signature.at("input_specs"), graph_module.at("graph"));
  read_output_specs(signature.at("output_specs"));
  GraphFacts facts;
  facts.namespaces = std::move(namespaces);
  graph_ = read_graph(graph_module.at("graph"), is_state, facts);
  if (graph_.inputs.size() != is_state.size()) throw FileError("the file is damaged: its graph has other inputs than its signature");
  if (graph_.outputs.size() != outputs_.size()) throw FileError("the file is damaged: its graph has other outputs than its signature");
  const auto writes = [](const Written& written) { return written.to == Written::To::State; };
  writes_state_ = facts.writes_state || std::any_of(outputs_.begin(), outputs_.end(), writes);
  if (described) {
    read_manifest(*described);
  } else {
    read_call(graph_module);
    read_rules(json);
  }
  const auto results = std::count_if(outputs_.begin(), outputs_.end(), [](const Written& w) { return w.to == Written::To::Result; });
  result_.require_below(static_cast<std::size_t>(results));
  for (const ArgumentRule& argument : arguments_) argument.structure.require_below(rules_.inputs.size());
}

StoredTensor* Program::state(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw FileError("the file is damaged: the tensor `" + name + "` is missing");
  return found->second;
}

std::vector<bool> Program::read_input_specs(const Json& specs, const Json& graph) {
  std::vector<bool> is_state;
  const auto& inputs = graph.at("inputs").items();
  for (const Json& spec : specs.items()) {
    const auto& [kind, value] = spec.choice();
    const std::size_t place = is_state.size();
    const bool is_user = kind == "user_input" || kind == "constant_input";
    is_state.push_back(!is_user);
    if (place >= inputs.size()) throw FileError("the file is damaged: its signature has more inputs than its graph");
    if (is_user) {
      user_places_.push_back(place);
      const auto& [argument_kind, argument] = inputs[place].choice();
      const bool is_tensor = argument_kind == "as_tensor";
      input_names_.push_back(is_tensor ? argument.at("name").text() : kind == "constant_input" ? value.at("name").text() : "");
    } else if (kind == "parameter" || kind == "buffer" || kind == "tensor_constant") {
      state_places_.emplace_back(place, state(value.at(kind + "_name").text()));
    } else {
      throw FileError("the program takes an input of kind `" + kind + "`, which this program does not know");
    }
  }
  return is_state;
}

void Program::read_output_specs(const Json& specs) {
  for (const Json& spec : specs.items()) {
    const auto& [kind, value] = spec.choice();
    Written written;
    if (kind == "buffer_mutation" || kind == "parameter_mutation") {
      written.to = Written::To::State;
      written.state = state(value.at(kind == "buffer_mutation" ? "buffer_name" : "parameter_name").text());
    } else if (kind == "user_input_mutation") {
      written.to = Written::To::Input;
      const auto found = std::find(input_names_.begin(), input_names_.end(), value.at("user_input_name").text());
      if (found == input_names_.end()) throw FileError("the file is damaged: it writes to an input that does not exist");
      written.input = static_cast<std::size_t>(found - input_names_.begin());
    } else if (kind != "user_output") {
      throw FileError("the program has an output of kind `" + kind + "`, which this program does not know");
    }
    outputs_.push_back(written);
  }
}

std::optional<std::string> Program::bind(const Arguments& given, std::vector<Value>& bound) const {
  if (given.positional.size() > arguments_.size())
    return std::to_string(given.positional.size()) + " arguments for a method of " + std::to_string(arguments_.size());
  for (const auto& [name, value] : given.named) {
    const auto known = std::find_if(arguments_.begin(), arguments_.end(), [&](const ArgumentRule& rule) { return rule.name == name; });
    if (known == arguments_.end()) return "there is no argument `" + name + "`";
    if (static_cast<std::size_t>(known - arguments_.begin()) < given.positional.size()) return "`" + name + "` is given twice";
  }
  for (std::size_t k = given.positional.size(); k < arguments_.size(); ++k) {
    const ArgumentRule& rule = arguments_[k];
    const auto named = std::find_if(given.named.begin(), given.named.end(), [&](const auto& entry) { return entry.first == rule.name; });
    if (named == given.named.end() && !rule.standard) return "the argument `" + rule.name + "` is missing";
    bound.push_back(named != given.named.end() ? named->second : *rule.standard);
  }
  return std::nullopt;
}

std::optional<std::string> Program::reason_against(const Arguments& given, FlatInputs& inputs) const {
  std::vector<Value> bound;
  if (auto reason = bind(given, bound)) return reason;
  inputs.values.assign(rules_.inputs.size(), Value());
  try {
    for (std::size_t k = 0; k < arguments_.size(); ++k) {
      const Value& value = k < given.positional.size() ? given.positional[k] : bound[k - given.positional.size()];
      arguments_[k].structure.flatten(value, arguments_[k].name, inputs.values);
    }
  } catch (const InputError& error) {
    return error.what();
  }
  inputs.flat.clear();
  for (const Value& value : inputs.values) inputs.flat.push_back(as_graph_takes_it(value));
  return rules_.reason_against(inputs.values, inputs.flat);
}

Values Program::all_inputs(FlatInputs& inputs) const {
  Values all(graph_.inputs.size());
  for (const auto& [place, stored] : state_places_) all[place] = stored->tensor;
  for (std::size_t k = 0; k < user_places_.size(); ++k) all[user_places_[k]] = std::move(inputs.flat[k]);
  return all;
}

Value Program::run(FlatInputs inputs) const {
  Values made = Executor(limits_).run(graph_, all_inputs(inputs));
  std::vector<Value> results;
  results.reserve(made.size());
  for (std::size_t k = 0; k < made.size(); ++k) {
    if (outputs_[k].to == Written::To::Result) {
      results.push_back(value_of(made[k]));
      continue;
    }
    const at::NoGradGuard no_grad;
    at::Tensor target = outputs_[k].to == Written::To::State ? outputs_[k].state->tensor : inputs.values[outputs_[k].input].tensor();
    target.copy_(made[k].toTensor());
  }
  return result_.unflatten(results);
}

void Program::move_to(c10::Device from, c10::Device to) {
  move_constants(graph_, from, to);
  for (InputRule& rule : rules_.inputs)
    if (rule.device) rule.device = to.type();
}

void Program::expect_dtype(at::ScalarType dtype) {
  for (InputRule& rule : rules_.inputs)
    if (rule.dtype && at::isFloatingType(*rule.dtype)) rule.dtype = dtype;
}

}  // namespace scriptkit
