#include "structure.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

constexpr int kDeepest = 60;

const char* name_of(Value::Kind kind) {
  switch (kind) {
    case Value::Kind::List: return "a list";
    case Value::Kind::Tuple: return "a tuple";
    case Value::Kind::Dict: return "a dictionary";
    default: return "a record";
  }
}

bool has_keys(Value::Kind kind) { return kind == Value::Kind::Dict || kind == Value::Kind::Record; }

std::string written(const Value& key) {
  switch (key.kind()) {
    case Value::Kind::Text: return key.text();
    case Value::Kind::Int: return std::to_string(key.integer());
    case Value::Kind::Bool: return key.boolean() ? "True" : "False";
    case Value::Kind::None: return "None";
    default: throw FileError("the file has a dictionary whose keys are neither texts nor integers");
  }
}

// The context of a container is JSON inside the text, if it is JSON at all.
Json context_of(const Json& node) {
  const Json* context = node.find("context");
  if (!context) return {};
  if (!context->is_text()) return *context;
  try {
    return Json::parse(context->text(), "the structure of a container");
  } catch (const FileError&) {
    return {};
  }
}

}  // namespace

Value literal_of(const Json& literal) {
  switch (literal.kind()) {
    case Json::Kind::Null: return {};
    case Json::Kind::Bool: return literal.boolean();
    case Json::Kind::Integer: return literal.integer();
    case Json::Kind::Real: return literal.number();
    case Json::Kind::Text: return literal.text();
    default: break;
  }
  if (!literal.is_object()) throw FileError("the manifest of the file has a literal this program does not know");
  const auto& [kind, value] = literal.choice();
  if (kind != "float") return value.is_text() ? Value(value.text()) : Value("a " + kind);
  const double infinity = std::numeric_limits<double>::infinity();
  return value.text() == "inf" ? infinity : value.text() == "-inf" ? -infinity : std::nan("");
}

bool same_literal(const Value& a, const Value& b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Value::Kind::None: return true;
    case Value::Kind::Bool: return a.boolean() == b.boolean();
    case Value::Kind::Int: return a.integer() == b.integer();
    case Value::Kind::Text: return a.text() == b.text();
    case Value::Kind::Float: {
      const double x = a.number(), y = b.number();
      return std::isnan(x) ? std::isnan(y) : x == y && std::signbit(x) == std::signbit(y);
    }
    default: return false;
  }
}

Structure Structure::from_tree_spec(const Json& spec, const Json* fields, std::size_t& next) {
  if (spec.items().size() != 2 || spec.items()[0].integer() != 1)
    throw FileError("the file describes its arguments in a version this program does not know");
  return from_tree_spec(spec.items()[1], fields, next, 0);
}

Structure Structure::from_tree_spec(const Json& node, const Json* fields, std::size_t& next, int depth) {
  if (depth > kDeepest) throw FileError("the arguments or results of the file are nested too deeply");
  Structure made;
  if (!node.find("type")) {
    made.leaf_ = Leaf::Any, made.index_ = next++;
    return made;
  }
  for (const Json& child : node.at("children_spec").items())
    made.children_.push_back(from_tree_spec(child, fields, next, depth + 1));
  made.read_type(node, fields);
  made.require_keys();
  return made;
}

void Structure::read_type(const Json& node, const Json* fields) {
  const std::string& type = node.at("type").text();
  kind_ = Value::Kind::Record;
  if (type == "builtins.tuple") return void(kind_ = Value::Kind::Tuple);
  if (type == "builtins.list" || type == "collections.deque") return void(kind_ = Value::Kind::List);
  const Json context = context_of(node);
  const Json* keys = &context;
  if (type == "builtins.dict" || type == "collections.OrderedDict" || type == "collections.defaultdict") {
    kind_ = Value::Kind::Dict;
    const bool has_default = type == "collections.defaultdict" && context.is_array() && context.items().size() == 2;
    if (has_default) keys = &context.items()[1];
  } else if (type == "collections.namedtuple") {
    const Json* plain = node.find("context");
    const std::string name = context.is_text() ? context.text() : plain && plain->is_text() ? plain->text() : "";
    const Json* definition = fields && fields->is_object() ? fields->find(name) : nullptr;
    if (!definition) throw FileError("the file does not name the fields of the named tuple `" + name + "`");
    keys = &definition->at("field_names");
    for (const Json& key : keys->items()) keys_.push_back(key.text());
    return;
  } else if (context.is_array() && !context.items().empty() && context.items()[0].is_array()) {
    keys = &context.items()[0];  // of a dataclass: its fields with values, and those without
  }
  if (!keys->is_array())
    throw FileError("the file has a container of the type `" + type + "`, whose fields this program does not know");
  for (const Json& key : keys->items()) {
    keys_are_texts_ = keys_are_texts_ && key.is_text();
    keys_.push_back(written(literal_of(key)));
  }
}

Structure Structure::from_manifest(const Json& node) { return from_manifest(node, 0); }

