"""The rules: every mistake scriptkit knows, one file each, and nothing that lists them by hand.

A rule says what it finds, shows programs that make the mistake or avoid it, and knows the compiler's words for it. The
installed torch decides in the tests whether that is true.
"""

from scriptkit.rules.catalogue import all_rules, rule_named
from scriptkit.rules.rule import Invalid, Rule
from scriptkit.rules.translation import explain_raw

__all__ = ["COMPILER_ERROR", "Invalid", "Rule", "all_rules", "explain_raw", "rule_named"]

COMPILER_ERROR = ("SK000", "compiler-error")  # a refusal of the compiler that no rule explains
