// The parameters of a method, and which argument of a call belongs to which.
#ifndef SCRIPTKIT_SIGNATURE_HPP
#define SCRIPTKIT_SIGNATURE_HPP

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "json.hpp"
#include "scriptkit/value.hpp"

namespace scriptkit {

struct Arguments {
  const std::vector<Value>& positional;
  const std::vector<std::pair<std::string, Value>>& named;
};

struct Parameter {
  enum class Kind { Positional, Either, Keyword, Arguments, Keywords };

  std::string name;
  Kind kind = Kind::Either;
  std::optional<Value> standard;  // of one that may be left out
};

// The arguments of a call by parameter; those of `*args` and `**keywords` by their names, `args[0]` and `name`.
struct Bound {
  std::vector<const Value*> by_parameter;
  std::vector<std::pair<std::string, const Value*>> more;
};

class Signature {
 public:
  static Signature from_manifest(const Json& parameters);

  std::vector<Parameter> parameters;

  // Nothing, and the arguments in `bound`, or why they do not fit the parameters.
  std::optional<std::string> bind(const Arguments& given, Bound& bound) const;

  std::optional<std::size_t> place_of(const std::string& name) const;

 private:
  std::optional<std::string> bind_positional(const Arguments& given, Bound& bound) const;
};

}  // namespace scriptkit

#endif
