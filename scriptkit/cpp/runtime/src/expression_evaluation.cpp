// The truth of a guard for the inputs of a call.
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>

#include "expression_node.hpp"
#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

using Node = Expression::Node;
using What = Node::What;

Number quantity_of(const Node& node, const c10::IValue& input) {
  if (node.what == What::Input) {
    if (input.isInt()) return Number::of(input.toInt());
    if (input.isDouble()) return Number::of(input.toDouble());
    if (input.isBool()) return Number::of(std::int64_t{input.toBool()});
    throw RunError("an input is no number");
  }
  if (!input.isTensor()) throw RunError("an input is no tensor");
  const at::Tensor& tensor = input.toTensor();
  if (node.what == What::Offset) return Number::of(tensor.storage_offset());
  if (node.dimension >= tensor.dim()) throw RunError("an input has too few dimensions");
  return Number::of(node.what == What::Size ? tensor.size(node.dimension) : tensor.stride(node.dimension));
}

Number evaluated(const Node& node, const std::vector<c10::IValue>& inputs);

bool compares(const Node& node, const std::vector<c10::IValue>& inputs) {
  const int order = arithmetic::compare(evaluated(*node.parts[0], inputs), evaluated(*node.parts[1], inputs));
  switch (node.what) {
    case What::Equal: return order == 0;
    case What::Unequal: return order != 0;
    case What::Less: return order == -1;
    case What::LessEqual: return order == -1 || order == 0;
    case What::Greater: return order == 1;
    default: return order == 1 || order == 0;
  }
}

Number extreme(const Node& node, const std::vector<c10::IValue>& inputs, int wanted) {
  Number best = evaluated(*node.parts[0], inputs);
  for (std::size_t k = 1; k < node.parts.size(); ++k) {
    const Number next = evaluated(*node.parts[k], inputs);
    if (arithmetic::compare(next, best) == wanted) best = next;
  }
  return best;
}

Number absolute(Number a) { return a.value() < 0 ? arithmetic::negate(a) : a; }

Number evaluated(const Node& node, const std::vector<c10::IValue>& inputs) {
  const auto truth = [](bool value) { return Number::of(std::int64_t{value}); };
  const auto part = [&](std::size_t k) { return evaluated(*node.parts[k], inputs); };
  const auto holds = [&](const std::shared_ptr<const Node>& one) { return evaluated(*one, inputs).truth(); };
  switch (node.what) {
    case What::Constant: return node.constant;
    case What::Size:
    case What::Stride:
    case What::Offset:
    case What::Input: return quantity_of(node, inputs.at(node.input));
    case What::Or: return truth(std::any_of(node.parts.begin(), node.parts.end(), holds));
    case What::And: return truth(std::all_of(node.parts.begin(), node.parts.end(), holds));
    case What::Not: return truth(!part(0).truth());
    case What::Choice: return part(0).truth() ? part(1) : part(2);
    case What::Equal:
    case What::Unequal:
    case What::Less:
    case What::LessEqual:
    case What::Greater:
    case What::GreaterEqual: return truth(compares(node, inputs));
    case What::Add: return arithmetic::add(part(0), part(1));
    case What::Subtract: return arithmetic::subtract(part(0), part(1));
    case What::Multiply: return arithmetic::multiply(part(0), part(1));
    case What::Divide: return arithmetic::divide(part(0), part(1));
    case What::FloorDivide: return arithmetic::floor_divide(part(0), part(1));
    case What::Modulo: return arithmetic::modulo(part(0), part(1));
    case What::Power: return arithmetic::power(part(0), part(1));
    case What::Negate: return arithmetic::negate(part(0));
    case What::Maximum: return extreme(node, inputs, 1);
    case What::Minimum: return extreme(node, inputs, -1);
    case What::Absolute: return absolute(part(0));
    case What::Ceil: return arithmetic::ceil(part(0));
    case What::Floor: return arithmetic::floor(part(0));
    case What::Truncate: return arithmetic::truncate(part(0));
    case What::SquareRoot: return arithmetic::square_root(part(0));
    case What::Real: return Number::of(part(0).value());
    case What::IsNaN: return truth(std::isnan(part(0).value()));
  }
  return {};
}

}  // namespace

bool Expression::holds(const std::vector<c10::IValue>& inputs) const {
  try {
    return evaluated(*root_, inputs).truth();
  } catch (const RunError&) {
    return false;
  }
}

}  // namespace scriptkit
