#include "number_functions.hpp"

#include <ATen/core/Tensor.h>

#include <cmath>
#include <unordered_map>

#include "expression.hpp"
#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

using F = NumberFunction;

struct Signature {
  NumberFunction function;
  std::size_t operands;
};

// clang-format off
const std::unordered_map<std::string, Signature> kFunctions = {
    {"_operator.add", {F::Add, 2}},           {"_operator.sub", {F::Subtract, 2}},
    {"_operator.mul", {F::Multiply, 2}},      {"_operator.truediv", {F::Divide, 2}},
    {"_operator.floordiv", {F::FloorDivide, 2}}, {"_operator.mod", {F::Modulo, 2}},
    {"_operator.pow", {F::Power, 2}},         {"_operator.neg", {F::Negate, 1}},
    {"_operator.pos", {F::Positive, 1}},      {"_operator.eq", {F::Equal, 2}},
    {"_operator.ne", {F::Unequal, 2}},        {"_operator.lt", {F::Less, 2}},
    {"_operator.le", {F::LessEqual, 2}},      {"_operator.gt", {F::Greater, 2}},
    {"_operator.ge", {F::GreaterEqual, 2}},   {"_operator.and_", {F::And, 2}},
    {"_operator.or_", {F::Or, 2}},            {"_operator.xor", {F::Exclusive, 2}},
    {"_operator.lshift", {F::LeftShift, 2}},  {"_operator.rshift", {F::RightShift, 2}},
    {"torch.sym_not", {F::Not, 1}},           {"torch.sym_max", {F::Maximum, 2}},
    {"torch.sym_min", {F::Minimum, 2}},       {"torch.sym_float", {F::ToReal, 1}},
    {"torch.sym_int", {F::ToInteger, 1}},     {"torch.sym_ite", {F::Choice, 3}},
    {"torch.sym_sqrt", {F::SquareRoot, 1}},   {"torch._sym_sqrt", {F::SquareRoot, 1}},
    {"math.trunc", {F::Truncate, 1}},         {"math.ceil", {F::Ceil, 1}},
    {"math.floor", {F::Floor, 1}},            {"math.sqrt", {F::SquareRoot, 1}},
    {"builtins.round", {F::Round, 1}},        {"builtins.max", {F::Maximum, 2}},
    {"builtins.min", {F::Minimum, 2}}};
// clang-format on

Number number_of(const c10::IValue& value) {
  if (value.isInt()) return Number::of(value.toInt());
  if (value.isBool()) return Number::of(std::int64_t{value.toBool()});
  if (value.isDouble()) return Number::of(value.toDouble());
  throw RunError("a number is expected");
}

c10::IValue value_of(Number number) { return number.is_real ? c10::IValue(number.real) : c10::IValue(number.integer); }

std::int64_t integer_of(const c10::IValue& value) {
  const Number number = number_of(value);
  if (number.is_real) throw RunError("an integer is expected");
  return number.integer;
}

std::int64_t shifted(std::int64_t value, std::int64_t by, bool left) {
  if (by < 0 || by > 62) throw RunError("a shift by " + std::to_string(by) + " bits");
  return left ? static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << by) : value >> by;
}

// As Python does: half to even.
Number rounded(Number value) {
  return value.is_real ? arithmetic::truncate(Number::of(std::nearbyint(value.real))) : value;
}

c10::IValue logical(F function, const c10::IValue& a, const c10::IValue& b) {
  if (a.isBool() && b.isBool()) {
    const bool x = a.toBool(), y = b.toBool();
    return function == F::And ? (x && y) : function == F::Or ? (x || y) : x != y;
  }
  const std::int64_t x = integer_of(a), y = integer_of(b);
  return function == F::And ? (x & y) : function == F::Or ? (x | y) : (x ^ y);
}

bool compares(F function, int order) {
  switch (function) {
    case F::Equal: return order == 0;
    case F::Unequal: return order != 0;
    case F::Less: return order == -1;
    case F::LessEqual: return order == -1 || order == 0;
    case F::Greater: return order == 1;
    default: return order == 1 || order == 0;
  }
}

}  // namespace

NumberFunction number_function(const std::string& target, std::size_t operands) {
  const auto found = kFunctions.find(target);
  if (found == kFunctions.end()) throw FileError("the file calls `" + target + "`, which this program does not know");
  if (found->second.operands != operands)
    throw FileError("the file is damaged: `" + target + "` is called with " + std::to_string(operands) + " operands");
  return found->second.function;
}

bool is_true(const c10::IValue& value) {
  return value.isTensor() ? value.toTensor().item().toBool() : number_of(value).truth();
}

c10::IValue computed(NumberFunction function, const std::vector<c10::IValue>& operands) {
  const auto a = [&] { return number_of(operands[0]); };
  const auto b = [&] { return number_of(operands[1]); };
  switch (function) {
    case F::Add: return value_of(arithmetic::add(a(), b()));
    case F::Subtract: return value_of(arithmetic::subtract(a(), b()));
    case F::Multiply: return value_of(arithmetic::multiply(a(), b()));
    case F::Divide: return value_of(arithmetic::divide(a(), b()));
    case F::FloorDivide: return value_of(arithmetic::floor_divide(a(), b()));
    case F::Modulo: return value_of(arithmetic::modulo(a(), b()));
    case F::Power: return value_of(arithmetic::power(a(), b()));
    case F::Negate: return value_of(arithmetic::negate(a()));
    case F::Positive: return value_of(a());
    case F::Equal:
    case F::Unequal:
    case F::Less:
    case F::LessEqual:
    case F::Greater:
    case F::GreaterEqual: return compares(function, arithmetic::compare(a(), b()));
    case F::And:
    case F::Or:
    case F::Exclusive: return logical(function, operands[0], operands[1]);
    case F::Not: return !is_true(operands[0]);
    case F::Maximum: return value_of(arithmetic::compare(b(), a()) == 1 ? b() : a());
    case F::Minimum: return value_of(arithmetic::compare(b(), a()) == -1 ? b() : a());
    case F::ToReal: return a().value();
    case F::ToInteger:
    case F::Truncate: return value_of(arithmetic::truncate(a()));
    case F::Ceil: return value_of(arithmetic::ceil(a()));
    case F::Floor: return value_of(arithmetic::floor(a()));
    case F::Round: return value_of(rounded(a()));
    case F::SquareRoot: return value_of(arithmetic::square_root(a()));
    case F::Choice: return is_true(operands[0]) ? operands[1] : operands[2];
    case F::LeftShift: return shifted(integer_of(operands[0]), integer_of(operands[1]), true);
    case F::RightShift: return shifted(integer_of(operands[0]), integer_of(operands[1]), false);
  }
  throw RunError("an unknown function of numbers");
}

}  // namespace scriptkit
