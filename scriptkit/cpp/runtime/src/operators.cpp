#include "operators.hpp"

#include <ATen/ScalarOps.h>
#include <ATen/core/jit_type.h>

#include <algorithm>
#include <iterator>

#include "allowed.hpp"
#include "out_operators.hpp"
#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

using c10::TypeKind;

const std::set<std::string> kOwnNamespaces = {"aten", "prims", "torchvision", "sym"};

struct Name {
  std::string space, name, overload;
};

Name parts_of(const std::string& target) {
  constexpr std::size_t prefix = 10;  // `torch.ops.`
  const std::size_t dot = target.find('.', prefix), second = target.find('.', dot + 1);
  if (dot == std::string::npos || second == std::string::npos)
    throw FileError("the file is damaged: `" + target + "` names no operator");
  const std::string overload = target.substr(second + 1);
  return {target.substr(prefix, dot - prefix), target.substr(dot + 1, second - dot - 1),
          overload == "default" ? "" : overload};
}

c10::TypePtr without_optional(c10::TypePtr type) {
  while (const auto optional = type->cast<c10::OptionalType>()) type = optional->getElementType();
  return type;
}

bool is_plain(const c10::TypePtr& full) {
  const c10::TypePtr type = without_optional(full);
  switch (type->kind()) {
    case TypeKind::TensorType:
    case TypeKind::IntType:
    case TypeKind::SymIntType:
    case TypeKind::FloatType:
    case TypeKind::SymFloatType:
    case TypeKind::BoolType:
    case TypeKind::SymBoolType:
    case TypeKind::NumberType:
    case TypeKind::StringType:
    case TypeKind::ComplexType:
    case TypeKind::DeviceObjType:
    case TypeKind::LayoutType:
    case TypeKind::ScalarTypeType:
    case TypeKind::MemoryFormatType:
    case TypeKind::GeneratorType: return true;
    case TypeKind::ListType: return is_plain(type->expectRef<c10::ListType>().getElementType());
    default: return false;
  }
}

template <std::size_t N>
bool contains(const char* const (&names)[N], const std::string& name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

std::string reason_against(const Name& name, const c10::FunctionSchema& schema) {
  if (contains(kRefused, name.name)) return "it reaches beyond the tensors it is given";
  const bool is_inner = name.space == "aten" && name.name[0] == '_';
  if (is_inner && !contains(kAllowedInner, name.name)) return "it is an inner working of torch";
  if (schema.is_vararg() || schema.is_varret()) return "it takes any number of arguments";
  for (const c10::Argument& argument : schema.arguments()) {
    if (!is_plain(argument.real_type())) return "its argument `" + argument.name() + "` is no tensor, number or text";
    if (argument.name() == "filename") return "it reads files";
  }
  for (const c10::Argument& result : schema.returns())
    if (!is_plain(result.real_type())) return "its result is no tensor or number";
  if (writes_into_an_argument(schema) && !returning_form(schema))
    return "it writes into an argument what no operator of its name returns";
  return "";
}

}  // namespace

c10::OperatorHandle resolved_operator(const std::string& target, const std::set<std::string>& namespaces) {
  const Name name = parts_of(target);
  if (!kOwnNamespaces.count(name.space) && !namespaces.count(name.space))
    throw FileError("the file calls `" + target + "`, an operator of the namespace `" + name.space +
                    "`: register it in this program and name the namespace in LoadOptions::namespaces");
  const auto found = c10::Dispatcher::singleton().findSchema({name.space + "::" + name.name, name.overload});
  if (!found) throw FileError("the file calls `" + target + "`, which this LibTorch does not have");
  const std::string reason = reason_against(name, found->schema());
  if (!reason.empty()) throw FileError("the file calls `" + target + "`, which is not allowed: " + reason);
  return *found;
}

c10::IValue made_list(const std::vector<c10::IValue>& items, ListOf list_of) {
  const auto filled = [&](auto list, auto item_of) -> c10::IValue {
    list.reserve(items.size());
    for (const c10::IValue& item : items) list.push_back(item_of(item));
    return list;
  };
  switch (list_of) {
    case ListOf::Integers: return filled(c10::List<std::int64_t>(), [](const c10::IValue& v) { return v.toInt(); });
    case ListOf::Reals:
      return filled(c10::List<double>(),
                    [](const c10::IValue& v) { return v.isInt() ? double(v.toInt()) : v.toDouble(); });
    case ListOf::Truths: return filled(c10::List<bool>(), [](const c10::IValue& v) { return v.toBool(); });
    case ListOf::Texts: return filled(c10::List<std::string>(), [](const c10::IValue& v) { return v.toStringRef(); });
    case ListOf::Tensors: return filled(c10::List<at::Tensor>(), [](const c10::IValue& v) { return v.toTensor(); });
    case ListOf::OptionalTensors:
      return filled(c10::List<std::optional<at::Tensor>>(), [](const c10::IValue& v) {
        return v.isNone() ? std::optional<at::Tensor>() : std::optional<at::Tensor>(v.toTensor());
      });
    case ListOf::Anything: break;
  }
  return filled(c10::impl::GenericList(c10::NumberType::get()), [](const c10::IValue& v) { return v; });
}

