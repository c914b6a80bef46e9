#include "out_operators.hpp"

#include <ATen/core/Tensor.h>

#include <algorithm>

#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

using Schema = c10::FunctionSchema;
using Stack = std::vector<c10::IValue>;

std::size_t outs_of(const Schema& schema) {
  const auto& arguments = schema.arguments();
  return static_cast<std::size_t>(
      std::count_if(arguments.begin(), arguments.end(), [](const c10::Argument& a) { return a.is_out(); }));
}

bool is_same_argument(const c10::Argument& a, const c10::Argument& b) {
  return a.name() == b.name() && *a.real_type() == *b.real_type();
}

bool returns_tensors(const Schema& schema, std::size_t count) {
  const auto& returns = schema.returns();
  return returns.size() == count && std::all_of(returns.begin(), returns.end(), [](const c10::Argument& result) {
           return result.type()->kind() == c10::TypeKind::TensorType && !result.alias_info();
         });
}

// Whether `other` takes the arguments of `schema` up to its outs, writes to none of them, and returns as many tensors.
bool is_returning_form(const Schema& other, const Schema& schema) {
  const auto& given = schema.arguments();
  const std::size_t inputs = given.size() - outs_of(schema);
  const auto writes = [](const c10::Argument& a) { return a.alias_info() && a.alias_info()->isWrite(); };
  return other.arguments().size() == inputs &&
         std::equal(other.arguments().begin(), other.arguments().end(), given.begin(), is_same_argument) &&
         std::none_of(other.arguments().begin(), other.arguments().end(), writes) &&
         returns_tensors(other, given.size() - inputs);
}

bool shares_memory(const c10::IValue& value, const at::Tensor& tensor) {
  if (value.isTensor()) return value.toTensor().defined() && value.toTensor().is_alias_of(tensor);
  if (!value.isList()) return false;
  const auto items = value.toListRef();
  return std::any_of(items.begin(), items.end(), [&](const c10::IValue& item) { return shares_memory(item, tensor); });
}

bool stands_alone(const Stack& stack, std::size_t place) {
  const at::Tensor& out = stack[place].toTensor();
  if (!out.is_non_overlapping_and_dense()) return false;
  for (std::size_t k = 0; k < stack.size(); ++k)
    if (k != place && shares_memory(stack[k], out)) return false;
  return true;
}

void copy_into(at::Tensor& out, const at::Tensor& result) {
  if (out.sizes() != result.sizes())
    throw RunError("the result has another size than the tensor it is written into, which others read");
  out.copy_(result);
}

}  // namespace

bool writes_into_an_argument(const Schema& schema) { return outs_of(schema) > 0; }

std::optional<c10::OperatorHandle> returning_form(const Schema& schema) {
  const auto& arguments = schema.arguments();
  const std::size_t outs = outs_of(schema);
  // the outs come last, are single tensors, and are what is returned
  for (std::size_t k = arguments.size() - outs; k < arguments.size(); ++k)
    if (!arguments[k].is_out() || arguments[k].type()->kind() != c10::TypeKind::TensorType) return {};
  if (schema.returns().size() != outs) return {};
  c10::Dispatcher& dispatcher = c10::Dispatcher::singleton();
  for (const c10::OperatorName& name : dispatcher.getAllOpNames()) {
    if (name.name != schema.name()) continue;
    const auto found = dispatcher.findSchema(name);
    if (found && is_returning_form(found->schema(), schema)) return found;
  }
  return {};
}

void call_with_out(const Node& node, Stack& stack) {
  const std::size_t inputs = node.returning->schema().arguments().size();
  bool alone = true;
  for (std::size_t k = inputs; k < stack.size(); ++k) alone = alone && stands_alone(stack, k);
  if (alone) return node.op->callBoxed(&stack);
  std::vector<at::Tensor> outs;
  for (std::size_t k = inputs; k < stack.size(); ++k) outs.push_back(stack[k].toTensor());
  stack.resize(inputs);
  node.returning->callBoxed(&stack);
  for (std::size_t k = 0; k < outs.size(); ++k) {
    copy_into(outs[k], stack[k].toTensor());
    stack[k] = outs[k];
  }
}

}  // namespace scriptkit
