"""The rule `global-constant`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import names
from scriptkit.rules.examples import forward, model
from scriptkit.rules.reading import CONSTANTS
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class GlobalConstant(ProblemRule[names.GlobalCapture]):
    """A constant of the Python module, read in compiled code.

    The compiler sees functions, classes and modules there, and no values. A `ScriptableModule` may read numbers,
    strings, bools, tuples of them, dtypes and devices.
    """

    code = "SK432"
    name = "global-constant"
    once = True
    raw = ("python value of type '(int|float|str|bool|complex|tuple|dtype|device|NoneType)' cannot be used as a value",)
    lifted = True
    kinds = (names.GlobalCapture,)
    label = "a value of the Python module"
    note = "the compiler sees functions, classes and imported modules of a Python module, and no values"
    VALID = (model("self.scale = SCALE", "return x * self.scale").replace("class Model", "SCALE = 2.0\n\nclass Model"),)
    INVALID = (
        Invalid(
            "SCALE = 2.0\n\n" + forward("return x * SCALE  # <-"),
            "python value of type 'float' cannot be used as a value",
        ),
        Invalid(
            "KIND = torch.float32\n\n" + forward("y = x.to(KIND)  # <-\nreturn y + torch.ones_like(y)"),
            "python value of type 'dtype' cannot be used as a value",
        ),
        Invalid(
            "from math import pi\n\n" + forward("return x * pi  # <-"),
            "python value of type 'float' cannot be used as a value",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[names.GlobalCapture]) -> Diagnostic | None:
        name, what = problem.data.name, problem.data.what
        if what not in CONSTANTS:
            return None
        return self.about(
            cls,
            problem,
            f"`{name}` is {'an' if what == 'int' else 'a'} {what} of the Python module"
            if what
            else f"`{name}` is a value of the Python module",
            help="keep it in an attribute, or pass it as an argument",
            suggestion=f"self.{name.rpartition('.')[2].lower()} = {name}",
            also=related(problem, "defined here"),
        )


def _spoken(what: str) -> str:
    return f"{'an' if what == 'int' else 'a'} {what or 'value'}"
