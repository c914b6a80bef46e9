#include "program.hpp"

#include <ATen/core/grad_mode.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "codes.hpp"
#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

constexpr std::int64_t kSchemaMajor = 8;

void check_version(const Json& json) {
  const std::int64_t major = json.at("schema_version").at("major").integer();
  if (major != kSchemaMajor)
    throw FileError("the file has version " + std::to_string(major) +
                    " of the schema of torch.export; this program reads version " + std::to_string(kSchemaMajor) +
                    ". Export it again with a torch that writes that version");
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

Program::Program(ProgramSource source)
    : name_(std::move(source.name)), limits_(source.limits), tensors_(std::move(source.tensors)) {
  const Json& json = source.json;
  check_version(json);
  const Json& graph_module = json.at("graph_module");
  const Json& signature = graph_module.at("signature");
  const std::vector<bool> is_state = read_input_specs(signature.at("input_specs"), graph_module.at("graph"));
  read_output_specs(signature.at("output_specs"));
  GraphFacts facts;
  facts.namespaces = std::move(source.namespaces);
  graph_ = read_graph(graph_module.at("graph"), is_state, facts);
  if (graph_.inputs.size() != is_state.size())
    throw FileError("the file is damaged: its graph has other inputs than its signature");
  if (graph_.outputs.size() != outputs_.size())
    throw FileError("the file is damaged: its graph has other outputs than its signature");
  const auto writes = [](const Written& written) { return written.to == Written::To::State; };
  writes_state_ = facts.writes_state || std::any_of(outputs_.begin(), outputs_.end(), writes);
  if (source.described) {
    if (source.signature) signature_ = *source.signature;
    read_manifest(*source.described);
  } else {
    read_call(graph_module);
    read_rules(json);
  }
  const auto results =
      std::count_if(outputs_.begin(), outputs_.end(), [](const Written& w) { return w.to == Written::To::Result; });
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
      input_names_.push_back(is_tensor                  ? argument.at("name").text()
                             : kind == "constant_input" ? value.at("name").text()
                                                        : "");
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
      if (found == input_names_.end())
        throw FileError("the file is damaged: it writes to an input that does not exist");
      written.input = static_cast<std::size_t>(found - input_names_.begin());
    } else if (kind != "user_output") {
      throw FileError("the program has an output of kind `" + kind + "`, which this program does not know");
    }
    outputs_.push_back(written);
  }
}

// Put the arguments into the inputs. What the program has no argument for must be as it was when that was left out.
std::optional<std::string> Program::flatten(const Bound& bound, std::vector<Value>& values) const {
  std::vector<bool> is_taken(bound.by_parameter.size(), false);
  std::size_t more_taken = 0;
  for (const ArgumentRule& rule : arguments_) {
    const Value* value = rule.parameter ? bound.by_parameter[*rule.parameter] : nullptr;
    if (rule.parameter) is_taken[*rule.parameter] = true;
    for (const auto& [name, one] : bound.more)
      if (!rule.parameter && name == rule.name) value = one, ++more_taken;
    if (!value) return "the argument `" + rule.name + "` is missing";
    rule.structure.flatten(*value, rule.name, values);
  }
  if (more_taken != bound.more.size()) return "it was exported for fewer arguments";
  for (std::size_t k = 0; k < is_taken.size(); ++k) {
    const Parameter& parameter = signature_.parameters[k];
    if (is_taken[k] || !bound.by_parameter[k] || !parameter.standard) continue;
    if (!same_literal(*bound.by_parameter[k], *parameter.standard))
      return "`" + parameter.name + "` must be left out, not " + described(*bound.by_parameter[k]) +
             ": it was exported that way";
  }
  return std::nullopt;
}

std::optional<Refusal> Program::refusal_of(const Arguments& given, FlatInputs& inputs) const {
  Bound bound;
  if (auto reason = signature_.bind(given, bound)) return Refusal{*reason, 0};
  inputs.values.assign(rules_.inputs.size(), Value());
  try {
    if (auto reason = flatten(bound, inputs.values)) return Refusal{*reason, 1};
  } catch (const InputError& error) {
    return Refusal{error.what(), 1};
  }
  inputs.flat.clear();
  for (const Value& value : inputs.values) inputs.flat.push_back(as_graph_takes_it(value));
  std::size_t passed = 0;
  if (auto reason = rules_.reason_against(inputs.values, inputs.flat, passed)) return Refusal{*reason, 2 + passed};
  return std::nullopt;
}

Values Program::all_inputs(FlatInputs& inputs) const {
  Values all(graph_.inputs.size());
  for (const auto& [place, stored] : state_places_) all[place] = stored->tensor;
  for (std::size_t k = 0; k < user_places_.size(); ++k) all[user_places_[k]] = std::move(inputs.flat[k]);
  return all;
}

Value Program::run(FlatInputs inputs) const {
  const at::AutoGradMode mode(has_gradients_ && at::GradMode::is_enabled());
  try {
    Values made = runner_ ? run_elsewhere(inputs) : Executor(limits_).run(graph_, all_inputs(inputs));
    return result_.unflatten(written(std::move(made), inputs));
  } catch (const Error&) {
    throw;
  } catch (const c10::Error& error) {
    throw RunError(error.what_without_backtrace());
  } catch (const std::exception& error) {
    throw RunError(error.what());
  }
}

void Program::run_by(Runner runner) {
  const auto is_result = [](const Written& written) { return written.to == Written::To::Result; };
  if (writes_state_ || !std::all_of(outputs_.begin(), outputs_.end(), is_result))
    throw InputError("the program `" + name_ + "` writes to buffers or to its inputs: it is run by this runtime alone");
  runner_ = std::move(runner);
}

Values Program::run_elsewhere(const FlatInputs& inputs) const {
  std::vector<at::Tensor> tensors;
  for (const c10::IValue& input : inputs.flat)
    if (input.isTensor()) tensors.push_back(input.toTensor());
  const std::vector<at::Tensor> made = runner_(tensors);
  if (made.size() != outputs_.size()) throw RunError("the program `" + name_ + "` gave another number of results");
  return Values(made.begin(), made.end());
}

// Put away what the program writes; the others are its results.
std::vector<Value> Program::written(Values made, const FlatInputs& inputs) const {
  std::vector<Value> results;
  results.reserve(made.size());
  for (std::size_t k = 0; k < made.size(); ++k) {
    if (outputs_[k].to == Written::To::Result) {
      results.push_back(value_of(made[k]));
      continue;
    }
    const at::NoGradGuard no_grad;
    at::Tensor target =
        outputs_[k].to == Written::To::State ? outputs_[k].state->tensor : inputs.values[outputs_[k].input].tensor();
    target.copy_(made[k].toTensor());
  }
  return results;
}

std::vector<Value> Program::example() const {
  std::vector<Value> leaves;
  for (const InputRule& rule : rules_.inputs) leaves.push_back(example_of(rule));
  std::vector<Value> arguments;
  for (const ArgumentRule& argument : arguments_) arguments.push_back(argument.structure.unflatten(leaves));
  return arguments;
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
