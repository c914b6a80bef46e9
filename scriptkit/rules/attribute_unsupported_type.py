"""The rule `attribute-unsupported-type`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.problems import attributes
from scriptkit.rules.examples import model
from scriptkit.rules.reading import CALLABLES, quoted
from scriptkit.rules.rule import Invalid, ProblemRule, related

if TYPE_CHECKING:
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts, Problem


class AttributeUnsupportedType(ProblemRule[attributes.AttributeUnsupportedType]):
    """An attribute whose value has no type in TorchScript, read by compiled code."""

    code = "SK106"
    name = "attribute-unsupported-type"
    once = True
    raw = (r"has no attribute '\w+' \(This attribute exists on the Python module, but we failed to convert",)
    kinds = (attributes.AttributeUnsupportedType,)
    label = "no type the compiler knows"
    note = "attributes hold tensors, modules, numbers, strings, `None`, and lists, tuples and dicts of them"
    VALID = (model('self.register_buffer("mean", torch.zeros(2))', "return x - self.mean"),)
    INVALID = (
        Invalid(
            "import numpy as np\n\n" + model("self.mean = np.zeros(2)", "return x - self.mean  # <-"),
            "failed to convert Python type: 'numpy.ndarray'",
        ),
        Invalid(
            model("self.sizes = {1, 2}", "return x if x.size(0) in self.sizes else -x  # <-"),
            "failed to convert Python type: 'set'",
        ),
        Invalid(
            "from dataclasses import dataclass\n\n@dataclass(frozen=True)\nclass Config:\n    k: int = 2\n\n"
            + model("self.config = Config()", "return x * self.config.k  # <-"),
            "This attribute exists on the Python module, but we failed to convert",
        ),
        Invalid(
            "import types\n\n" + model("self.config = types.SimpleNamespace(k=2)", "return x * self.config.k  # <-"),
            "failed to convert Python type: 'types.SimpleNamespace'",
        ),
    )

    def describe(self, cls: ClassFacts, problem: Problem[attributes.AttributeUnsupportedType]) -> Diagnostic | None:
        name, what = problem.data.name, problem.data.what
        if what in CALLABLES or what.endswith("of modules"):
            return None
        help = _HELP.get(
            what, "convert it in `__init__` to one of those, or keep the code that reads it out of `forward`"
        )
        return self.about(
            cls,
            problem,
            f"`self.{name}` holds {quoted(problem.data.value_text)}, which has no TorchScript type",
            help=help,
            also=related(problem, "its value"),
        )


_HELP = {
    "numpy": "convert it in `__init__`: a number with `int` or `float`, an array to a tensor registered as a buffer",
    "set": "keep a list instead",
    "dataclass": "keep the fields that are read as attributes of their own",
    "object": "keep what is read of it as attributes of their own",
}
