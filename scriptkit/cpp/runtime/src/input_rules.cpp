#include "input_rules.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>

#include "codes.hpp"
#include "structure.hpp"

namespace scriptkit {
namespace {

std::string because(const std::string& reason) { return reason.empty() ? "" : ": " + reason; }

std::optional<std::string> reason_against_range(const std::string& what, std::int64_t value,
                                                const DimensionRule& rule) {
  if (value >= rule.least && value <= rule.most) return std::nullopt;
  const std::string wanted = rule.least == rule.most ? std::to_string(rule.least)
                             : value < rule.least    ? "at least " + std::to_string(rule.least)
                                                     : "at most " + std::to_string(rule.most);
  return what + " must be " + wanted + ", not " + std::to_string(value) + because(rule.reason);
}

// A number among the inputs counts as its own size.
std::int64_t size_of(const c10::IValue& input, std::int32_t dimension) {
  return input.isInt() ? input.toInt() : input.toTensor().size(dimension);
}

}  // namespace

Value example_of(const InputRule& rule) {
  switch (rule.kind) {
    case InputRule::Kind::Fixed: return rule.value;
    case InputRule::Kind::Integer: return rule.range.example;
    case InputRule::Kind::Number: return 1.0;
    case InputRule::Kind::Tensor: break;
  }
  std::vector<std::int64_t> sizes;
  for (const DimensionRule& dimension : rule.dimensions) sizes.push_back(dimension.example);
  return at::zeros(sizes, at::TensorOptions().dtype(rule.dtype.value_or(rule.example_dtype)));
}

std::optional<std::string> InputRules::reason_against_size(std::size_t place, std::size_t dimension,
                                                           const std::vector<c10::IValue>& flat) const {
  const InputRule& rule = inputs[place];
  const DimensionRule& size_rule = rule.dimensions[dimension];
  const std::int64_t size = flat[place].toTensor().size(static_cast<std::int64_t>(dimension));
  const auto what = [&](std::size_t at, std::size_t of) {
    return "dimension " + std::to_string(at) + " of `" + inputs[of].name + "`";
  };
  if (size < size_rule.least || size > size_rule.most)
    return reason_against_range(what(dimension, place), size, size_rule);
  if (size_rule.same_input < 0) return std::nullopt;
  const auto other = static_cast<std::size_t>(size_rule.same_input),
             there = static_cast<std::size_t>(size_rule.same_dimension);
  const std::int64_t same = size_of(flat[other], size_rule.same_dimension);
  if (size == same) return std::nullopt;
  return what(dimension, place) + " must equal " + what(there, other) + ", which is " + std::to_string(same) +
         ", not " + std::to_string(size);
}

std::optional<std::string> InputRules::reason_against_input(std::size_t place, const Value& value,
                                                            const std::vector<c10::IValue>& flat) const {
  const InputRule& rule = inputs[place];
  const auto expected = [&](const std::string& wanted, const std::string& found) {
    return "`" + rule.name + "` must be " + wanted + ", not " + found;
  };
  switch (rule.kind) {
    case InputRule::Kind::Fixed:
      if (same_literal(rule.value, value)) return std::nullopt;
      return expected(described(rule.value), described(value)) + ": that value is part of the program";
    case InputRule::Kind::Integer:
      if (value.kind() != Value::Kind::Int) return expected("an integer", described(value));
      if (rule.range.same_input >= 0 &&
          value.integer() != size_of(flat[static_cast<std::size_t>(rule.range.same_input)], rule.range.same_dimension))
        return expected("equal to a size of `" + inputs[static_cast<std::size_t>(rule.range.same_input)].name + "`",
                        described(value));
      return reason_against_range("`" + rule.name + "`", value.integer(), rule.range);
    case InputRule::Kind::Number:
      if (value.kind() == Value::Kind::Int || value.kind() == Value::Kind::Float || value.kind() == Value::Kind::Bool)
        return std::nullopt;
      return expected("a number", described(value));
    case InputRule::Kind::Tensor: break;
  }
  if (value.kind() != Value::Kind::Tensor || !value.tensor().defined()) return expected("a tensor", described(value));
  const at::Tensor& tensor = value.tensor();
  if (rule.dtype && tensor.scalar_type() != *rule.dtype)
    return expected(name_of(*rule.dtype), name_of(tensor.scalar_type()));
  if (rule.device && tensor.device().type() != *rule.device)
    return "`" + rule.name + "` must be on " + c10::DeviceTypeName(*rule.device, true) + ", not on " +
           tensor.device().str();
  if (static_cast<std::size_t>(tensor.dim()) != rule.dimensions.size())
    return "`" + rule.name + "` must have " + std::to_string(rule.dimensions.size()) + " dimensions, not " +
           std::to_string(tensor.dim());
  for (std::size_t dimension = 0; dimension < rule.dimensions.size(); ++dimension)
    if (auto reason = reason_against_size(place, dimension, flat)) return reason;
  return std::nullopt;
}

std::optional<std::string> InputRules::reason_against(const std::vector<Value>& values,
                                                      const std::vector<c10::IValue>& flat, std::size_t& passed) const {
  for (std::size_t place = 0; place < inputs.size(); ++place, ++passed)
    if (auto reason = reason_against_input(place, values[place], flat)) return reason;
  for (const Expression& guard : guards) {
    if (!guard.holds(flat)) return guard.text();
    ++passed;
  }
  return std::nullopt;
}

}  // namespace scriptkit
