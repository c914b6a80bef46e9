// The parts of a guard.
#ifndef SCRIPTKIT_EXPRESSION_NODE_HPP
#define SCRIPTKIT_EXPRESSION_NODE_HPP

#include "expression.hpp"

namespace scriptkit {

// A quantity of an input, a constant, or an operation on other nodes.
struct Expression::Node {
  enum class What {
    Constant,
    Size,
    Stride,
    Offset,
    Input,
    Or,
    And,
    Not,
    Choice,
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    Negate,
    Maximum,
    Minimum,
    Absolute,
    Ceil,
    Floor,
    Truncate,
    SquareRoot,
    Real,
    IsNaN
  };
  What what = What::Constant;
  Number constant;
  std::size_t input = 0;
  std::int64_t dimension = 0;
  std::vector<std::shared_ptr<const Node>> parts;
};

}  // namespace scriptkit

#endif
