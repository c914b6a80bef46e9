#include "json.hpp"

#include <algorithm>
#include <limits>

#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

const char* name_of(Json::Kind kind) {
  switch (kind) {
    case Json::Kind::Null: return "null";
    case Json::Kind::Bool: return "a boolean";
    case Json::Kind::Integer: return "an integer";
    case Json::Kind::Real: return "a number";
    case Json::Kind::Text: return "a text";
    case Json::Kind::Array: return "a list";
    case Json::Kind::Object: return "an object";
  }
  return "unknown";
}

[[noreturn]] void wrong_kind(const char* wanted, Json::Kind found) {
  throw FileError(std::string("the file is damaged: ") + wanted + " is expected where it has " + name_of(found));
}

}  // namespace

bool Json::boolean() const {
  if (kind_ != Kind::Bool) wrong_kind("a boolean", kind_);
  return boolean_;
}

std::int64_t Json::integer() const {
  if (kind_ != Kind::Integer) wrong_kind("an integer", kind_);
  return integer_;
}

double Json::number() const {
  if (kind_ == Kind::Integer) return static_cast<double>(integer_);
  if (kind_ == Kind::Real) return real_;
  if (kind_ == Kind::Text && text_ == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (kind_ == Kind::Text && text_ == "Infinity") return std::numeric_limits<double>::infinity();
  if (kind_ == Kind::Text && text_ == "-Infinity") return -std::numeric_limits<double>::infinity();
  wrong_kind("a number", kind_);
}

const std::string& Json::text() const {
  if (kind_ != Kind::Text) wrong_kind("a text", kind_);
  return text_;
}

const std::vector<Json>& Json::items() const {
  if (kind_ != Kind::Array) wrong_kind("a list", kind_);
  return items_;
}

const std::vector<Json::Member>& Json::members() const {
  if (kind_ != Kind::Object) wrong_kind("an object", kind_);
  return members_;
}

const Json* Json::find(std::string_view key) const {
  if (kind_ != Kind::Object) wrong_kind("an object", kind_);
  const auto found =
      std::lower_bound(by_key_.begin(), by_key_.end(), key,
                       [&](std::uint32_t place, std::string_view k) { return members_[place].first < k; });
  if (found == by_key_.end() || members_[*found].first != key || members_[*found].second.is_null()) return nullptr;
  return &members_[*found].second;
}

const Json& Json::at(std::string_view key) const {
  const Json* found = find(key);
  if (!found) throw FileError("the file is damaged: `" + std::string(key) + "` is missing");
  return *found;
}

const Json::Member& Json::choice() const {
  if (members().size() != 1)
    throw FileError("the file is damaged: one choice is expected where it has none or several");
  return members_.front();
}

void Json::index_members() {
  by_key_.resize(members_.size());
  for (std::uint32_t place = 0; place < by_key_.size(); ++place) by_key_[place] = place;
  const auto key = [&](std::uint32_t place) -> const std::string& { return members_[place].first; };
  std::sort(by_key_.begin(), by_key_.end(), [&](auto a, auto b) { return key(a) < key(b); });
  const auto twice =
      std::adjacent_find(by_key_.begin(), by_key_.end(), [&](auto a, auto b) { return key(a) == key(b); });
  if (twice != by_key_.end()) throw FileError("the file is damaged: the key `" + key(*twice) + "` stands twice");
}

}  // namespace scriptkit
