"""The rule `unsupported-container`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import calls
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class UnsupportedContainer(ProblemRule[calls.UnsupportedContainer]):
    """A container of `collections`: `OrderedDict`, `defaultdict`, `deque`, `Counter`."""

    code = "SK420"
    name = "unsupported-container"
    raw = ("Unknown type (constructor|name) '?(DefaultDict|OrderedDict|Deque|Counter)",)
    kinds = (calls.UnsupportedContainer,)
    label = "a container of Python only"
    note = "containers of the compiler are lists, tuples and dicts; dicts keep their order"
    VALID = (forward('out: Dict[str, Tensor] = {}\nout["y"] = x\nreturn out', returns="Dict[str, Tensor]"),)
    INVALID = (
        Invalid(
            "from collections import defaultdict\n\n" + forward("groups = defaultdict(list)  # <-\nreturn x"), "list"
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[calls.UnsupportedContainer]) -> Diagnostic:
        name = problem.data.name.rpartition(".")[2]
        dict_like = name in ("OrderedDict", "defaultdict", "DefaultDict", "Counter", "ChainMap")
        return self.about(
            cls,
            problem,
            f"`{name}` is not available in TorchScript",
            help="use a dict" if dict_like else "use a list",
            suggestion="<name>: Dict[<key type>, <value type>] = {}"
            if dict_like
            else "<name>: List[<element type>] = []",
        )
