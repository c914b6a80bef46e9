// A guard: a Python expression over the sizes and numbers of the inputs, read once and evaluated at each call.
#ifndef SCRIPTKIT_EXPRESSION_HPP
#define SCRIPTKIT_EXPRESSION_HPP

#include <ATen/core/ivalue.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "json.hpp"

namespace scriptkit {

// Python's number: an integer as long as it fits, else a float. A truth value is 0 or 1.
struct Number {
  bool is_real = false;
  std::int64_t integer = 0;
  double real = 0;

  static Number of(std::int64_t value) { return {false, value, 0}; }
  static Number of(double value) { return {true, 0, value}; }
  double value() const { return is_real ? real : static_cast<double>(integer); }
  bool truth() const { return is_real ? real != 0 : integer != 0; }
};

// The operations of Python's `operator` on numbers; RunError where Python raises (division by zero).
namespace arithmetic {
Number add(Number a, Number b);
Number subtract(Number a, Number b);
Number multiply(Number a, Number b);
Number divide(Number a, Number b);
Number floor_divide(Number a, Number b);
Number modulo(Number a, Number b);
Number power(Number a, Number b);
Number negate(Number a);
Number truncate(Number a);
Number floor(Number a);
Number ceil(Number a);
Number square_root(Number a);
int compare(Number a, Number b);  // -1, 0, 1; 2 when one is NaN
}  // namespace arithmetic

class Expression {
 public:
  // `places`: the number of the flat input by its path, `['x'][0]`. FileError for what cannot be read.
  static Expression parse(const std::string& text, const std::unordered_map<std::string, std::size_t>& places);
  // The same from the manifest of scriptkit, which writes guards as trees; `inputs`: how many there are.
  static Expression from_manifest(const Json& guard, std::size_t inputs);

  // Whether it holds; what Python would raise for (a dimension that is not there) counts as not.
  bool holds(const std::vector<c10::IValue>& inputs) const;

  const std::string& text() const { return text_; }

  struct Node;

 private:
  std::string text_;
  std::shared_ptr<const Node> root_;
};

}  // namespace scriptkit

#endif
