"""The rule `dtype-handling`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import attributes
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class DtypeHandling(ProblemRule[attributes.DtypeAttribute]):
    """An attribute of a dtype, or `torch.finfo` and `torch.iinfo`.

    A dtype is a number for the compiler, and has no attributes.
    """

    code = "SK232"
    name = "dtype-handling"
    raw = ("'int' object has no attribute or method 'is_(floating_point|complex)'",)
    kinds = (attributes.DtypeAttribute,)
    label = "a number for the compiler"
    note = "a dtype is an `int` in compiled code, and has no attributes"
    VALID = (forward("return x * 2 if x.is_floating_point() else x"),)
    INVALID = (
        Invalid(
            forward("return x * 2 if x.dtype.is_floating_point else x  # <-"),
            "'int' object has no attribute or method 'is_floating_point'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[attributes.DtypeAttribute]) -> Diagnostic:
        name = problem.data.name
        asks = name in ("is_floating_point", "is_complex")
        return self.about(
            cls,
            problem,
            f"`{name}` of a dtype does not exist in TorchScript",
            help="ask the tensor" if asks else "compute it in `__init__` and keep it in an attribute",
            suggestion=f"<tensor>.{name}()" if asks else "",
        )
