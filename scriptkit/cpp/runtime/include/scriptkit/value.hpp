// What goes into a model and comes out of it: a tensor, a number, a text, nothing, or a container of such.
#ifndef SCRIPTKIT_VALUE_HPP
#define SCRIPTKIT_VALUE_HPP

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace scriptkit {

class Value {
 public:
  // Record: named fields, as those of a NamedTuple or a dataclass. Dict keeps its order.
  enum class Kind { None, Bool, Int, Float, Text, Tensor, List, Tuple, Dict, Record };

  Value() = default;
  Value(at::Tensor tensor) : held_(std::move(tensor)) {}
  Value(bool value) : held_(value) {}
  Value(std::int64_t value) : held_(value) {}
  Value(int value) : held_(std::int64_t{value}) {}
  Value(double value) : held_(value) {}
  Value(std::string text) : held_(std::move(text)) {}
  Value(const char* text) : held_(std::string(text)) {}

  static Value list(std::vector<Value> items) { return Value(Kind::List, std::move(items), {}); }
  static Value tuple(std::vector<Value> items) { return Value(Kind::Tuple, std::move(items), {}); }
  static Value dict(std::vector<std::pair<std::string, Value>> entries);
  static Value record(std::vector<std::pair<std::string, Value>> fields);
  // A container of a kind with the keys that it has in Python, written as JSON in a dictionary whose keys are no texts.
  static Value container(Kind kind, std::vector<Value> items, std::vector<std::string> keys) {
    return Value(kind, std::move(items), std::move(keys));
  }

  Kind kind() const;
  bool is_none() const { return kind() == Kind::None; }
  bool is_container() const { return std::holds_alternative<Shared>(held_); }

  // Each throws InputError when the value is of another kind; `number` takes an integer too.
  const at::Tensor& tensor() const;
  bool boolean() const;
  std::int64_t integer() const;
  double number() const;
  const std::string& text() const;
  const std::vector<Value>& items() const;       // of any container
  const std::vector<std::string>& keys() const;  // of a Dict or Record, else empty
  const Value& operator[](std::size_t place) const;
  const Value& operator[](const std::string& key) const;
  const Value& operator[](const char* key) const { return (*this)[std::string(key)]; }
  const Value& operator[](int place) const { return (*this)[static_cast<std::size_t>(place)]; }
  std::size_t size() const { return items().size(); }

 private:
  struct Container {
    Kind kind;
    std::vector<Value> items;
    std::vector<std::string> keys;
  };
  using Shared = std::shared_ptr<const Container>;

  Value(Kind kind, std::vector<Value> items, std::vector<std::string> keys);

  std::variant<std::monostate, bool, std::int64_t, double, std::string, at::Tensor, Shared> held_;
};

// "a tensor", "a list of 3": for messages.
std::string described(const Value& value);

}  // namespace scriptkit

#endif