c10::IValue converted(const c10::IValue& value, Conversion conversion) {
  switch (conversion) {
    case Conversion::None: return value;
    case Conversion::ToReal: return value.isInt() ? c10::IValue(static_cast<double>(value.toInt())) : value;
    case Conversion::ToIntegerList: return value.isList() ? value : made_list({value}, ListOf::Integers);
    case Conversion::ToRealList: return value.isList() ? value : made_list({value}, ListOf::Reals);
    case Conversion::ToTensor: break;
  }
  if (!value.isScalar()) return value;
  at::Tensor number = c10::scalar_to_tensor(value.toScalar());
  number.unsafeGetTensorImpl()->set_wrapped_number(true);  // as Python's numbers: it does not decide the dtype
  return number;
}

namespace {

[[noreturn]] void does_not_fit(const c10::Argument& argument) {
  throw FileError("the file is damaged: the argument `" + argument.name() + "` of an operator is of another kind");
}

ListOf list_of(const c10::TypePtr& element) {
  switch (element->kind()) {
    case TypeKind::IntType:
    case TypeKind::SymIntType: return ListOf::Integers;
    case TypeKind::FloatType:
    case TypeKind::SymFloatType: return ListOf::Reals;
    case TypeKind::BoolType:
    case TypeKind::SymBoolType: return ListOf::Truths;
    case TypeKind::StringType: return ListOf::Texts;
    case TypeKind::TensorType: return ListOf::Tensors;
    case TypeKind::OptionalType: return ListOf::OptionalTensors;
    default: return ListOf::Anything;
  }
}

Conversion conversion_to(const c10::Type& type) {
  if (type.kind() == TypeKind::TensorType) return Conversion::ToTensor;
  if (type.kind() == TypeKind::FloatType || type.kind() == TypeKind::SymFloatType) return Conversion::ToReal;
  if (type.kind() != TypeKind::ListType) return Conversion::None;
  switch (list_of(type.expectRef<c10::ListType>().getElementType())) {
    case ListOf::Integers: return Conversion::ToIntegerList;
    case ListOf::Reals: return Conversion::ToRealList;
    default: return Conversion::None;
  }
}

// The operand of a list: constant where all its items are, else put together at each call.
Operand prepared_list(Operand given, const c10::Type& type, const c10::Argument& argument) {
  if (type.kind() != TypeKind::ListType) does_not_fit(argument);
  given.list_of = list_of(type.expectRef<c10::ListType>().getElementType());
  const auto is_constant = [](const Operand& item) { return item.kind == Operand::Kind::Constant; };
  if (!std::all_of(given.items.begin(), given.items.end(), is_constant)) return given;
  std::vector<c10::IValue> items;
  for (const Operand& item : given.items) items.push_back(item.constant);
  Operand constant;
  try {
    constant.constant = made_list(items, given.list_of);
  } catch (const c10::Error&) {
    does_not_fit(argument);
  }
  return constant;
}

// Numbers that stand for a dtype and the like are taken from where the file says so, and from nowhere else:
// torch trusts them.
bool may_be(Written written, bool is_tensor, const c10::Type& type) {
  switch (type.kind()) {
    case TypeKind::ScalarTypeType: return written == Written::ScalarType;
    case TypeKind::LayoutType: return written == Written::Layout;
    case TypeKind::MemoryFormatType: return written == Written::MemoryFormat;
    case TypeKind::DeviceObjType: return written == Written::Device;
    case TypeKind::StringType: return written == Written::Text;
    case TypeKind::GeneratorType: return false;
    case TypeKind::TensorType: return written == Written::Number || is_tensor;
    case TypeKind::ListType: return written == Written::List || (written == Written::Number && !is_tensor);
    default: return written == Written::Number && !is_tensor;
  }
}

}  // namespace

Operand prepared_operand(Operand given, Written written, bool is_tensor, const c10::Argument& argument) {
  if (written == Written::None) {
    if (argument.real_type()->kind() != TypeKind::OptionalType) does_not_fit(argument);
    return given;
  }
  const c10::TypePtr type = without_optional(argument.real_type());
  if (!may_be(written, is_tensor, *type)) does_not_fit(argument);
  if (written == Written::List) return prepared_list(std::move(given), *type, argument);
  if (is_tensor) return given;
  given.conversion = conversion_to(*type);
  if (given.kind == Operand::Kind::Constant) {
    given.constant = converted(given.constant, given.conversion);
    given.conversion = Conversion::None;
  }
  return given;
}

}  // namespace scriptkit
