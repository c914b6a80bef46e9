// Between C++ values and the values of TorchScript. The same for every model; made by `scriptkit new-cpp`.
#ifndef SCRIPTKIT_VALUES_HPP
#define SCRIPTKIT_VALUES_HPP

#include <torch/script.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace scriptkit {

// A dictionary that keeps its order, as TorchScript's does.
template <class Key, class Item>
struct Dict : std::vector<std::pair<Key, Item>> {
  using std::vector<std::pair<Key, Item>>::vector;

  const Item& at(const Key& key) const {
    for (const auto& entry : *this) {
      if (entry.first == key) return entry.second;
    }
    throw std::out_of_range("scriptkit::Dict: no such key");
  }
};

// Tensors, numbers, strings and devices: LibTorch knows how.
template <class T>
struct Value {
  static c10::IValue pack(const T& value, const c10::TypePtr&) { return c10::IValue(value); }
  static T unpack(const c10::IValue& value) { return value.to<T>(); }
};

template <>
struct Value<c10::IValue> {
  static c10::IValue pack(const c10::IValue& value, const c10::TypePtr&) { return value; }
  static c10::IValue unpack(const c10::IValue& value) { return value; }
};

template <class T>
struct Value<std::optional<T>> {
  static c10::IValue pack(const std::optional<T>& value, const c10::TypePtr& type) {
    return value ? Value<T>::pack(*value, type->expectRef<c10::OptionalType>().getElementType()) : c10::IValue();
  }
  static std::optional<T> unpack(const c10::IValue& value) {
    return value.isNone() ? std::nullopt : std::optional<T>(Value<T>::unpack(value));
  }
};

template <class T>
struct Value<std::vector<T>> {
  static c10::IValue pack(const std::vector<T>& values, const c10::TypePtr& type) {
    const auto element = type->expectRef<c10::ListType>().getElementType();
    c10::impl::GenericList list(element);
    for (const T& value : values) list.push_back(Value<T>::pack(value, element));
    return list;
  }
  static std::vector<T> unpack(const c10::IValue& value) {
    std::vector<T> values;
    for (const c10::IValue& element : value.toListRef()) values.push_back(Value<T>::unpack(element));
    return values;
  }
};

template <class Key, class Item>
struct Value<Dict<Key, Item>> {
  static c10::IValue pack(const Dict<Key, Item>& values, const c10::TypePtr& type) {
    const auto& dict_type = type->expectRef<c10::DictType>();
    c10::impl::GenericDict dict(dict_type.getKeyType(), dict_type.getValueType());
    for (const auto& [key, item] : values) {
      dict.insert(Value<Key>::pack(key, dict_type.getKeyType()), Value<Item>::pack(item, dict_type.getValueType()));
    }
    return dict;
  }
  static Dict<Key, Item> unpack(const c10::IValue& value) {
    Dict<Key, Item> values;
    for (const auto& entry : value.toGenericDict()) {
      values.emplace_back(Value<Key>::unpack(entry.key()), Value<Item>::unpack(entry.value()));
    }
    return values;
  }
};

template <class... Ts>
struct Value<std::tuple<Ts...>> {
  static c10::IValue pack(const std::tuple<Ts...>& values, const c10::TypePtr& type) {
    return pack_each(values, *type->expect<c10::TupleType>(), std::index_sequence_for<Ts...>());
  }
  static std::tuple<Ts...> unpack(const c10::IValue& value) {
    return unpack_each(value.toTupleRef().elements(), std::index_sequence_for<Ts...>());
  }

 private:
  template <std::size_t... I>
  static c10::IValue pack_each(
      const std::tuple<Ts...>& values, [[maybe_unused]] const c10::TupleType& type, std::index_sequence<I...>) {
    return c10::ivalue::Tuple::create(
        std::vector<c10::IValue>{Value<Ts>::pack(std::get<I>(values), type.elements()[I])...});
  }
  template <class Elements, std::size_t... I>
  static std::tuple<Ts...> unpack_each([[maybe_unused]] const Elements& elements, std::index_sequence<I...>) {
    return {Value<Ts>::unpack(elements[I])...};
  }
};

// Call a method of a model without recording gradients.
template <class Result, class... Arguments>
Result call(const torch::jit::Method& method, const Arguments&... arguments) {
  torch::NoGradGuard no_grad;
  [[maybe_unused]] const auto& parameters = method.function().getSchema().arguments();
  [[maybe_unused]] std::size_t place = 0;  // of `self`
  std::vector<c10::IValue> packed;
  packed.reserve(sizeof...(Arguments));
  (packed.push_back(Value<Arguments>::pack(arguments, parameters.at(++place).type())), ...);
  if constexpr (std::is_void_v<Result>) {
    method(std::move(packed));
  } else {
    return Value<Result>::unpack(method(std::move(packed)));
  }
}

}  // namespace scriptkit

#endif
