// What the inputs of a program must be: from the program alone, or from the manifest of scriptkit.
#include <algorithm>

#include "codes.hpp"
#include "program.hpp"
#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

constexpr std::int64_t kTracingBound = 2;  // torch writes this lower bound where it means "not 0 or 1 while tracing"

struct SeenDimension {
  std::int32_t input, dimension;
};

using Seen = std::map<std::string, SeenDimension>;

// `Symbol('s0', positive=True, integer=True)`, and nothing else, is a size of its own.
std::string symbol_of(const std::string& expression) {
  const std::string start = "Symbol('";
  if (expression.compare(0, start.size(), start) != 0) return "";
  const std::size_t end = expression.find('\'', start.size());
  if (end == std::string::npos || expression.find('(', start.size()) != std::string::npos) return "";
  if (expression.find(')') != expression.size() - 1) return "";
  return expression.substr(start.size(), end - start.size());
}

void apply_range(const Json* range, DimensionRule& rule) {
  if (!range) return;
  const Json *least = range->find("min_val"), *most = range->find("max_val");
  if (least && least->kind() == Json::Kind::Integer && least->integer() > kTracingBound) rule.least = least->integer();
  if (most && most->kind() == Json::Kind::Integer) rule.most = most->integer();
}

DimensionRule rule_of_symbol(const std::string& symbol, const Json& ranges, SeenDimension here, Seen& seen) {
  DimensionRule rule;
  rule.least = std::numeric_limits<std::int64_t>::min();
  if (symbol.empty() || !ranges.find(symbol)) return rule;
  apply_range(ranges.find(symbol), rule);
  const auto [known, is_new] = seen.emplace(symbol, here);
  if (!is_new) rule.same_input = known->second.input, rule.same_dimension = known->second.dimension;
  return rule;
}

DimensionRule rule_of_size(const Json& size, const Json& ranges, SeenDimension here, Seen& seen) {
  const auto& [kind, value] = size.choice();
  DimensionRule rule;
  if (kind == "as_expr") {
    rule = rule_of_symbol(symbol_of(value.at("expr_str").text()), ranges, here, seen);
    const Json* hint = value.find("hint");
    if (hint && hint->find("as_int")) rule.example = hint->at("as_int").integer();
    return rule;
  }
  rule.least = rule.most = rule.example = value.integer();
  rule.reason = "the program was exported for that size";
  return rule;
}

InputRule rule_of_tensor(const Json& meta, const Json& ranges, std::int32_t place, Seen& seen) {
  InputRule rule;
  rule.example_dtype = scalar_type_of(meta.at("dtype").integer());
  std::int32_t dimension = 0;
  for (const Json& size : meta.at("sizes").items())
    rule.dimensions.push_back(rule_of_size(size, ranges, {place, dimension++}, seen));
  return rule;
}

InputRule rule_of_number(const Json& argument, const Json& graph, const Json& ranges, std::int32_t place, Seen& seen) {
  InputRule rule;
  const auto& [kind, value] = argument.choice();
  rule.kind = kind == "as_sym_int" ? InputRule::Kind::Integer : InputRule::Kind::Number;
  if (kind != "as_sym_int" || value.choice().first != "as_name") return rule;
  const Json* symbolic = graph.at("sym_int_values").find(value.choice().second.text());
  const Json* expression = symbolic ? symbolic->find("as_expr") : nullptr;
  const std::string symbol = expression ? symbol_of(expression->at("expr_str").text()) : "";
  rule.range = rule_of_symbol(symbol, ranges, {place, 0}, seen);
  const Json* hint = expression ? expression->find("hint") : nullptr;
  if (hint && hint->find("as_int")) rule.range.example = hint->at("as_int").integer();
  return rule;
}

Value constant_of(const Json& value) {
  const auto& [kind, literal] = value.choice();
  if (kind == "as_none") return {};
  return kind == "as_float" ? Value(literal.number()) : literal_of(literal);
}

