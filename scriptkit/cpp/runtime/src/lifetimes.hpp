// Which use of a value is its last: there it is moved, not copied, and so freed as soon as the operator is done.
#ifndef SCRIPTKIT_LIFETIMES_HPP
#define SCRIPTKIT_LIFETIMES_HPP

#include "graph.hpp"

namespace scriptkit {

void mark_lifetimes(Graph& graph);

}  // namespace scriptkit

#endif
