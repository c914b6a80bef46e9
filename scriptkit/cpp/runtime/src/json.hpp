// JSON as torch.export writes it: UTF-8, `NaN` and `Infinity` allowed; bounded in depth, duplicate keys refused.
#ifndef SCRIPTKIT_JSON_HPP
#define SCRIPTKIT_JSON_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scriptkit {

class Json {
 public:
  enum class Kind { Null, Bool, Integer, Real, Text, Array, Object };
  using Member = std::pair<std::string, Json>;

  // Throws FileError for anything that is no JSON; `what` names the text in the message.
  static Json parse(std::string_view text, const std::string& what);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::Null; }
  bool is_text() const { return kind_ == Kind::Text; }
  bool is_object() const { return kind_ == Kind::Object; }
  bool is_array() const { return kind_ == Kind::Array; }

  // Each throws FileError when this is of another kind.
  bool boolean() const;
  std::int64_t integer() const;
  double number() const;  // an integer, a real, or the texts "NaN", "Infinity", "-Infinity"
  const std::string& text() const;
  const std::vector<Json>& items() const;
  const std::vector<Member>& members() const;  // in the order of the file

  // The member of an object, nullptr or FileError when there is none; `null` counts as none for `find`.
  const Json* find(std::string_view key) const;
  const Json& at(std::string_view key) const;

  // The one member of an object with one member: how the format writes a choice.
  const Member& choice() const;

 private:
  friend class JsonParser;
  void index_members();

  Kind kind_ = Kind::Null;
  bool boolean_ = false;
  std::int64_t integer_ = 0;
  double real_ = 0;
  std::string text_;
  std::vector<Json> items_;
  std::vector<Member> members_;
  std::vector<std::uint32_t> by_key_;  // places of the members, sorted by key
};

}  // namespace scriptkit

#endif
