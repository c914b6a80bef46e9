// What a graph computes on sizes and numbers, outside of any tensor.
#ifndef SCRIPTKIT_NUMBER_FUNCTIONS_HPP
#define SCRIPTKIT_NUMBER_FUNCTIONS_HPP

#include <string>
#include <vector>

#include "graph.hpp"

namespace scriptkit {

// The function of a target such as `_operator.add`; FileError when it is not known or takes another number of operands.
NumberFunction number_function(const std::string& target, std::size_t operands);

c10::IValue computed(NumberFunction function, const std::vector<c10::IValue>& operands);

// The truth of a number, or of a tensor of one element.
bool is_true(const c10::IValue& value);

}  // namespace scriptkit

#endif
