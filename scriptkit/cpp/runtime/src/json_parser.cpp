#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>

#include "json.hpp"
#include "scriptkit/errors.hpp"

namespace scriptkit {
namespace {

constexpr int kDeepest = 200;

void append_utf8(std::string& text, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { text += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | (code >> 6)), byte(0x80 | (code & 63));
  } else if (code < 0x10000) {
    byte(0xE0 | (code >> 12)), byte(0x80 | ((code >> 6) & 63)), byte(0x80 | (code & 63));
  } else {
    byte(0xF0 | (code >> 18)), byte(0x80 | ((code >> 12) & 63)), byte(0x80 | ((code >> 6) & 63));
    byte(0x80 | (code & 63));
  }
}

}  // namespace

class JsonParser {
 public:
  JsonParser(std::string_view text, const std::string& what) : text_(text), what_(what) {}

  Json whole() {
    Json made = value(0);
    skip_space();
    if (at_ != text_.size()) fail("something follows the end");
    return made;
  }

 private:
  [[noreturn]] void fail(const char* why) const {
    throw FileError("the file is damaged: " + what_ + " is no JSON (" + why + " at byte " + std::to_string(at_) + ")");
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r'))
      ++at_;
  }

  bool taken(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }

  char peek() const {
    if (at_ >= text_.size()) fail("it ends too early");
    return text_[at_];
  }

  Json value(int depth) {
    if (depth > kDeepest) fail("nested too deeply");
    skip_space();
    switch (peek()) {
      case '{': return object(depth);
      case '[': return array(depth);
      case '"': return text_value();
      default: return simple();
    }
  }

  Json object(int depth) {
    Json made;
    made.kind_ = Json::Kind::Object;
    ++at_;
    skip_space();
    if (taken("}")) return made;
    while (true) {
      skip_space();
      if (peek() != '"') fail("a key is expected");
      std::string key = quoted();
      skip_space();
      if (!taken(":")) fail("`:` is expected");
      made.members_.emplace_back(std::move(key), value(depth + 1));
      skip_space();
      if (taken("}")) break;
      if (!taken(",")) fail("`,` or `}` is expected");
    }
    made.index_members();
    return made;
  }

  Json array(int depth) {
    Json made;
    made.kind_ = Json::Kind::Array;
    ++at_;
    skip_space();
    if (taken("]")) return made;
    while (true) {
      made.items_.push_back(value(depth + 1));
      skip_space();
      if (taken("]")) return made;
      if (!taken(",")) fail("`,` or `]` is expected");
    }
  }

  Json text_value() {
    Json made;
    made.kind_ = Json::Kind::Text;
    made.text_ = quoted();
    return made;
  }

  std::string quoted() {
    std::string made;
    ++at_;
    while (peek() != '"') {
      const std::size_t plain = std::min(text_.find_first_of("\"\\", at_), text_.size());
      made.append(text_.substr(at_, plain - at_));
      at_ = plain;
      if (peek() == '\\') escaped(made);
    }
    ++at_;
    return made;
  }

  void escaped(std::string& made) {
    ++at_;
    const char letter = peek();
    ++at_;
    switch (letter) {
      case '"':
      case '\\':
      case '/': made += letter; return;
      case 'n': made += '\n'; return;
      case 't': made += '\t'; return;
      case 'r': made += '\r'; return;
      case 'b': made += '\b'; return;
      case 'f': made += '\f'; return;
      case 'u': append_utf8(made, code_point()); return;
      default: fail("an unknown escape");
    }
  }

  std::uint32_t code_point() {
    const std::uint32_t first = four_digits();
    const bool leads = first >= 0xD800 && first < 0xDC00;
    if (!leads || !taken("\\u")) return first;
    const std::uint32_t second = four_digits();
    if (second < 0xDC00 || second > 0xDFFF) fail("half a surrogate pair");
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
  }

  std::uint32_t four_digits() {
    std::uint32_t code = 0;
    for (int place = 0; place < 4; ++place, ++at_) {
      const char digit = peek();
      if (digit >= '0' && digit <= '9')
        code = code * 16 + static_cast<std::uint32_t>(digit - '0');
      else if (digit >= 'a' && digit <= 'f')
        code = code * 16 + static_cast<std::uint32_t>(digit - 'a' + 10);
      else if (digit >= 'A' && digit <= 'F')
        code = code * 16 + static_cast<std::uint32_t>(digit - 'A' + 10);
      else
        fail("four hexadecimal digits are expected");
    }
    return code;
  }

  Json simple() {
    Json made;
    if (taken("null")) return made;
    if (taken("true") || taken("false")) {
      made.kind_ = Json::Kind::Bool;
      made.boolean_ = text_[at_ - 2] == 'u';
      return made;
    }
    made.kind_ = Json::Kind::Real;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (taken("NaN"))
      made.real_ = std::numeric_limits<double>::quiet_NaN();
    else if (taken("Infinity"))
      made.real_ = infinity;
    else if (taken("-Infinity"))
      made.real_ = -infinity;
    else
      read_number(made);
    return made;
  }

  void read_number(Json& made) {
    const std::size_t end = std::min(text_.find_first_not_of("0123456789+-.eE", at_), text_.size());
    const std::string digits(text_.substr(at_, end - at_));
    if (digits.empty()) fail("a value is expected");
    char* stop = nullptr;
    const bool is_real = digits.find_first_of(".eE") != std::string::npos;
    errno = 0;
    if (!is_real) {
      made.integer_ = std::strtoll(digits.c_str(), &stop, 10);
      if (errno == 0) made.kind_ = Json::Kind::Integer;
    }
    if (made.kind_ != Json::Kind::Integer) made.real_ = std::strtod(digits.c_str(), &stop);
    if (stop != digits.c_str() + digits.size()) fail("a number is expected");
    at_ = end;
  }

  std::string_view text_;
  const std::string& what_;
  std::size_t at_ = 0;
};

Json Json::parse(std::string_view text, const std::string& what) { return JsonParser(text, what).whole(); }

}  // namespace scriptkit
