#include "expression_node.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>

#include "scriptkit/errors.hpp"

namespace scriptkit {

namespace {

using Node = Expression::Node;
using What = Node::What;
using NodePtr = std::shared_ptr<const Node>;

constexpr int kDeepest = 150, kMostLinks = 2000;

struct Word {
  const char* name;
  What what;
  std::size_t fewest, most;
};

// The functions that torch's printers of symbolic expressions write.
// clang-format off
constexpr Word kFunctions[] = {
    {"math.ceil", What::Ceil, 1, 1},      {"math.floor", What::Floor, 1, 1},   {"math.trunc", What::Truncate, 1, 1},
    {"math.sqrt", What::SquareRoot, 1, 1}, {"math.isnan", What::IsNaN, 1, 1},  {"math.pow", What::Power, 2, 2},
    {"max", What::Maximum, 2, 64},        {"min", What::Minimum, 2, 64},       {"Max", What::Maximum, 2, 64},
    {"Min", What::Minimum, 2, 64},        {"abs", What::Absolute, 1, 1},       {"Abs", What::Absolute, 1, 1},
    {"Mod", What::Modulo, 2, 2},          {"PythonMod", What::Modulo, 2, 2},   {"FloorDiv", What::FloorDivide, 2, 2},
    {"CleanDiv", What::FloorDivide, 2, 2}, {"Eq", What::Equal, 2, 2},          {"Ne", What::Unequal, 2, 2},
    {"Lt", What::Less, 2, 2},             {"Le", What::LessEqual, 2, 2},       {"Gt", What::Greater, 2, 2},
    {"Ge", What::GreaterEqual, 2, 2},     {"And", What::And, 1, 64},           {"Or", What::Or, 1, 64},
    {"Not", What::Not, 1, 1},             {"FloorToInt", What::Floor, 1, 1},   {"CeilToInt", What::Ceil, 1, 1},
    {"TruncToInt", What::Truncate, 1, 1}, {"ToFloat", What::Real, 1, 1},       {"float", What::Real, 1, 1},
    {"torch.sym_float", What::Real, 1, 1},
    {"int", What::Truncate, 1, 1},        {"IntTrueDiv", What::Divide, 2, 2},  {"FloatTrueDiv", What::Divide, 2, 2},
    {"PowByNatural", What::Power, 2, 2},  {"FloatPow", What::Power, 2, 2},     {"Where", What::Choice, 3, 3},
};
// clang-format on

class Parser {
 public:
  Parser(const std::string& text, const std::unordered_map<std::string, std::size_t>& places)
      : text_(text), places_(places) {}

  NodePtr whole() {
    NodePtr made = choice();
    skip_space();
    if (at_ != text_.size()) fail();
    return made;
  }

 private:
  [[noreturn]] void fail() const {
    throw FileError("the file has a guard this program cannot read, at `" + text_.substr(at_, 40) + "`: " + text_);
  }

  static NodePtr made(What what, std::vector<NodePtr> parts) {
    auto node = std::make_shared<Node>();
    node->what = what, node->parts = std::move(parts);
    return node;
  }

  static NodePtr constant(Number value) {
    auto node = std::make_shared<Node>();
    node->constant = value;
    return node;
  }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }

  static bool in_name(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '_' || letter == '.';
  }

  bool taken(const std::string& word) {
    skip_space();
    if (text_.compare(at_, word.size(), word) != 0) return false;
    const std::size_t end = at_ + word.size();
    if (in_name(word.back()) && end < text_.size() && in_name(text_[end])) return false;
    at_ = end;
    return true;
  }

  void require(const char* word) {
    if (!taken(word)) fail();
  }

  NodePtr choice() {
    if (++depth_ > kDeepest) fail();
    NodePtr first = either();
    if (taken("if")) {
      NodePtr condition = either();
      require("else");
      first = made(What::Choice, {condition, first, choice()});
    }
    --depth_;
    return first;
  }

  NodePtr either() {
    std::vector<NodePtr> parts = {both()};
    while (taken("or")) parts.push_back(both());
    return parts.size() == 1 ? parts[0] : made(What::Or, std::move(parts));
  }

  NodePtr both() {
    std::vector<NodePtr> parts = {negated()};
    while (taken("and")) parts.push_back(negated());
    return parts.size() == 1 ? parts[0] : made(What::And, std::move(parts));
  }

  NodePtr negated() {
    if (!taken("not")) return compared();
    if (++depth_ > kDeepest) fail();
    NodePtr part = negated();
    --depth_;
    return made(What::Not, {part});
  }

  // `a < b <= c` holds where each link holds
  NodePtr compared() {
    std::vector<NodePtr> links;
    NodePtr left = sum();
    const NodePtr first = left;
    while (true) {
      What what = What::Equal;
      if (taken("=="))
        what = What::Equal;
      else if (taken("!="))
        what = What::Unequal;
      else if (taken("<="))
        what = What::LessEqual;
      else if (taken(">="))
        what = What::GreaterEqual;
      else if (taken("<"))
        what = What::Less;
      else if (taken(">"))
        what = What::Greater;
      else
        break;
      NodePtr right = sum();
      links.push_back(made(what, {left, right}));
      left = right;
    }
    if (links.empty()) return first;
    return links.size() == 1 ? links[0] : made(What::And, std::move(links));
  }