Structure Structure::from_manifest(const Json& node, int depth) {
  if (depth > kDeepest) throw FileError("the arguments or results of the file are nested too deeply");
  Structure made;
  const std::string& kind = node.at("kind").text();
  if (kind == "tensor")
    made.leaf_ = Leaf::Tensor;
  else if (kind == "int")
    made.leaf_ = Leaf::Int;
  else if (kind == "float")
    made.leaf_ = Leaf::Float;
  else if (kind == "bool")
    made.leaf_ = Leaf::Bool;
  else if (kind == "value")
    made.leaf_ = Leaf::Literal;
  else if (kind == "list")
    made.kind_ = Value::Kind::List;
  else if (kind == "tuple")
    made.kind_ = Value::Kind::Tuple;
  else if (kind == "dict")
    made.kind_ = Value::Kind::Dict;
  else if (kind == "namedtuple" || kind == "object")
    made.kind_ = Value::Kind::Record;
  else
    throw FileError("the manifest of the file has a structure of kind `" + kind +
                    "`, which this program does not know");
  if (made.leaf_ == Leaf::Literal) {
    const Json* value = node.find("value");
    if (value) made.literal_ = literal_of(*value);
  }
  if (made.leaf_ != Leaf::None) {
    const Json* index = node.find("index");
    made.has_index_ = index != nullptr;
    if (!index && made.leaf_ != Leaf::Literal)
      throw FileError("the manifest of the file is damaged: a leaf without its number");
    if (index && index->integer() < 0)
      throw FileError("the manifest of the file is damaged: a negative number of a leaf");
    if (index) made.index_ = static_cast<std::size_t>(index->integer());
    return made;
  }
  for (const Json& child : node.at("items").items()) made.children_.push_back(from_manifest(child, depth + 1));
  if (made.kind_ == Value::Kind::Record)
    for (const Json& field : node.at("fields").items()) made.keys_.push_back(field.text());
  if (made.kind_ == Value::Kind::Dict)
    for (const Json& key : node.at("keys").items()) made.keys_.push_back(written(literal_of(key)));
  made.require_keys();
  return made;
}

void Structure::require_keys() const {
  if (has_keys(kind_) && keys_.size() != children_.size())
    throw FileError("the file is damaged: a dictionary or record has other keys than values");
}

void Structure::require_below(std::size_t count) const {
  const bool counts = leaf_ != Leaf::None && has_index_;
  if (counts && index_ >= count) throw FileError("the file is damaged: a structure names a value that does not exist");
  for (const Structure& child : children_) child.require_below(count);
}

void Structure::flatten_leaf(const Value& value, const std::string& where, std::vector<Value>& leaves) const {
  const Value::Kind found = value.kind();
  const bool fits = leaf_ == Leaf::Tensor  ? found == Value::Kind::Tensor
                    : leaf_ == Leaf::Int   ? found == Value::Kind::Int
                    : leaf_ == Leaf::Float ? found == Value::Kind::Float || found == Value::Kind::Int
                    : leaf_ == Leaf::Bool  ? found == Value::Kind::Bool
                                           : !value.is_container();
  const char* wanted = leaf_ == Leaf::Tensor  ? "a tensor"
                       : leaf_ == Leaf::Int   ? "an integer"
                       : leaf_ == Leaf::Float ? "a number"
                       : leaf_ == Leaf::Bool  ? "a boolean"
                                              : "a tensor, number, text or None";
  if (!fits) throw InputError(where + ": " + wanted + " is expected, not " + described(value));
  if (has_index_) leaves.at(index_) = value;
}

void Structure::flatten(const Value& value, const std::string& where, std::vector<Value>& leaves) const {
  if (leaf_ != Leaf::None) return flatten_leaf(value, where, leaves);
  if (value.kind() != kind_ || value.size() != children_.size())
    throw InputError(where + ": " + name_of(kind_) + " of " + std::to_string(children_.size()) + " is expected, not " +
                     described(value));
  for (std::size_t k = 0; k < children_.size(); ++k) {
    std::size_t place = k;
    if (has_keys(kind_) && value.keys()[k] != keys_[k]) {  // the order of a dictionary does not matter
      const auto found = std::find(value.keys().begin(), value.keys().end(), keys_[k]);
      if (found == value.keys().end()) throw InputError(where + ": `" + keys_[k] + "` is missing");
      place = static_cast<std::size_t>(found - value.keys().begin());
    }
    children_[k].flatten(value.items()[place], where + path_of(k), leaves);
  }
}

Value Structure::unflatten(const std::vector<Value>& leaves) const {
  if (leaf_ == Leaf::Literal) return literal_;
  if (leaf_ != Leaf::None) {
    const Value& value = leaves.at(index_);
    if (value.kind() != Value::Kind::Tensor || leaf_ == Leaf::Tensor || leaf_ == Leaf::Any) return value;
    const at::Scalar held = value.tensor().item();  // a number that the program holds in a tensor
    if (leaf_ == Leaf::Bool) return held.toBool();
    return leaf_ == Leaf::Int ? Value(held.toLong()) : Value(held.toDouble());
  }
  std::vector<Value> items;
  items.reserve(children_.size());
  for (const Structure& child : children_) items.push_back(child.unflatten(leaves));
  return Value::container(kind_, std::move(items), keys_);
}

std::string Structure::path_of(std::size_t child) const {
  if (kind_ == Value::Kind::Record) return "." + keys_[child];
  if (kind_ == Value::Kind::Dict) return keys_are_texts_ ? "['" + keys_[child] + "']" : "[" + keys_[child] + "]";
  return "[" + std::to_string(child) + "]";
}

void Structure::paths(const std::string& here, std::vector<std::string>& found) const {
  if (leaf_ != Leaf::None) return found.push_back(here);
  for (std::size_t k = 0; k < children_.size(); ++k) children_[k].paths(here + path_of(k), found);
}

}  // namespace scriptkit
