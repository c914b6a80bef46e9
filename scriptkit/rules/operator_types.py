"""The rule `operator-types`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import arguments
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class OperatorTypes(ProblemRule[arguments.OperatorTypes]):
    """An operator between types that have no such operator."""

    code = "SK228"
    name = "operator-types"
    raw = ()
    kinds = (arguments.OperatorTypes,)
    note = "the compiler has the operators of torch: for numbers and tensors, and a few for strings and lists"
    VALID = (forward('return "a" + "b"', returns="str"), forward("n = -n - 1\nreturn x * n", "x: Tensor, n: int"))
    INVALID = (
        Invalid(
            forward('return "-" * n  # <-', "n: int", "str"),
            "Expected a value of type 'Tensor' for argument 'self' but instead found type 'str'",
        ),
        Invalid(forward("return x * ~n  # <-", "x: Tensor, n: int"), "aten::bitwise_not(Tensor self)"),
        Invalid(
            forward("return a | b  # <-", "a: Dict[str, Tensor], b: Dict[str, Tensor]", "Dict[str, Tensor]"),
            "aten::__or__.Tensor",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[arguments.OperatorTypes]) -> Diagnostic:
        operator, left, right = problem.data.operator, problem.data.left, problem.data.right
        message = (
            f"no operator `{operator}` for `{left}` and `{right}`"
            if right is not None
            else f"no operator `{operator}` for `{left}`"
        )
        help, suggestion = _HELP.get(
            (operator, str(left).split("[")[0]), ("convert one side, or use a function of torch", "")
        )
        return self.about(
            cls,
            problem,
            message,
            label="between these types" if right is not None else f"of a `{left}`",
            help=help,
            suggestion=suggestion,
        )


_HELP = {
    ("*", "str"): ("join a list of strings", '"".join([<text> for _ in range(<count>)])'),
    ("|", "Dict"): ("copy the dict and update the copy", "<both> = dict(<first>)\n<both>.update(<second>)"),
    ("~", "int"): ("subtract from minus one", "-<value> - 1"),
    ("~", "bool"): ("use `not`", "not <value>"),
}
