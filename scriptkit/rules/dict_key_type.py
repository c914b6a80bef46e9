"""The rule `dict-key-type`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import containers
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class DictKeyType(ProblemRule[containers.DictKeyType]):
    """A dict whose keys have a type that compiled dicts do not take."""

    code = "SK219"
    name = "dict-key-type"
    kinds = (containers.DictKeyType,)
    note = "keys are `int`, `float`, `complex`, `bool`, `str`, `Tensor` or `torch.device`"
    VALID = (forward('cells: Dict[str, Tensor] = {"0,1": x}\nreturn cells["0,1"]'),)
    INVALID = (
        Invalid(
            forward("cells: Dict[Tuple[int, int], Tensor] = {}  # <-\nreturn x"), "Cannot create dict for key type"
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[containers.DictKeyType]) -> Diagnostic:
        key = problem.data.key
        return self.about(
            cls,
            problem,
            f"a dict has keys of type `{key}`",
            label="no key type of the compiler",
            help="make a string or a number of the key",
            suggestion='f"{<first>},{<second>}"' if str(key).startswith("Tuple") else "<key>.value",
        )
