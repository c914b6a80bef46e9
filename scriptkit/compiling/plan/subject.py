"""What a plan is made for: a tree of modules, what was asked for its parts, and how they are called."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.chosen.choice import MODES, joined
from scriptkit.compiling.plan.acceptance import named
from scriptkit.compiling.plan.attempt import does_not_script
from scriptkit.errors import CompilationError
from scriptkit.live.copies import asks_for_gradients, copy_tree
from scriptkit.live.marks import Mark, mark_of
from scriptkit.live.recorded_calls import Call, record_examples

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scriptkit.compiling.plan.attempt import Refusal

Complete = Callable[[nn.Module], "torch.jit.ScriptModule"]
"""Makes one TorchScript module of a module that scripts; raises `CompilationError`."""


class Subject:
    """One tree. `examples` are the arguments of the root; without them nothing can be lowered or traced.

    `recorded` are the calls of its submodules, by path, where somebody ran the root already. `allow_baked` are hazards
    of a trace that its user knows, by name.
    """

    def __init__(
        self,
        root: nn.Module,
        examples: tuple[Sequence[Any], dict[str, Any]] | None,
        modes: Mapping[str, str] | None,
        allow_baked: Mapping[str, str] | None,
        *,
        complete: Complete,
        recorded: dict[str, list[Call]] | None = None,
    ) -> None:
        self.root = root
        self.examples = examples
        self.modes = dict(modes or {})
        self.allow_baked = allow_baked
        self.complete = complete
        self._recorded = recorded
        unknown = sorted({mode for mode in self.modes.values() if mode not in MODES})
        if unknown:
            raise ValueError(f"modes are 'script', 'lowered' and 'trace', not {', '.join(map(repr, unknown))}")

    def wanted(self, path: str, part: nn.Module) -> Mark | None:
        """What was asked for a part: by a pattern for its path, else by its mark."""
        for pattern, mode in self.modes.items():
            if fnmatch.fnmatchcase(path, pattern):
                return Mark(next(known for known in MODES if known == mode))
        return mark_of(part)

    def marked(self, path: str) -> Iterator[str]:
        """The submodules of a part that are marked otherwise than it is."""
        part = self.root.get_submodule(path)
        own = self.wanted(path, part)
        for name, inner in part.named_modules():
            mark = self.wanted(joined(path, name), inner) if name else None
            if mark is not None and (own is None or mark.mode != own.mode):
                yield joined(path, name)

    def has_marks_below(self, path: str) -> bool:
        """Whether a submodule is marked otherwise than the part."""
        return next(self.marked(path), None) is not None

    def calls(self, path: str, wanted: Mark | None) -> list[Call]:
        """How a part is called: as its mark says, else as in the run of the root."""
        if wanted is not None and wanted.example_inputs is not None:
            return [Call(wanted.example_inputs, wanted.example_kwargs, None)]
        if self._recorded is None:
            self._recorded = {} if self.examples is None else self._record(*self.examples)
        found = self._recorded.get(path, [])
        if not path and found and self.examples is not None and type(self.root).__call__ is not nn.Module.__call__:
            # what `forward` gets is what its `__call__` makes of them
            return [replace(found[0], args=tuple(self.examples[0]), kwargs=self.examples[1])]
        return found

    def with_calls(self, path: str, calls: list[Call]) -> Subject:
        """The same, as if a part were called in these ways only."""
        recorded = {**(self._recorded or {}), path: calls}
        allowed = self.allow_baked
        return Subject(self.root, self.examples, self.modes, allowed, complete=self.complete, recorded=recorded)

    def _record(self, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, list[Call]]:
        """The calls in one run; code that differentiates runs on tensors of its own, and only if it scripts at all."""
        try:
            return record_examples(self.root, args, kwargs)
        except RuntimeError as error:
            if not asks_for_gradients(error):
                raise
            try:
                self.complete(copy_tree(self.root))
            except CompilationError as refusal:
                raise differentiates(named("", self.root), refusal) from error
        return record_examples(self.root, args, kwargs, with_gradients=True)


def differentiates(what: str, refusal: Refusal | None) -> CompilationError:
    """The error for code that calls `backward` and does not script."""
    message = f"{what} calls `backward` in a call, which only code that scripts can"
    if refusal is None:
        return CompilationError(message)
    return CompilationError(f"{message}: it {does_not_script(refusal)}", refusal.diagnostics)
