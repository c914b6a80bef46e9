#include "control_flow_reader.hpp"

#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

// How an operator is called: `g` a graph, `v` a value, `l` a list, `*` values up to the end; and which inputs of its
// graphs are filled by which operands follows from its kind.
struct Call {
  const char* name;
  Node::Kind kind;
  const char* shape;
};

constexpr Call kCalls[] = {
    {"cond", Node::Kind::Cond, "vggl"},
    {"while_loop", Node::Kind::WhileLoop, "ggll"},
    {"scan", Node::Kind::Scan, "glll"},
    {"map_impl", Node::Kind::Map, "gll"},
    {"wrap_with_set_grad_enabled", Node::Kind::WithGrad, "vg*"},
    {"wrap_with_autocast", Node::Kind::WithAutocast, "vvvvg*"},
};

const Call& call_named(const std::string& name) {
  for (const Call& call : kCalls)
    if (name == call.name) return call;
  throw FileError("the file calls the operator `" + name + "` on graphs, which this program does not know");
}

[[noreturn]] void damaged(const Node& node, const std::string& why) {
  throw FileError("the file is damaged: `" + node.name + "` " + why);
}

std::size_t results_of(const Json& json) {
  std::size_t count = 0;
  for (const Json& output : json.at("outputs").items()) {
    const auto& [kind, value] = output.choice();
    count += kind == "as_tensors" || kind == "as_optional_tensors" ? value.items().size() : 1;
  }
  return count;
}

class Reader {
 public:
  Reader(Node& node, const Names& names, GraphFacts& facts) : node_(node), names_(names), facts_(facts) {}

  void read(const Json& json, const Call& call) {
    const auto& inputs = json.at("inputs").items();
    std::size_t at = 0;
    for (const char* shape = call.shape; *shape; ++shape) {
      if (*shape == '*') {
        const std::size_t before = node_.operands.size();
        for (; at < inputs.size(); ++at) add(read_argument(inputs[at].at("arg"), names_));
        node_.groups.push_back(node_.operands.size() - before);
        continue;
      }
      if (at == inputs.size()) damaged(node_, "has too few arguments");
      const Json& given = inputs[at++].at("arg");
      if (*shape == 'g')
        graphs_.push_back(&given);
      else if (*shape == 'l')
        add_list(read_argument(given, names_));
      else
        add_single(read_argument(given, names_));
    }
    // which of its values the graph writes to: the graph says so itself
    while (at < inputs.size() && inputs[at].at("name").text() == "mutated_arg_indices") ++at;
    if (at != inputs.size()) damaged(node_, "has too many arguments");
    read_graphs();
    check(results_of(json));
  }

 private:
  void add_single(ReadArgument read) {
    if (read.written == Written::List) damaged(node_, "has a list where a value is expected");
    node_.operands.push_back(std::move(read.operand));
    ++singles_;
  }

  void add(ReadArgument read) {
    may_alias_state_.push_back(read.may_alias_state);
    node_.operands.push_back(std::move(read.operand));
  }

  void add_list(ReadArgument read) {
    if (read.written != Written::List) damaged(node_, "has no list where one is expected");
    for (Operand& item : read.operand.items) {
      may_alias_state_.push_back(read.may_alias_state);
      node_.operands.push_back(std::move(item));
    }
    node_.groups.push_back(read.operand.items.size());
  }

  void read_graphs() {
    for (const Json* given : graphs_) {
      const auto& [kind, value] = given->choice();
      if (kind != "as_graph") damaged(node_, "has no graph where one is expected");
      node_.graphs.push_back(std::make_unique<Graph>(read_graph(value.at("graph"), may_alias_state_, facts_)));
    }
  }

  void check(std::size_t results) const {
    const std::size_t operands = node_.operands.size() - singles_;
    for (const auto& graph : node_.graphs)
      if (graph->inputs.size() != operands) damaged(node_, "gives its graph another number of values than it takes");
    const std::size_t made = node_.graphs.back()->outputs.size();
    if (made != results) damaged(node_, "gives another number of results than its graph");
    if (node_.kind == Node::Kind::Cond && node_.graphs[0]->outputs.size() != made)
      damaged(node_, "has branches with other results");
    const bool is_loop = node_.kind == Node::Kind::WhileLoop;
    if (is_loop && (made != node_.groups[0] || node_.graphs[0]->outputs.size() != 1))
      damaged(node_, "carries other values than it makes");
    if (node_.kind == Node::Kind::Scan && (made < node_.groups[0] || node_.groups[1] == 0))
      damaged(node_, "runs over nothing");
    if (node_.kind == Node::Kind::Map && node_.groups[0] == 0) damaged(node_, "runs over nothing");
    const bool has_mode = node_.kind == Node::Kind::WithGrad || node_.kind == Node::Kind::WithAutocast;
    for (std::size_t k = 0; has_mode && k < singles_; ++k)
      if (node_.operands[k].kind != Operand::Kind::Constant) damaged(node_, "has a mode that is computed");
  }

  Node& node_;
  const Names& names_;
  GraphFacts& facts_;
  std::vector<const Json*> graphs_;
  std::vector<bool> may_alias_state_;
  std::size_t singles_ = 0;
};

}  // namespace

void read_control_flow(Node& node, const Json& json, const std::string& name, const Names& names, GraphFacts& facts) {
  const Call& call = call_named(name);
  node.kind = call.kind;
  Reader(node, names, facts).read(json, call);
}

}  // namespace scriptkit
