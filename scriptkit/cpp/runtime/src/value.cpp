#include "scriptkit/value.hpp"

#include <algorithm>

#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

Value keyed(Value::Kind kind, std::vector<std::pair<std::string, Value>> entries) {
  std::vector<std::string> keys;
  std::vector<Value> items;
  for (auto& [key, item] : entries) keys.push_back(std::move(key)), items.push_back(std::move(item));
  return Value::container(kind, std::move(items), std::move(keys));
}

[[noreturn]] void wrong(const char* wanted, const Value& value) {
  throw InputError(std::string(wanted) + " is expected, not " + described(value));
}

}  // namespace

Value::Value(Kind kind, std::vector<Value> items, std::vector<std::string> keys)
    : held_(std::make_shared<const Container>(Container{kind, std::move(items), std::move(keys)})) {}

Value Value::dict(std::vector<std::pair<std::string, Value>> entries) { return keyed(Kind::Dict, std::move(entries)); }

Value Value::record(std::vector<std::pair<std::string, Value>> fields) {
  return keyed(Kind::Record, std::move(fields));
}

Value::Kind Value::kind() const {
  switch (held_.index()) {
    case 0: return Kind::None;
    case 1: return Kind::Bool;
    case 2: return Kind::Int;
    case 3: return Kind::Float;
    case 4: return Kind::Text;
    case 5: return Kind::Tensor;
    default: return std::get<Shared>(held_)->kind;
  }
}

const at::Tensor& Value::tensor() const {
  if (const auto* held = std::get_if<at::Tensor>(&held_)) return *held;
  wrong("a tensor", *this);
}

bool Value::boolean() const {
  if (const auto* held = std::get_if<bool>(&held_)) return *held;
  wrong("a boolean", *this);
}

std::int64_t Value::integer() const {
  if (const auto* held = std::get_if<std::int64_t>(&held_)) return *held;
  wrong("an integer", *this);
}

double Value::number() const {
  if (const auto* held = std::get_if<double>(&held_)) return *held;
  if (const auto* held = std::get_if<std::int64_t>(&held_)) return static_cast<double>(*held);
  wrong("a number", *this);
}

const std::string& Value::text() const {
  if (const auto* held = std::get_if<std::string>(&held_)) return *held;
  wrong("a text", *this);
}

const std::vector<Value>& Value::items() const {
  if (const auto* held = std::get_if<Shared>(&held_)) return (*held)->items;
  wrong("a container", *this);
}

const std::vector<std::string>& Value::keys() const {
  if (const auto* held = std::get_if<Shared>(&held_)) return (*held)->keys;
  wrong("a container", *this);
}

const Value& Value::operator[](std::size_t place) const {
  if (place >= size()) throw InputError(described(*this) + " has no item " + std::to_string(place));
  return items()[place];
}

const Value& Value::operator[](const std::string& key) const {
  const auto found = std::find(keys().begin(), keys().end(), key);
  if (found == keys().end()) throw InputError(described(*this) + " has no `" + key + "`");
  return items()[static_cast<std::size_t>(found - keys().begin())];
}

std::string described(const Value& value) {
  const auto of = [&] { return std::to_string(value.size()); };
  switch (value.kind()) {
    case Value::Kind::None: return "None";
    case Value::Kind::Bool: return value.boolean() ? "True" : "False";
    case Value::Kind::Int: return "the integer " + std::to_string(value.integer());
    case Value::Kind::Float: return "the number " + std::to_string(value.number());
    case Value::Kind::Text: return "the text '" + value.text() + "'";
    case Value::Kind::Tensor: return "a tensor";
    case Value::Kind::List: return "a list of " + of();
    case Value::Kind::Tuple: return "a tuple of " + of();
    case Value::Kind::Dict: return "a dictionary of " + of();
    case Value::Kind::Record: return "a record of " + of();
  }
  return "an unknown value";
}

}  // namespace scriptkit
