"""The rule `parametrized-module`."""

from __future__ import annotations

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
    VALID = (model("self.fc = nn.Linear(2, 2)", "return self.fc(x)"),)
    INVALID = (
        Invalid(
            "from torch.nn.utils import parametrizations\n\n"
            + model("self.fc = parametrizations.weight_norm(nn.Linear(2, 2))  # <-", "return self.fc(x)"),
            "Parametrization is not working with scripting",
            inputs="(torch.ones(2, 2),)",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for name, value in submodules(cls):
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
