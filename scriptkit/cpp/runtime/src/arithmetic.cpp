#include <cmath>
#include <limits>

#include "expression.hpp"
#include "scriptkit/errors.hpp"

namespace scriptkit::arithmetic {
namespace {

constexpr double kLargest = 9.2e18;  // what surely fits into 64 bits

bool fits(double value) { return std::fabs(value) < kLargest; }

bool are_integers(Number a, Number b) { return !a.is_real && !b.is_real; }

[[noreturn]] void by_zero() { throw RunError("division by zero in a size"); }

}  // namespace

Number add(Number a, Number b) {
  const double real = a.value() + b.value();
  return are_integers(a, b) && fits(real) ? Number::of(a.integer + b.integer) : Number::of(real);
}

Number subtract(Number a, Number b) {
  const double real = a.value() - b.value();
  return are_integers(a, b) && fits(real) ? Number::of(a.integer - b.integer) : Number::of(real);
}

Number multiply(Number a, Number b) {
  const double real = a.value() * b.value();
  return are_integers(a, b) && fits(real) ? Number::of(a.integer * b.integer) : Number::of(real);
}

Number divide(Number a, Number b) {
  if (b.value() == 0) by_zero();
  return Number::of(a.value() / b.value());
}

Number floor_divide(Number a, Number b) {
  if (b.value() == 0) by_zero();
  if (!are_integers(a, b)) return Number::of(std::floor(a.value() / b.value()));
  if (b.integer == -1) return negate(a);  // the one quotient that may not fit
  const std::int64_t quotient = a.integer / b.integer;
  const bool rounds_up = a.integer % b.integer != 0 && (a.integer < 0) != (b.integer < 0);
  return Number::of(rounds_up ? quotient - 1 : quotient);
}

Number modulo(Number a, Number b) {
  if (b.value() == 0) by_zero();
  if (!are_integers(a, b)) return Number::of(a.value() - b.value() * std::floor(a.value() / b.value()));
  if (b.integer == -1) return Number::of(std::int64_t{0});
  const std::int64_t rest = a.integer % b.integer;
  return Number::of(rest != 0 && (rest < 0) != (b.integer < 0) ? rest + b.integer : rest);
}

Number power(Number a, Number b) {
  const double real = std::pow(a.value(), b.value());
  if (!are_integers(a, b) || b.integer < 0 || !fits(real)) return Number::of(real);
  std::int64_t result = 1, base = a.integer;
  for (std::int64_t exponent = b.integer; exponent > 0; exponent /= 2) {
    if (exponent % 2 != 0) result *= base;
    if (exponent > 1) base *= base;
  }
  return Number::of(result);
}

Number negate(Number a) {
  return a.is_real || a.integer == std::numeric_limits<std::int64_t>::min() ? Number::of(-a.value())
                                                                            : Number::of(-a.integer);
}

namespace {
Number rounded(Number a, double (*how)(double)) {
  if (!a.is_real) return a;
  const double real = how(a.real);
  return fits(real) ? Number::of(static_cast<std::int64_t>(real)) : Number::of(real);
}
}  // namespace

Number truncate(Number a) { return rounded(a, std::trunc); }
Number floor(Number a) { return rounded(a, std::floor); }
Number ceil(Number a) { return rounded(a, std::ceil); }
Number square_root(Number a) { return Number::of(std::sqrt(a.value())); }

int compare(Number a, Number b) {
  if (are_integers(a, b)) return a.integer < b.integer ? -1 : a.integer > b.integer;
  const double x = a.value(), y = b.value();
  if (std::isnan(x) || std::isnan(y)) return 2;
  return x < y ? -1 : x > y;
}

}  // namespace scriptkit::arithmetic
