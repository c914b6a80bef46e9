// Between C++ types and the values of a model, for functions with types.
#ifndef SCRIPTKIT_TYPED_HPP
#define SCRIPTKIT_TYPED_HPP

#include <c10/core/GradMode.h>

#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "scriptkit/model.hpp"

namespace scriptkit {

// A dictionary that keeps its order, as Python's does.
template <class Item>
struct Dict : std::vector<std::pair<std::string, Item>> {
  using std::vector<std::pair<std::string, Item>>::vector;

  const Item& at(const std::string& key) const {
    for (const auto& entry : *this)
      if (entry.first == key) return entry.second;
    throw InputError("a dictionary has no `" + key + "`");
  }
};

template <class T>
struct Typed;

template <>
struct Typed<Value> {
  static Value pack(const Value& value) { return value; }
  static Value unpack(const Value& value) { return value; }
};

template <>
struct Typed<at::Tensor> {
  static Value pack(const at::Tensor& value) { return value; }
  static at::Tensor unpack(const Value& value) { return value.tensor(); }
};

template <>
struct Typed<std::int64_t> {
  static Value pack(std::int64_t value) { return value; }
  static std::int64_t unpack(const Value& value) { return value.integer(); }
};

template <>
struct Typed<double> {
  static Value pack(double value) { return value; }
  static double unpack(const Value& value) { return value.number(); }
};

template <>
struct Typed<bool> {
  static Value pack(bool value) { return value; }
  static bool unpack(const Value& value) { return value.boolean(); }
};

template <>
struct Typed<std::string> {
  static Value pack(const std::string& value) { return value; }
  static std::string unpack(const Value& value) { return value.text(); }
};

template <class T>
struct Typed<std::optional<T>> {
  static Value pack(const std::optional<T>& value) { return value ? Typed<T>::pack(*value) : Value(); }
  static std::optional<T> unpack(const Value& value) {
    return value.is_none() ? std::nullopt : std::optional<T>(Typed<T>::unpack(value));
  }
};

template <class T>
struct Typed<std::vector<T>> {
  static Value pack(const std::vector<T>& values) {
    std::vector<Value> items;
    for (const T& value : values) items.push_back(Typed<T>::pack(value));
    return Value::list(std::move(items));
  }
  static std::vector<T> unpack(const Value& value) {
    std::vector<T> items;
    for (const Value& item : value.items()) items.push_back(Typed<T>::unpack(item));
    return items;
  }
};

template <class T>
struct Typed<Dict<T>> {
  static Value pack(const Dict<T>& values) {
    std::vector<std::pair<std::string, Value>> entries;
    for (const auto& [key, value] : values) entries.emplace_back(key, Typed<T>::pack(value));
    return Value::dict(std::move(entries));
  }
  static Dict<T> unpack(const Value& value) {
    Dict<T> entries;
    for (std::size_t k = 0; k < value.size(); ++k) entries.emplace_back(value.keys().at(k), Typed<T>::unpack(value[k]));
    return entries;
  }
};

template <class... Ts>
struct Typed<std::tuple<Ts...>> {
  static Value pack(const std::tuple<Ts...>& values) {
    return std::apply([](const Ts&... each) { return Value::tuple({Typed<Ts>::pack(each)...}); }, values);
  }
  static std::tuple<Ts...> unpack(const Value& value) { return unpack_each(value, std::index_sequence_for<Ts...>()); }

 private:
  template <std::size_t... I>
  static std::tuple<Ts...> unpack_each([[maybe_unused]] const Value& value, std::index_sequence<I...>) {
    return {Typed<Ts>::unpack(value[I])...};
  }
};

// Call a method without recording gradients; `names` are those of the arguments.
template <class Result, class... Arguments>
Result call(const Model& model, const char* method, std::vector<std::string> names, const Arguments&... arguments) {
  const c10::NoGradGuard no_grad;
  Model::Named named;
  named.reserve(sizeof...(Arguments));
  [[maybe_unused]] std::size_t place = 0;
  (named.emplace_back(std::move(names.at(place++)), Typed<Arguments>::pack(arguments)), ...);
  if constexpr (std::is_void_v<Result>)
    model.call(method, {}, named);
  else
    return Typed<Result>::unpack(model.call(method, {}, named));
}

}  // namespace scriptkit

#endif
