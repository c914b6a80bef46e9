// From an operand to its value.
#ifndef SCRIPTKIT_SLOTS_HPP
#define SCRIPTKIT_SLOTS_HPP

#include <vector>

#include "graph.hpp"
#include "operators.hpp"

namespace scriptkit {

inline c10::IValue fetched(const Operand& operand, std::vector<c10::IValue>& slots) {
  switch (operand.kind) {
    case Operand::Kind::Constant: return operand.constant;
    case Operand::Kind::Slot:
      return operand.conversion == Conversion::None ? slots[operand.slot]
                                                    : converted(slots[operand.slot], operand.conversion);
    case Operand::Kind::LastUse:
      if (operand.conversion == Conversion::None) return std::move(slots[operand.slot]);
      return converted(slots[operand.slot], operand.conversion);
    case Operand::Kind::List: break;
  }
  std::vector<c10::IValue> items;
  items.reserve(operand.items.size());
  for (const Operand& item : operand.items) items.push_back(fetched(item, slots));
  return made_list(items, operand.list_of);
}

inline void keep(std::int32_t slot, c10::IValue value, std::vector<c10::IValue>& slots) {
  if (slot != kUnused) slots[static_cast<std::size_t>(slot)] = std::move(value);
}

}  // namespace scriptkit

#endif
