"""The rule `attribute-undefined`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import attributes
from scriptkit.rules.examples import model
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class AttributeUndefined(ProblemRule[attributes.AttributeUndefined]):
    """An attribute that compiled code reads or writes, and `__init__` never sets.

    The compiler knows the attributes an instance has when its constructor has ended. A method cannot add one.
    """

    code = "SK101"
    name = "attribute-undefined"
    once = True
    raw = (
        "Tried to set nonexistent attribute",
        r"Module '\w+' has no attribute '\w+'",
    )
    kinds = (attributes.AttributeUndefined,)
    note = "the compiler knows only the attributes that exist when the constructor has ended"
    VALID = (
        model(
            "self.mask = None",
            "if self.mask is None:\n    self.mask = torch.ones_like(x)\nreturn x",
            declared="mask: Optional[Tensor]",
        ),
    )
    INVALID = (
        Invalid(
            model("self.scale = 2.0", "self.last = x  # <-\nreturn x * self.scale"),
            "Tried to set nonexistent attribute: last",
        ),
        Invalid(model("self.scale = 2.0", "return x * self.sclae  # <-"), "has no attribute 'sclae'"),
    )

    def describe(self, cls: ClassFacts, problem: Problem[attributes.AttributeUndefined]) -> Diagnostic:
        name, writes = problem.data.name, problem.data.write
        return self.about(
            cls,
            problem,
            f"`self.{name}` is {'assigned' if writes else 'read'}, but `__init__` never sets it",
            label="a new attribute" if writes else "no such attribute",
            help=f"set `self.{name}` in `__init__`, and declare its type in the class body",
            suggestion=f"{name}: Optional[<type>]\n...\nself.{name} = None"
            if writes
            else f"self.{name} = <initial value>",
        )