// What is collected by `*rest` is called `rest_1` in the signature, and `['rest'][1]` in guards.
std::string as_starred(const std::string& path) {
  const std::size_t end = path.find("']"), cut = path.rfind('_', end);
  if (end == std::string::npos || cut == std::string::npos || cut + 1 == end || cut < 3) return "";
  const std::string number = path.substr(cut + 1, end - cut - 1);
  if (number.find_first_not_of("0123456789") != std::string::npos) return "";
  return path.substr(0, cut) + "'][" + number + "]" + path.substr(end + 2);
}

std::string without_quotes(const std::string& path) {  // `['x'][0]` is `x[0]` to the user
  const std::size_t end = path.find("']");
  return path.compare(0, 2, "['") == 0 && end != std::string::npos ? path.substr(2, end - 2) + path.substr(end + 2)
                                                                   : path;
}

}  // namespace

// The arguments as torch describes them: a tuple of positional ones and a dictionary of named ones.
void Program::read_call(const Json& graph_module) {
  const auto& calls = graph_module.at("module_call_graph").items();
  const Json* signature = calls.empty() ? nullptr : calls[0].find("signature");
  if (!signature) throw FileError("the file does not say how its program is called");
  const Json* fields = graph_module.find("treespec_namedtuple_fields");
  std::size_t next = 0, next_result = 0;
  const auto spec = [&](const char* key) {
    return Json::parse(signature->at(key).text(), "the structure of the call");
  };
  const Structure in = Structure::from_tree_spec(spec("in_spec"), fields, next);
  result_ = Structure::from_tree_spec(spec("out_spec"), fields, next_result);
  if (in.children().size() != 2 || in.children()[0].kind() != Value::Kind::Tuple ||
      in.children()[1].kind() != Value::Kind::Dict)
    throw FileError("the file is damaged: its arguments are no tuple and dictionary");
  const Json* names = signature->find("forward_arg_names");
  const std::vector<Structure>&positional = in.children()[0].children(), &named = in.children()[1].children();
  for (std::size_t k = 0; k < positional.size(); ++k) {
    const bool has_name = names && k < names->items().size();
    arguments_.push_back({has_name ? names->items()[k].text() : "arg_" + std::to_string(k), k, positional[k]});
    signature_.parameters.push_back({arguments_.back().name, Parameter::Kind::Either, std::nullopt});
  }
  for (std::size_t k = 0; k < named.size(); ++k) {
    arguments_.push_back({in.children()[1].keys()[k], arguments_.size(), named[k]});
    signature_.parameters.push_back({arguments_.back().name, Parameter::Kind::Either, std::nullopt});
  }
}

void Program::read_rules(const Json& json) {
  const Json &graph_module = json.at("graph_module"), &graph = graph_module.at("graph"),
             &ranges = json.at("range_constraints");
  std::vector<std::string> paths;
  std::unordered_map<std::string, std::size_t> places;
  for (const ArgumentRule& argument : arguments_) argument.structure.paths("['" + argument.name + "']", paths);
  for (std::size_t k = 0; k < paths.size(); ++k) {
    places.emplace(paths[k], k);
    places.emplace("['flat_args'][" + std::to_string(k) + "]", k);  // how some versions of torch name them
    const std::string starred = as_starred(paths[k]);
    if (!starred.empty()) places.emplace(starred, k);
  }
  if (paths.size() != user_places_.size())
    throw FileError("the file is damaged: its arguments do not fit the inputs of its program");
  Seen seen;
  const auto& specs = graph_module.at("signature").at("input_specs").items();
  for (std::size_t k = 0; k < user_places_.size(); ++k) {
    const auto& [kind, value] = specs[user_places_[k]].choice();
    const Json& argument = graph.at("inputs").items()[user_places_[k]];
    const auto place = static_cast<std::int32_t>(k);
    InputRule rule;
    if (kind == "constant_input")
      rule.kind = InputRule::Kind::Fixed, rule.value = constant_of(value.at("value"));
    else if (argument.choice().first == "as_tensor")
      rule = rule_of_tensor(graph.at("tensor_values").at(input_names_[k]), ranges, place, seen);
    else if (argument.choice().first.compare(0, 7, "as_sym_") == 0)
      rule = rule_of_number(argument, graph, ranges, place, seen);
    else
      rule.kind = InputRule::Kind::Fixed, rule.value = constant_of(argument);
    rule.name = without_quotes(paths[k]);
    rules_.inputs.push_back(std::move(rule));
  }
  if (const Json* guards = json.find("guards_code"))
    for (const Json& guard : guards->items()) rules_.guards.push_back(Expression::parse(guard.text(), places));
}

