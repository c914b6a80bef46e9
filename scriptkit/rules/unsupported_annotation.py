"""The rule `unsupported-annotation`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scriptkit.language.problems import declarations
from scriptkit.rules.examples import forward
from scriptkit.rules.reading import quoted
from scriptkit.rules.rule import Invalid, ProblemRule

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class UnsupportedAnnotation(ProblemRule[declarations.UnsupportedAnnotation]):
    """An annotation that names no TorchScript type."""

    code = "SK407"
    name = "unsupported-annotation"
    raw = (
        "Unknown type constructor",
        "Unknown type name '",
        r"Unknown type annotation: '?typing\.",
    )
    kinds = (declarations.UnsupportedAnnotation,)
    label = "no type of the compiler"
    note = (
        "types are `Tensor`, numbers, `str`, `List`, `Dict`, `Tuple`, "
        "`Optional`, `Union`, `Any`, enums, NamedTuples, script classes"
    )
    VALID = (
        forward("return torch.stack(xs)", "xs: List[Tensor]"),
        forward("return x * k", "x: Tensor, k: int | float"),
    )
    INVALID = (
        Invalid(
            forward("return torch.stack(xs)", "xs: Sequence[Tensor]").replace("Tensor:\n", "Tensor:  # <-\n"),
            "Unknown type constructor Sequence",
        ),
        Invalid(
            "from typing import Literal\n\n"
            + forward("return x", 'x: Tensor, mode: Literal["sum"]').replace("Tensor:\n", "Tensor:  # <-\n"),
            "Unknown type constructor Literal",
        ),
        Invalid(
            "from typing import Sequence\n\nBatch = Sequence[Tensor]\n\n"
            + forward("return torch.stack(list(xs))", "xs: Batch").replace("Tensor:\n", "Tensor:  # <-\n"),
            "Unknown type name 'Batch'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[declarations.UnsupportedAnnotation]) -> Diagnostic:
        text = problem.data.text
        words = re.findall(r"\w+", f"{text} {problem.data.name}")  # of an alias, the part of it that is no type
        known = next((word for word in words if word in _INSTEAD), "")
        help, suggestion = _INSTEAD.get(known, ("declare one of those types", ""))
        return self.about(cls, problem, f"{quoted(text)} is no type in TorchScript", help=help, suggestion=suggestion)


_INSTEAD = {
    "Sequence": ("declare a list", "List[<element type>]"),
    "Iterable": ("declare a list", "List[<element type>]"),
    "Collection": ("declare a list", "List[<element type>]"),
    "MutableSequence": ("declare a list", "List[<element type>]"),
    "Mapping": ("declare a dict", "Dict[<key type>, <value type>]"),
    "MutableMapping": ("declare a dict", "Dict[<key type>, <value type>]"),
    "OrderedDict": ("declare a dict", "Dict[<key type>, <value type>]"),
    "Literal": ("declare the type of the literals", "str"),
    "object": ("declare the type that is meant, or `Any`", "Any"),
    "Callable": ("call the function by its name instead of passing it", ""),
    "Set": ("declare a list", "List[<element type>]"),
    "TypedDict": ("declare a NamedTuple", "class <Name>(NamedTuple):"),
}
