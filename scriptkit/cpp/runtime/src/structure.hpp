// How flat values form the arguments of a method and its result.
#ifndef SCRIPTKIT_STRUCTURE_HPP
#define SCRIPTKIT_STRUCTURE_HPP

#include <string>
#include <vector>

#include "json.hpp"
#include "scriptkit/value.hpp"

namespace scriptkit {

// A literal of the manifest: a number, text, truth value or None; what C++ has no value for becomes its name.
Value literal_of(const Json& literal);

// Equal in kind and value: True is not 1, 0.0 is not -0.0, NaN is NaN.
bool same_literal(const Value& a, const Value& b);

class Structure {
 public:
  enum class Leaf { None, Any, Tensor, Int, Float, Bool, Literal };

  // From the text torch.export writes; its leaves are numbered from left to right, `next` moves along.
  static Structure from_tree_spec(const Json& spec, const Json* fields, std::size_t& next);
  // From the manifest of scriptkit, where each leaf says its number.
  static Structure from_manifest(const Json& node);

  Leaf leaf() const { return leaf_; }
  Value::Kind kind() const { return kind_; }
  std::size_t index() const { return index_; }
  const Value& literal() const { return literal_; }
  const std::vector<Structure>& children() const { return children_; }
  const std::vector<std::string>& keys() const { return keys_; }

  // The largest number of a leaf; FileError unless it is below `count`.
  void require_below(std::size_t count) const;

  // Put each leaf of a value in its place; InputError names what differs.
  void flatten(const Value& value, const std::string& where, std::vector<Value>& leaves) const;

  // The value that these leaves form.
  Value unflatten(const std::vector<Value>& leaves) const;

  // The path of each leaf as guards write it: `['x'][0].field`.
  void paths(const std::string& here, std::vector<std::string>& found) const;

 private:
  static Structure from_tree_spec(const Json& node, const Json* fields, std::size_t& next, int depth);
  static Structure from_manifest(const Json& node, int depth);
  void read_type(const Json& node, const Json* fields);
  void require_keys() const;
  std::string path_of(std::size_t child) const;
  void flatten_leaf(const Value& value, const std::string& where, std::vector<Value>& leaves) const;

  Leaf leaf_ = Leaf::None;
  Value::Kind kind_ = Value::Kind::None;  // of a container
  std::size_t index_ = 0;
  bool has_index_ = true;  // a literal of a result has none
  Value literal_;
  std::vector<std::string> keys_;  // of a dictionary or record
  bool keys_are_texts_ = true;
  std::vector<Structure> children_;
};

}  // namespace scriptkit

#endif
