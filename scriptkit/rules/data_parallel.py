"""The rule `data-parallel`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.rules.examples import model
from scriptkit.rules.reading import submodules
from scriptkit.rules.rule import Invalid, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.language.facts import ClassFacts


class DataParallel(Rule):
    """A submodule wrapped in `DataParallel`."""

    code = "SK316"
    name = "data-parallel"
    raw = ()
    label = "takes any arguments"
    note = "the wrapper passes on `*args`, which have no types"
    help = "keep the module itself as the submodule, and wrap it outside"
    VALID = (model("self.net = nn.Linear(2, 2)", "return self.net(x)"),)
    INVALID = (
        Invalid(
            model("self.net = nn.DataParallel(nn.Linear(2, 2))  # <-", "return self.net(x)"),
            "can't take variable number of arguments",
        ),
    )

    def check(self, cls: ClassFacts) -> Iterator[Diagnostic]:
        for name, value in submodules(cls):
            dotted = cls.module.dotted(value.func) or ""
            if dotted in ("torch.nn.DataParallel", "torch.nn.parallel.DistributedDataParallel"):
                yield self.found(
                    cls, value, f"`self.{name}` is wrapped in `{dotted.rpartition('.')[2]}`", method="__init__"
                )
