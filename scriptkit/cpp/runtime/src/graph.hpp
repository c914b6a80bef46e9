// A program as it is executed: numbered slots for values, operands that know where their value comes from.
#ifndef SCRIPTKIT_GRAPH_HPP
#define SCRIPTKIT_GRAPH_HPP

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace scriptkit {

struct Graph;

// What has to be done to a value before an operator takes it, because Python does it for its callers.
enum class Conversion : std::uint8_t { None, ToReal, ToTensor, ToIntegerList, ToRealList };

// How a list is handed to an operator.
enum class ListOf : std::uint8_t { Anything, Integers, Reals, Truths, Texts, Tensors, OptionalTensors };

struct Operand {
  enum class Kind : std::uint8_t { Constant, Slot, LastUse, List };

  Kind kind = Kind::Constant;
  Conversion conversion = Conversion::None;
  ListOf list_of = ListOf::Anything;
  std::uint32_t slot = 0;      // of Slot and LastUse
  c10::IValue constant;        // prepared when the file is read
  std::vector<Operand> items;  // of a List that is not constant
};

// The functions of Python on sizes and numbers that a graph may call.
enum class NumberFunction : std::uint8_t {
  Add,
  Subtract,
  Multiply,
  Divide,
  FloorDivide,
  Modulo,
  Power,
  Negate,
  Positive,
  Equal,
  Unequal,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  And,
  Or,
  Not,
  Maximum,
  Minimum,
  ToReal,
  ToInteger,
  Truncate,
  Ceil,
  Floor,
  Round,
  SquareRoot,
  Choice,
  LeftShift,
  RightShift,
  Exclusive
};

constexpr std::int32_t kUnused = -1;

struct Node {
  enum class Kind : std::uint8_t { Operator, Size, Number, Cond, WhileLoop, Scan, Map, WithGrad, WithAutocast };

  Kind kind = Kind::Operator;
  NumberFunction function = NumberFunction::Add;
  bool checks_sizes = false;  // an operator that makes a tensor of the sizes it is given
  std::optional<c10::OperatorHandle> op;
  std::optional<c10::OperatorHandle> returning;  // what returns that which `op` writes into an argument
  std::vector<Operand> operands;
  std::vector<std::unique_ptr<Graph>> graphs;  // of control flow
  std::vector<std::size_t> groups;             // of control flow: how many operands belong to each of its lists
  std::vector<std::int32_t> results;           // slots, kUnused for what nobody reads
  std::vector<std::int32_t> result_list;       // per output of an operator: how many slots, or -1 for one value
  std::string name, where;                     // for messages: the operator, and the Python line
};

struct Graph {
  std::size_t slots = 0;
  std::vector<std::int32_t> inputs;
  std::vector<Node> nodes;
  std::vector<Operand> outputs;
};

}  // namespace scriptkit

#endif