namespace {

std::int64_t bound_of(const Json& rule, const char* key, std::int64_t otherwise) {
  const Json* bound = rule.find(key);
  return bound ? bound->integer() : otherwise;
}

DimensionRule dimension_from_manifest(const Json& json, const std::vector<InputRule>& earlier, std::size_t here) {
  DimensionRule rule;
  rule.least = bound_of(json, "min", std::numeric_limits<std::int64_t>::min());
  rule.most = bound_of(json, "max", rule.most);
  rule.example = bound_of(json, json.find("size") ? "size" : "value", rule.example);
  if (const Json* reason = json.find("reason")) rule.reason = reason->text();
  const Json* to = json.find("to");
  if (!to) return rule;
  const auto& place = to->items();
  if (place.size() != 2) throw FileError("the manifest of the file is damaged: an equal size is a pair of numbers");
  const std::int64_t input = place[0].integer(), dimension = place[1].integer();
  const bool is_known = input >= 0 && dimension >= 0 && static_cast<std::size_t>(input) <= earlier.size();
  const std::size_t rank = !is_known ? 0
                           : static_cast<std::size_t>(input) < earlier.size()
                               ? earlier[static_cast<std::size_t>(input)].dimensions.size()
                               : here;
  if (!is_known || static_cast<std::size_t>(dimension) >= rank)
    throw FileError("the manifest of the file is damaged: a size equals one that comes later");
  rule.same_input = static_cast<std::int32_t>(input), rule.same_dimension = static_cast<std::int32_t>(dimension);
  return rule;
}

InputRule input_from_manifest(const Json& json, const std::vector<InputRule>& earlier) {
  InputRule rule;
  rule.name = json.at("name").text();
  const std::string& kind = json.at("kind").text();
  if (kind == "tensor") {
    rule.dtype = scalar_type_named(json.at("dtype").text());
    rule.device = checked_device(json.at("device").text()).type();
    for (const Json& size : json.at("dims").items())
      rule.dimensions.push_back(dimension_from_manifest(size, earlier, rule.dimensions.size()));
  } else if (kind == "int") {
    rule.kind = InputRule::Kind::Integer;
    rule.range = dimension_from_manifest(json, {}, 0);
  } else if (kind == "fixed") {
    rule.kind = InputRule::Kind::Fixed;
    if (const Json* value = json.find("value")) rule.value = literal_of(*value);
  } else {
    throw FileError("the manifest of the file has an input of kind `" + kind + "`, which this program does not know");
  }
  return rule;
}

}  // namespace

void Program::read_manifest(const Json& described) {
  if (const Json* training = described.find("training")) training_ = training->boolean();
  if (const Json* gradients = described.find("gradients")) has_gradients_ = gradients->boolean();
  for (const Json& input : described.at("inputs").items())
    rules_.inputs.push_back(input_from_manifest(input, rules_.inputs));
  if (rules_.inputs.size() != user_places_.size())
    throw FileError("the manifest of the file has other inputs than its program");
  for (const Json& guard : described.at("guards").items())
    rules_.guards.push_back(Expression::from_manifest(guard, rules_.inputs.size()));
  for (const Json& argument : described.at("arguments").items()) {
    const std::string& name = argument.at("name").text();
    arguments_.push_back({name, signature_.place_of(name), Structure::from_manifest(argument.at("value"))});
  }
  result_ = Structure::from_manifest(described.at("result"));
}

}  // namespace scriptkit
