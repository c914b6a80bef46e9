#include "signature.hpp"

#include <algorithm>

#include "scriptkit/errors.hpp"
#include "structure.hpp"

namespace scriptkit {
namespace {

Parameter::Kind kind_named(const std::string& name) {
  if (name == "positional") return Parameter::Kind::Positional;
  if (name == "either") return Parameter::Kind::Either;
  if (name == "keyword") return Parameter::Kind::Keyword;
  if (name == "arguments") return Parameter::Kind::Arguments;
  if (name == "keywords") return Parameter::Kind::Keywords;
  throw FileError("the manifest of the file has a parameter of kind `" + name + "`, which this program does not know");
}

bool takes_many(const Parameter& parameter) {
  return parameter.kind == Parameter::Kind::Arguments || parameter.kind == Parameter::Kind::Keywords;
}

}  // namespace

Signature Signature::from_manifest(const Json& parameters) {
  Signature made;
  for (const Json& json : parameters.items()) {
    Parameter parameter{json.at("name").text(), kind_named(json.at("kind").text()), std::nullopt};
    if (const Json* standard = json.find("default")) {
      const Json* value = standard->find("value");
      parameter.standard = value ? literal_of(*value) : Value();
    }
    made.parameters.push_back(std::move(parameter));
  }
  return made;
}

std::optional<std::size_t> Signature::place_of(const std::string& name) const {
  for (std::size_t k = 0; k < parameters.size(); ++k)
    if (parameters[k].name == name && !takes_many(parameters[k])) return k;
  return std::nullopt;
}

std::optional<std::string> Signature::bind_positional(const Arguments& given, Bound& bound) const {
  std::size_t at = 0;
  for (std::size_t k = 0; k < parameters.size() && at < given.positional.size(); ++k) {
    const Parameter& parameter = parameters[k];
    if (parameter.kind == Parameter::Kind::Positional || parameter.kind == Parameter::Kind::Either) {
      bound.by_parameter[k] = &given.positional[at++];
    } else if (parameter.kind == Parameter::Kind::Arguments) {
      for (std::size_t number = 0; at < given.positional.size(); ++number)
        bound.more.emplace_back(parameter.name + "[" + std::to_string(number) + "]", &given.positional[at++]);
    }
  }
  if (at == given.positional.size()) return std::nullopt;
  return "it takes " + std::to_string(at) + " positional arguments, not " + std::to_string(given.positional.size());
}

std::optional<std::string> Signature::bind(const Arguments& given, Bound& bound) const {
  bound.by_parameter.assign(parameters.size(), nullptr);
  if (auto reason = bind_positional(given, bound)) return reason;
  for (const auto& [name, value] : given.named) {
    const auto place = place_of(name);
    if (place && bound.by_parameter[*place]) return "`" + name + "` is given twice";
    if (place && parameters[*place].kind != Parameter::Kind::Positional) {
      bound.by_parameter[*place] = &value;
      continue;
    }
    const auto takes_any = [](const Parameter& parameter) { return parameter.kind == Parameter::Kind::Keywords; };
    if (std::none_of(parameters.begin(), parameters.end(), takes_any)) return "there is no argument `" + name + "`";
    bound.more.emplace_back(name, &value);
  }
  for (std::size_t k = 0; k < parameters.size(); ++k) {
    const Parameter& parameter = parameters[k];
    if (!bound.by_parameter[k] && parameter.standard) bound.by_parameter[k] = &*parameter.standard;
    if (!bound.by_parameter[k] && !takes_many(parameter)) return "the argument `" + parameter.name + "` is missing";
  }
  return std::nullopt;
}

}  // namespace scriptkit
