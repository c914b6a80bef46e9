// The arguments of a node as the file writes them.
#ifndef SCRIPTKIT_ARGUMENT_READER_HPP
#define SCRIPTKIT_ARGUMENT_READER_HPP

#include <string>
#include <unordered_map>
#include <vector>

#include "graph.hpp"
#include "json.hpp"
#include "operators.hpp"

namespace scriptkit {

struct NameFacts {
  bool is_tensor = false;
  bool may_alias_state = false;  // it may share memory with a parameter, buffer or constant
};

// The values that are known so far, by name.
class Names {
 public:
  std::int32_t define(const std::string& name, NameFacts facts);
  std::uint32_t slot(const std::string& name) const;
  const NameFacts& facts(std::uint32_t slot) const { return facts_[slot]; }
  std::size_t size() const { return facts_.size(); }

 private:
  std::unordered_map<std::string, std::uint32_t> slots_;
  std::vector<NameFacts> facts_;
};

struct ReadArgument {
  Operand operand;
  Written written = Written::None;
  bool is_tensor = false;
  bool may_alias_state = false;
};

bool is_symbolic_number(const std::string& kind);  // as_sym_int, as_sym_bool, as_sym_float

ReadArgument read_argument(const Json& argument, const Names& names);

}  // namespace scriptkit

#endif
