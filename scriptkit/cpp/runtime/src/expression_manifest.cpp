#include "expression_node.hpp"
#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

using Node = Expression::Node;
using What = Node::What;
using NodePtr = std::shared_ptr<const Node>;

constexpr int kDeepest = 100;

struct Operation {
  const char* name;
  What what;
  std::size_t fewest, most;
};

constexpr std::size_t kAny = 64;
// clang-format off
constexpr Operation kOperations[] = {
    {"==", What::Equal, 2, 2},       {"!=", What::Unequal, 2, 2},        {"<", What::Less, 2, 2},
    {"<=", What::LessEqual, 2, 2},   {">", What::Greater, 2, 2},         {">=", What::GreaterEqual, 2, 2},
    {"+", What::Add, 2, kAny},       {"*", What::Multiply, 2, kAny},     {"//", What::FloorDivide, 2, 2},
    {"%", What::Modulo, 2, 2},       {"/", What::Divide, 2, 2},          {"**", What::Power, 2, 2},
    {"min", What::Minimum, 2, kAny}, {"max", What::Maximum, 2, kAny},    {"and", What::And, 1, kAny},
    {"or", What::Or, 1, kAny},       {"not", What::Not, 1, 1},           {"-", What::Subtract, 1, 2},
    {"ceil", What::Ceil, 1, 1},      {"floor", What::Floor, 1, 1},       {"trunc", What::Truncate, 1, 1},
    {"sqrt", What::SquareRoot, 1, 1}, {"abs", What::Absolute, 1, 1}};
// clang-format on

[[noreturn]] void unknown(const std::string& what) {
  throw FileError("the manifest of the file has a guard this program cannot read: " + what);
}

NodePtr read(const Json& json, std::size_t inputs, int depth);

NodePtr made(What what, std::vector<NodePtr> parts) {
  auto node = std::make_shared<Node>();
  node->what = what, node->parts = std::move(parts);
  return node;
}

// Sums and products of several terms are those of two, from left to right.
NodePtr operation(const std::string& name, std::vector<NodePtr> parts) {
  for (const Operation& known : kOperations) {
    if (name != known.name) continue;
    if (parts.size() < known.fewest || parts.size() > known.most)
      unknown("`" + name + "` of " + std::to_string(parts.size()));
    if (known.what == What::Subtract && parts.size() == 1) return made(What::Negate, std::move(parts));
    if (known.what != What::Add && known.what != What::Multiply) return made(known.what, std::move(parts));
    NodePtr result = parts[0];
    for (std::size_t k = 1; k < parts.size(); ++k) result = made(known.what, {result, parts[k]});
    return result;
  }
  unknown("`" + name + "`");
}

std::size_t input_of(const Json& place, std::size_t inputs) {
  const std::int64_t input = place.integer();
  if (input < 0 || static_cast<std::size_t>(input) >= inputs) unknown("an input that does not exist");
  return static_cast<std::size_t>(input);
}

NodePtr read_operation(const Json& json, std::size_t inputs, int depth) {
  std::vector<NodePtr> parts;
  for (const Json& part : json.at("args").items()) parts.push_back(read(part, inputs, depth + 1));
  return operation(json.at("op").text(), std::move(parts));
}

NodePtr read(const Json& json, std::size_t inputs, int depth) {
  if (depth > kDeepest) unknown("it is nested too deeply");
  auto node = std::make_shared<Node>();
  switch (json.kind()) {
    case Json::Kind::Integer: node->constant = Number::of(json.integer()); return node;
    case Json::Kind::Real: node->constant = Number::of(json.number()); return node;
    case Json::Kind::Bool: node->constant = Number::of(std::int64_t{json.boolean()}); return node;
    case Json::Kind::Object: break;
    default: unknown("neither number nor operation");
  }
  if (json.find("op")) return read_operation(json, inputs, depth);
  if (const Json* size = json.find("size")) {
    const auto& place = size->items();
    if (place.size() != 2) unknown("a size without its dimension");
    node->what = What::Size, node->input = input_of(place[0], inputs), node->dimension = place[1].integer();
    if (node->dimension < 0) unknown("a negative dimension");
    return node;
  }
  node->what = What::Input, node->input = input_of(json.at("value"), inputs);
  return node;
}

}  // namespace

Expression Expression::from_manifest(const Json& guard, std::size_t inputs) {
  const NodePtr left = read(guard.at("left"), inputs, 0), right = read(guard.at("right"), inputs, 0);
  Expression made;
  made.root_ = operation(guard.at("op").text(), {left, right});
  made.text_ = guard.at("message").text();
  return made;
}

}  // namespace scriptkit
