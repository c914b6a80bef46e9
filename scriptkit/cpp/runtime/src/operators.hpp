// Which operators a file may call, and how their arguments are prepared once for all calls.
#ifndef SCRIPTKIT_OPERATORS_HPP
#define SCRIPTKIT_OPERATORS_HPP

#include <set>
#include <string>

#include "graph.hpp"

namespace scriptkit {

// The operator of `torch.ops.aten.add.Tensor`. FileError when this LibTorch has none of that name, or when it is
// no pure function of tensors and numbers. `namespaces`: those allowed besides torch's own.
c10::OperatorHandle resolved_operator(const std::string& target, const std::set<std::string>& namespaces);

// What an argument in the file is, before the schema of the operator is known.
enum class Written { Number, Tensor, List, ScalarType, Layout, MemoryFormat, Device, Text, None };

// The operand as an operator takes it. `is_tensor`: for a slot, whether it holds a tensor.
Operand prepared_operand(Operand given, Written written, bool is_tensor, const c10::Argument& argument);

// A list as operators take it, and the value of an operand after its conversion.
c10::IValue made_list(const std::vector<c10::IValue>& items, ListOf list_of);
c10::IValue converted(const c10::IValue& value, Conversion conversion);

}  // namespace scriptkit

#endif
