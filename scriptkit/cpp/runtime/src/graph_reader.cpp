#include "graph_reader.hpp"

#include <algorithm>
#include <unordered_map>

#include "argument_reader.hpp"
#include "control_flow_reader.hpp"
#include "lifetimes.hpp"
#include "number_functions.hpp"
#include "operators.hpp"
#include "out_operators.hpp"
#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

constexpr const char* kOperatorPrefix = "torch.ops.";
constexpr const char* kHigherOrderPrefix = "torch.ops.higher_order.";

bool starts_with(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

class GraphReader {
 public:
  explicit GraphReader(GraphFacts& facts) : facts_(facts) {}

  Graph read(const Json& json, const std::vector<bool>& is_state) {
    read_inputs(json.at("inputs").items(), is_state);
    for (const Json& node : json.at("nodes").items()) graph_.nodes.push_back(read_node(node));
    for (const Json& output : json.at("outputs").items())
      graph_.outputs.push_back(read_argument(output, names_).operand);
    graph_.slots = names_.size();
    mark_lifetimes(graph_);
    return std::move(graph_);
  }

 private:
  void read_inputs(const std::vector<Json>& inputs, const std::vector<bool>& is_state) {
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const auto& [kind, value] = inputs[k].choice();
      const bool may_alias_state = k < is_state.size() && is_state[k];
      if (kind == "as_tensor") {
        graph_.inputs.push_back(names_.define(value.at("name").text(), {true, may_alias_state}));
      } else if (is_symbolic_number(kind) && value.choice().first == "as_name") {
        graph_.inputs.push_back(names_.define(value.choice().second.text(), {}));
      } else if (kind == "as_custom_obj") {
        throw FileError("the program takes an object of the class `" + value.at("class_fqn").text() +
                        "`, no tensor or number");
      } else {
        graph_.inputs.push_back(kUnused);  // a constant: the graph does not read it
      }
    }
  }

  Node read_node(const Json& json) {
    Node node;
    node.name = json.at("target").text();
    if (const Json* metadata = json.find("metadata"))
      if (const Json* trace = metadata->find("stack_trace")) node.where = trace->text();
    if (starts_with(node.name, kHigherOrderPrefix)) {
      read_control_flow(node, json, node.name.substr(std::string(kHigherOrderPrefix).size()), names_, facts_);
      read_results(node, json, false);
    } else if (starts_with(node.name, kOperatorPrefix)) {
      read_operator(node, json);
    } else {
      read_number_function(node, json);
      read_results(node, json, false);
      if (node.results.size() != 1) throw FileError("the file is damaged: `" + node.name + "` has one result");
    }
    return node;
  }

  void read_number_function(Node& node, const Json& json) {
    node.kind = Node::Kind::Number;
    for (const Json& input : json.at("inputs").items())
      node.operands.push_back(read_argument(input.at("arg"), names_).operand);
    node.function = number_function(node.name, node.operands.size());
  }

  void read_operator(Node& node, const Json& json) {
    node.op = resolved_operator(node.name, facts_.namespaces);
    const c10::FunctionSchema& schema = node.op->schema();
    if (writes_into_an_argument(schema)) node.returning = returning_form(schema);
    std::unordered_map<std::string, const Json*> given;
    for (const Json& input : json.at("inputs").items()) given.emplace(input.at("name").text(), &input.at("arg"));
    bool result_may_alias_state = false;
    trains_ = !says_false(given, "training") && !says_false(given, "use_input_stats") && !says_false(given, "train");
    for (const c10::Argument& argument : schema.arguments()) {
      const auto found = given.find(argument.name());
      if (found == given.end()) {
        if (!argument.default_value())
          throw FileError("the file is damaged: `" + node.name + "` lacks `" + argument.name() + "`");
        Operand by_default;
        by_default.constant = *argument.default_value();
        node.operands.push_back(std::move(by_default));
        continue;
      }
      ReadArgument read = read_argument(*found->second, names_);
      note_writing(schema, argument, read, result_may_alias_state);
      node.operands.push_back(prepared_operand(std::move(read.operand), read.written, read.is_tensor, argument));
    }
    const bool is_size =
        schema.name() == "aten::sym_size" && schema.overload_name() == "int" && node.operands.size() == 2;
    const bool is_plain = is_size && node.operands[1].kind == Operand::Kind::Constant;
    if (is_plain) node.kind = Node::Kind::Size;
    node.checks_sizes = makes_a_tensor_of_given_sizes(schema);
    read_results(node, json, result_may_alias_state);
    if (node.result_list.size() > std::max<std::size_t>(schema.returns().size(), 1))
      throw FileError("the file is damaged: `" + node.name + "` has fewer results than the file reads");
  }

  void note_writing(const c10::FunctionSchema& schema, const c10::Argument& argument, const ReadArgument& read,
                    bool& result_may_alias_state) {
    if (!read.may_alias_state) return;
    const bool says_so = argument.alias_info() && argument.alias_info()->isWrite();
    const bool is_statistics = argument.name() == "running_mean" || argument.name() == "running_var";
    if (says_so || (is_statistics && trains_)) facts_.writes_state = true;
    static const std::set<std::string> returns_its_argument = {"aten::dropout", "aten::feature_dropout",
                                                               "aten::alpha_dropout"};
    if (argument.alias_info() || returns_its_argument.count(schema.name())) result_may_alias_state = true;
  }

  // Normalisations write their running statistics without saying so in their schema, unless they are told not to train.
  static bool says_false(const std::unordered_map<std::string, const Json*>& given, const char* name) {
    const auto found = given.find(name);
    if (found == given.end()) return false;
    const auto& [kind, value] = found->second->choice();
    return kind == "as_bool" && !value.boolean();
  }

  static bool makes_a_tensor_of_given_sizes(const c10::FunctionSchema& schema) {
    static const std::set<std::string> makers = {"size", "repeats"};
    for (const c10::Argument& argument : schema.arguments())
      if (makers.count(argument.name()) && argument.type()->kind() == c10::TypeKind::ListType)
        return schema.name() != "aten::view" && schema.name() != "aten::expand" && schema.name() != "aten::as_strided";
    return false;
  }

  void read_results(Node& node, const Json& json, bool may_alias_state) {
    for (const Json& output : json.at("outputs").items()) {
      const auto& [kind, value] = output.choice();
      const NameFacts tensor = {true, may_alias_state};
      node.result_list.push_back(-1);
      if (kind == "as_tensor") {
        node.results.push_back(names_.define(value.at("name").text(), tensor));
      } else if (kind == "as_tensors" || kind == "as_optional_tensors") {
        node.result_list.back() = static_cast<std::int32_t>(value.items().size());
        for (const Json& item : value.items()) node.results.push_back(define_item(item, tensor));
      } else if (is_symbolic_number(kind) && value.choice().first == "as_name") {
        node.results.push_back(names_.define(value.choice().second.text(), {}));
      } else {
        node.results.push_back(kUnused);  // nothing, or a number that was known when the program was exported
      }
    }
  }

  std::int32_t define_item(const Json& item, NameFacts tensor) {
    if (item.find("name")) return names_.define(item.at("name").text(), tensor);
    const auto& [kind, value] = item.choice();
    return kind == "as_tensor" ? names_.define(value.at("name").text(), tensor) : kUnused;
  }

  GraphFacts& facts_;
  Graph graph_;
  Names names_;
  bool trains_ = false;  // the operator being read, for all that is known
};

}  // namespace

Graph read_graph(const Json& graph, const std::vector<bool>& is_state, GraphFacts& facts) {
  return GraphReader(facts).read(graph, is_state);
}

}  // namespace scriptkit
