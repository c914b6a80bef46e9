// Operators that write their result into an argument: `aten.mm.out(a, b, out=c)`.
//
// Such an operator gives its `out` the size of the result while it still reads its inputs, and some of them trust
// `out` to share no memory with these. So it is called only where `out` is a plain tensor on its own; elsewhere the
// operator that returns the same result is, and the result is copied.
#ifndef SCRIPTKIT_OUT_OPERATORS_HPP
#define SCRIPTKIT_OUT_OPERATORS_HPP

#include <string>

#include "graph.hpp"

namespace scriptkit {

bool writes_into_an_argument(const c10::FunctionSchema& schema);

// The operator of the same name that takes the same arguments without `out`, and returns what would be written.
// None where torch has none: then nothing says what the operator does to its argument.
std::optional<c10::OperatorHandle> returning_form(const c10::FunctionSchema& schema);

// Calls a node whose operator is one of these; the arguments lie on the stack, the results will.
void call_with_out(const Node& node, std::vector<c10::IValue>& stack);

}  // namespace scriptkit

#endif
