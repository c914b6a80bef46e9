// What the inputs of a program must be: kinds, dtypes, sizes, fixed values, and the guards between them.
#ifndef SCRIPTKIT_INPUT_RULES_HPP
#define SCRIPTKIT_INPUT_RULES_HPP

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "expression.hpp"
#include "scriptkit/value.hpp"

namespace scriptkit {

struct DimensionRule {
  std::int64_t example = 2;  // the size it was exported with
  std::int64_t least = 0, most = std::numeric_limits<std::int64_t>::max();
  std::int32_t same_input = -1, same_dimension = -1;  // an earlier dimension that must have the same size
  std::string reason;
};

struct InputRule {
  enum class Kind { Tensor, Integer, Number, Fixed };

  Kind kind = Kind::Tensor;
  std::string name;
  std::optional<at::ScalarType> dtype;        // of a tensor; none: not checked, as torch.export does not
  at::ScalarType example_dtype = at::kFloat;  // that of the example
  std::optional<c10::DeviceType> device;
  std::vector<DimensionRule> dimensions;
  DimensionRule range;  // of an integer
  Value value;          // of what is fixed
};

// Zeros of the sizes that the program was exported with, or the value that is fixed.
Value example_of(const InputRule& rule);

class InputRules {
 public:
  std::vector<InputRule> inputs;
  std::vector<Expression> guards;

  // Nothing when the inputs fit, else why they do not, in the words of the file, and how many rules they passed.
  std::optional<std::string> reason_against(const std::vector<Value>& values, const std::vector<c10::IValue>& flat,
                                            std::size_t& passed) const;

 private:
  std::optional<std::string> reason_against_input(std::size_t place, const Value& value,
                                                  const std::vector<c10::IValue>& flat) const;
  std::optional<std::string> reason_against_size(std::size_t place, std::size_t dimension,
                                                 const std::vector<c10::IValue>& flat) const;
};

}  // namespace scriptkit

#endif
