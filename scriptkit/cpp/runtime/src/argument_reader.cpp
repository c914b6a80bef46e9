#include "argument_reader.hpp"

#include <functional>

#include "codes.hpp"
#include "scriptkit/errors.hpp"

namespace scriptkit {

std::int32_t Names::define(const std::string& name, NameFacts facts) {
  const auto slot = static_cast<std::uint32_t>(facts_.size());
  if (!slots_.emplace(name, slot).second)
    throw FileError("the file is damaged: the value `" + name + "` is made twice");
  facts_.push_back(facts);
  return static_cast<std::int32_t>(slot);
}

std::uint32_t Names::slot(const std::string& name) const {
  const auto found = slots_.find(name);
  if (found == slots_.end()) throw FileError("the file is damaged: the value `" + name + "` is used and never made");
  return found->second;
}

bool is_symbolic_number(const std::string& kind) {
  return kind == "as_sym_int" || kind == "as_sym_bool" || kind == "as_sym_float";
}

namespace {

using Items = std::function<ReadArgument(const Json&)>;

ReadArgument constant(c10::IValue value, Written written) {
  ReadArgument made;
  made.operand.constant = std::move(value);
  made.written = written;
  return made;
}

ReadArgument named(const std::string& name, const Names& names) {
  ReadArgument made;
  made.operand.kind = Operand::Kind::Slot;
  made.operand.slot = names.slot(name);
  const NameFacts& facts = names.facts(made.operand.slot);
  made.is_tensor = facts.is_tensor;
  made.may_alias_state = facts.may_alias_state;
  made.written = facts.is_tensor ? Written::Tensor : Written::Number;
  return made;
}

ReadArgument listed(const Json& list, const Items& read_item) {
  ReadArgument made;
  made.operand.kind = Operand::Kind::List;
  made.written = Written::List;
  for (const Json& item : list.items()) {
    ReadArgument one = read_item(item);
    made.may_alias_state = made.may_alias_state || one.may_alias_state;
    made.operand.items.push_back(std::move(one.operand));
  }
  return made;
}

ReadArgument optional_tensor(const Json& item, const Names& names) {
  const auto& [kind, value] = item.choice();
  return kind == "as_tensor" ? named(value.at("name").text(), names) : constant({}, Written::None);
}

ReadArgument number(const std::string& kind, const Json& value) {
  if (kind == "as_int") return constant(value.integer(), Written::Number);
  if (kind == "as_bool") return constant(value.boolean(), Written::Number);
  return constant(value.number(), Written::Number);
}

ReadArgument symbolic(const Json& choice, const Names& names) {
  const auto& [kind, value] = choice.choice();
  return kind == "as_name" ? named(value.text(), names) : number(kind, value);
}

}  // namespace

ReadArgument read_argument(const Json& argument, const Names& names) {
  const std::string& kind = argument.choice().first;
  const Json& value = argument.choice().second;
  const auto numbers = [&](const char* of) {
    return listed(value, [of](const Json& item) { return number(of, item); });
  };
  if (kind == "as_tensor") return named(value.at("name").text(), names);
  if (kind == "as_none") return constant({}, Written::None);
  if (kind == "as_int" || kind == "as_float" || kind == "as_bool") return number(kind, value);
  if (is_symbolic_number(kind)) return symbolic(value, names);
  if (kind == "as_sym_ints" || kind == "as_sym_bools" || kind == "as_sym_floats")
    return listed(value, [&](const Json& item) { return symbolic(item, names); });
  if (kind == "as_ints") return numbers("as_int");
  if (kind == "as_floats") return numbers("as_float");
  if (kind == "as_bools") return numbers("as_bool");
  if (kind == "as_tensors")
    return listed(value, [&](const Json& item) { return named(item.at("name").text(), names); });
  if (kind == "as_optional_tensor") return optional_tensor(value, names);
  if (kind == "as_optional_tensors")
    return listed(value, [&](const Json& item) { return optional_tensor(item, names); });
  if (kind == "as_string") return constant(value.text(), Written::Text);
  if (kind == "as_strings") return listed(value, [](const Json& item) { return constant(item.text(), Written::Text); });
  if (kind == "as_scalar_type")
    return constant(static_cast<std::int64_t>(scalar_type_of(value.integer())), Written::ScalarType);
  if (kind == "as_layout") return constant(static_cast<std::int64_t>(layout_of(value.integer())), Written::Layout);
  if (kind == "as_memory_format")
    return constant(static_cast<std::int64_t>(memory_format_of(value.integer())), Written::MemoryFormat);
  if (kind == "as_device") return constant(checked_device(device_of(value)), Written::Device);
  if (kind == "as_complex")
    return constant(c10::complex<double>(value.at("real").number(), value.at("imag").number()), Written::Number);
  throw FileError("the file has an argument of kind `" + kind + "`, which this program does not know");
}

}  // namespace scriptkit
