"""The rule `lazy-module`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.reading import submodules
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class LazyModule(Rule):
    """A lazy submodule, which compiles only after it has seen an input.

    A `ScriptableModule` compiles after its first call.
    """

    code = "SK318"
    name = "lazy-module"
    severity = "warning"
    lifted = True
    label = "has no parameters yet"
    note = "the parameters of a lazy module do not exist before its first call"
    help = "call the model once before compiling it, or give the size"
    VALID = (model("self.fc = nn.Linear(2, 2)", "return self.fc(x)"),)
    INVALID = (Invalid(model("self.fc = nn.LazyLinear(2)  # <-", "return self.fc(x)"), "uninitialized"),)

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for name, value in submodules(cls):
            dotted = cls.module.dotted(value.func) or ""
            if dotted.startswith("torch.nn.Lazy"):
                kind = dotted.rpartition(".")[2]
                yield self.found(
                    cls,
                    value,
                    f"`self.{name}` is a `{kind}`",
                    suggestion=f"nn.{kind.removeprefix('Lazy')}(<size>, ...)",
                    method="__init__",
                )
