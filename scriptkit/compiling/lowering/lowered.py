"""What lowering gives: a program, how to compile it, and what it takes for granted."""

from __future__ import annotations

import ast
import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scriptkit.compiling.lowering.syntax import LINES_PER_FILE
from scriptkit.compiling.structure import build, differences, flatten
from scriptkit.engines.torchscript import lowered as engine
from scriptkit.errors import CompilationError

if TYPE_CHECKING:
    import torch

    from scriptkit.compiling.lowering.effects import Facts
    from scriptkit.compiling.structure import Structure
    from scriptkit.diagnostics import Diagnostic

assert LINES_PER_FILE == engine.LINES_PER_FILE  # noqa: S101 - the evaluator and the engine speak of the same lines


class LoweringError(CompilationError):
    """A module cannot be lowered; the diagnostics say which lines stand in the way."""


@dataclass
class LoweredModule:
    """A lowered module. `shadow` holds the user's parameters and generated classes; `texts` are their code.

    `entry` is the same with a `forward` as the user calls it.
    """

    shadow: engine.Shadow
    entry: engine.Shadow
    texts: dict[str, str]
    inputs: Structure
    output: Structure
    facts: Facts
    assumptions: tuple[str, ...] = ()
    dropped: tuple[Diagnostic, ...] = ()
    _compiled: torch.jit.ScriptModule | None = field(default=None, repr=False)

    def compile(self) -> torch.jit.ScriptModule:
        """The program compiled: flat tensors in, flat values out; raises what the compiler raises."""
        if self._compiled is None:
            self._compiled = engine.compile_lowered(self.shadow)
        return self._compiled

    @functools.cached_property
    def form(self) -> torch.jit.ScriptModule:
        """The program compiled with the user's parameters; raises `CompilationError` where the compiler refuses it."""
        try:
            return engine.compile_lowered(self.entry)
        except Exception as error:  # torch raises errors of many types
            words = str(error).strip().splitlines() or [type(error).__name__]
            raise CompilationError(f"the lowered program does not compile: {words[0]}") from error

    def problem_with(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """Why a call is not one this was lowered for, None where it is."""
        _, structure = flatten((args, kwargs))
        return next(differences(self.inputs, structure), None) or self.facts.broken()

    def flat(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[torch.Tensor]:
        """What the program takes for a call of the user."""
        return flatten((args, kwargs))[0]

    def rebuild(self, result: Any) -> Any:
        """What the program gives, with the types the user knows."""
        leaves = result if isinstance(result, tuple) else [result]
        return build(self.output, leaves)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it as the user calls the module; raises ValueError where it was lowered for something else."""
        problem = self.problem_with(args, kwargs)
        if problem is not None:
            raise ValueError(f"lowered for another call: {problem}")
        return self.rebuild(self.compile()(*self.flat(args, kwargs)))


def code_of(methods: list[ast.FunctionDef]) -> str:
    """The text of a generated class's methods."""
    return "\n\n".join(ast.unparse(method) for method in methods) + "\n"
