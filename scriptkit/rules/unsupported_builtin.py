"""The rule `unsupported-builtin`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import calls
from scriptkit.rules.examples import forward
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class UnsupportedBuiltin(ProblemRule[calls.UnsupportedBuiltin]):
    """A built-in function of Python that compiled code does not have."""

    code = "SK416"
    name = "unsupported-builtin"
    raw = (
        "type object 'type' has no attribute '__globals__'",
        r"(__\w+__|map|filter) cannot be used as a value",
    )
    kinds = (calls.UnsupportedBuiltin,)
    note = (
        "built-ins of compiled code: `len`, `range`, `enumerate`, `zip`, `min`, "
        "`max`, `abs`, `sum`, `sorted`, `int`, `float`, `str` and few more"
    )
    VALID = (forward("sizes = [n * 2 for n in x.shape]\nreturn sizes", returns="List[int]"),)
    INVALID = (
        Invalid(forward("sizes = list(map(int, x.shape))  # <-\nreturn x"), "cannot be used as a value"),
        Invalid(forward("sizes = list(filter(None, x.shape))  # <-\nreturn x"), "filter"),
    )

    def describe(self, cls: ClassFacts, problem: Problem[calls.UnsupportedBuiltin]) -> Diagnostic:
        name = problem.data.name.removeprefix("builtins.")
        return self.about(
            cls,
            problem,
            f"`{name}` is not available in TorchScript",
            label="a built-in of Python only",
            help=_HELP.get(name, "write it with what compiled code has, or compute it outside"),
        )


_HELP = {
    "map": "write a list comprehension",
    "filter": "write a loop that appends to an annotated list",
    "reversed": "slice the list with `[::-1]`",
    "type": "test with `isinstance`",
    "iter": "write a `for` loop",
    "next": "index the list",
    "open": "read files outside the model",
    "any": "write a loop, or use `torch.any` on a tensor",
    "pow": "use `**`",
    "__class__": "write the name as a string",
}
