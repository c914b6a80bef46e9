"""Several forms of one part, one for each way in which it is called, bound to it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import torch

    from scriptkit.compile_report import ReportRow
    from scriptkit.compiling.plan.call_shapes import Shape
    from scriptkit.engines.interface import Part


class BoundShapes:
    """Stands for a part in a tree: `form` picks among those of `parts`, of which each is for one of the `shapes`."""

    is_for_some_calls = True

    def __init__(
        self,
        form: torch.jit.ScriptModule,
        shapes: Sequence[Shape],
        parts: Sequence[Part],
        types: Mapping[str, str] | None = None,
    ) -> None:
        """`types` are those of arguments of which no call shows one."""
        self.form = form
        self.types = types
        self.shapes = shapes
        self.parts = parts

    @property
    def rows(self) -> Sequence[ReportRow]:
        """Those of the first form, with the ways of calling there are forms for."""
        first, *others = self.parts[0].rows
        if len(self.shapes) == 1:
            return [first, *others]
        listed = ", ".join(shape.told() for shape in self.shapes)
        return [replace(first, reason=f"{first.reason}; called as {listed}"), *others]

    @property
    def eval_only(self) -> str:
        """Why one of them holds in evaluation only; empty where all hold."""
        return next((part.eval_only for part in self.parts if part.eval_only), "")

    def why_eagerly(self) -> str | None:
        """The reason for which the next call must run as Python."""
        return next((why for part in self.parts if (why := part.why_eagerly()) is not None), None)

    def why_in_no_file(self) -> str | None:
        """The change of the module since it was compiled, for which one form computes something else."""
        return next((why for part in self.parts if (why := part.why_in_no_file()) is not None), None)

    def is_outdated(self) -> bool:
        """Whether the module changed so that other forms are needed."""
        return any(part.is_outdated() for part in self.parts)

    def bind(self) -> None:
        """Push tensors that were exchanged."""
        for part in self.parts:
            part.bind()

    def pull_back(self) -> None:
        """Give the module what compiled code wrote."""
        for part in self.parts:
            part.pull_back()
