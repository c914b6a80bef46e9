"""The rule `parametrized-module`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.reading import submodules
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class ParametrizedModule(Rule):
    """A submodule with a parametrization, such as `weight_norm`. Compiled as it is, it fails when it is called.

    A `ScriptableModule` resolves parametrizations.
    """

    code = "SK317"
    name = "parametrized-module"
    lifted = True
    label = "computes its weight in Python"
    note = "a parametrization is a Python property, which the compiler refuses"
    help = "remove the parametrization before compiling"
    VALID = (
        model("self.fc = nn.Linear(2, 2)", "return self.fc(x)"),
        "from torch.nn.utils import parametrizations, parametrize\n\n"
        + model(
            "self.fc = parametrizations.weight_norm(nn.Linear(2, 2))\n"
            "parametrize.remove_parametrizations(self.fc, 'weight')",
            "return self.fc(x)",
        ),
    )
    INVALID = (
        Invalid(
            "from torch.nn.utils import parametrizations\n\n"
            + model("self.fc = parametrizations.weight_norm(nn.Linear(2, 2))  # <-", "return self.fc(x)"),
            "Parametrization is not working with scripting",
            inputs="(torch.ones(2, 2),)",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        plain = set(_made_plain(cls))
        for name, value in submodules(cls):
            if name in plain:
                continue
            dotted = cls.module.dotted(value.func) or ""
            if dotted.startswith("torch.nn.utils.parametrizations.") or dotted in (
                "torch.nn.utils.weight_norm",
                "torch.nn.utils.spectral_norm",
            ):
                yield self.found(
                    cls,
                    value,
                    f"`self.{name}` is parametrized by `{dotted.rpartition('.')[2]}`",
                    suggestion=f'torch.nn.utils.parametrize.remove_parametrizations(<model>.{name}, "weight")',
                    method="__init__",
                )


def _made_plain(cls: ClassFacts) -> Iterator[str]:
    """The submodules whose parametrization the class itself takes away again."""
    for node in ast.walk(cls.node):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Attribute):
            name = (cls.module.dotted(node.func) or "").rpartition(".")[2]
            if name.startswith("remove_") and ast.unparse(node.args[0].value) == "self":
                yield node.args[0].attr