  NodePtr sum() {
    NodePtr left = product();
    while (true) {
      if (taken("+"))
        left = made(What::Add, {left, product()});
      else if (taken("-"))
        left = made(What::Subtract, {left, product()});
      else
        return left;
      count();
    }
  }

  NodePtr product() {
    NodePtr left = signed_power();
    while (true) {
      if (taken("//"))
        left = made(What::FloorDivide, {left, signed_power()});
      else if (taken("/"))
        left = made(What::Divide, {left, signed_power()});
      else if (taken("%"))
        left = made(What::Modulo, {left, signed_power()});
      else if (taken("*"))
        left = made(What::Multiply, {left, signed_power()});
      else
        return left;
      count();
    }
  }

  // A long chain is deep when it is evaluated.
  void count() {
    if (++links_ > kMostLinks) fail();
  }

  NodePtr signed_power() {
    if (!taken("-")) return power();
    if (++depth_ > kDeepest) fail();
    NodePtr part = signed_power();
    --depth_;
    return made(What::Negate, {part});
  }

  NodePtr power() {
    NodePtr base = atom();
    if (!taken("**")) return base;
    if (++depth_ > kDeepest) fail();
    NodePtr exponent = signed_power();
    --depth_;
    return made(What::Power, {base, exponent});
  }

  NodePtr atom() {
    skip_space();
    if (taken("(")) {
      NodePtr inner = choice();
      require(")");
      return inner;
    }
    if (taken("True")) return constant(Number::of(std::int64_t{1}));
    if (taken("False")) return constant(Number::of(std::int64_t{0}));
    if (taken("math.inf") || taken("inf") || taken("int_oo"))
      return constant(Number::of(std::numeric_limits<double>::infinity()));
    if (text_.compare(at_, 2, "L[") == 0) return quantity();
    if (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') return number();
    for (const Word& word : kFunctions)
      if (taken(word.name)) return call(word);
    fail();
  }

  NodePtr call(const Word& word) {
    require("(");
    std::vector<NodePtr> parts = {choice()};
    while (taken(",")) parts.push_back(choice());
    require(")");
    if (parts.size() < word.fewest || parts.size() > word.most) fail();
    return made(word.what, std::move(parts));
  }

  NodePtr number() {
    const std::size_t end = std::min(text_.find_first_not_of("0123456789.e", at_), text_.size());
    const std::string digits = text_.substr(at_, end - at_);
    char* stop = nullptr;
    errno = 0;
    Number value = Number::of(static_cast<std::int64_t>(std::strtoll(digits.c_str(), &stop, 10)));
    if (*stop != 0 || errno != 0) value = Number::of(std::strtod(digits.c_str(), &stop));
    if (*stop != 0) fail();
    at_ = end;
    return constant(value);
  }

  // `L['x'][0].size()[1]`: the longest known path, then what is asked of it
  NodePtr quantity() {
    const std::size_t start = ++at_;
    std::size_t end = std::min(text_.find_first_of(" )*+-/%<>=!,", start), text_.size());
    auto place = places_.end();
    for (; end > start && place == places_.end(); --end) {
      place = places_.find(text_.substr(start, end - start));
      if (place != places_.end()) break;
    }
    if (place == places_.end()) fail();
    at_ = end;
    auto node = std::make_shared<Node>();
    node->input = place->second;
    if (text_.compare(at_, 8, ".size()[") == 0)
      node->what = What::Size, node->dimension = index(8);
    else if (text_.compare(at_, 10, ".stride()[") == 0)
      node->what = What::Stride, node->dimension = index(10);
    else if (text_.compare(at_, 17, ".storage_offset()") == 0)
      node->what = What::Offset, at_ += 17;
    else
      node->what = What::Input;
    if (at_ < text_.size() && (text_[at_] == '[' || text_[at_] == '.')) fail();
    return node;
  }

  std::int64_t index(std::size_t skipped) {
    at_ += skipped;
    const std::size_t end = text_.find(']', at_);
    if (end == std::string::npos || end == at_ || end - at_ > 3) fail();
    const std::string digits = text_.substr(at_, end - at_);
    if (digits.find_first_not_of("0123456789") != std::string::npos) fail();
    at_ = end + 1;
    return std::atoi(digits.c_str());
  }

  const std::string& text_;
  const std::unordered_map<std::string, std::size_t>& places_;
  std::size_t at_ = 0;
  int depth_ = 0, links_ = 0;
};

// `L['x'].size()[0]` is `x.size()[0]` to the user.
std::string readable(std::string text) {
  for (std::size_t at = text.find("L['"); at != std::string::npos; at = text.find("L['", at)) {
    text.erase(at, 3);
    const std::size_t end = text.find("']", at);
    if (end != std::string::npos) text.erase(end, 2);
  }
  return text;
}

}  // namespace

Expression Expression::parse(const std::string& text, const std::unordered_map<std::string, std::size_t>& places) {
  Expression made;
  made.root_ = Parser(text, places).whole();
  made.text_ = "the program was exported for inputs with `" + readable(text) + "`";
  return made;
}

}  // namespace scriptkit
