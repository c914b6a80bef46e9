"""Parts of a module that are compiled by themselves: the program calls them, and nothing in them is evaluated."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.lowering.evaluator.results import result_of
from scriptkit.compiling.lowering.objects import hooks
from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import RefusedError
from scriptkit.compiling.lowering.world.stand_ins import has_dyn
from scriptkit.compiling.lowering.world.values import Dyn, Value
from scriptkit.language import types as t
from scriptkit.live.copies import with_fresh_tensors
from scriptkit.live.lives import life_of
from scriptkit.live.nested import Constant, Leaf, Nest, Structure, arranged, build, flatten
from scriptkit.live.programs import is_script_module
from scriptkit.watching.sameness import is_same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator

_CALLS = frozenset({nn.Module.__call__, nn.Module._call_impl, nn.Module._wrapped_call_impl})
_RULE = "part-boundary"


@dataclass(frozen=True)
class _Compiled:
    """One part in its compiled form. `run` calls it, to see on examples what it gives."""

    form: torch.jit.ScriptModule
    run: Callable[..., Any]

    def _example(self, evaluator: Evaluator, what: str, args: Sequence[Value], kwargs: Mapping[str, Value]) -> Any:
        def run(*given: Any, **named: Any) -> Any:
            given, named = with_fresh_tensors((given, named))
            called = life_of(self.run) if is_script_module(self.run) else self.run
            return called(*given, **named)

        return evaluator.try_out(what, run, args, kwargs)


@dataclass(frozen=True)
class FlatPart(_Compiled):
    """A trace: `form` takes and gives flat tensors, `inputs` and `output` are what the user has round them."""

    forward: Callable[..., Any]
    inputs: Structure
    output: Structure

    def call(
        self, evaluator: Evaluator, module: nn.Module, args: Sequence[Value], kwargs: Mapping[str, Value]
    ) -> Value:
        """Only tensors cross: what else is passed has to be what the trace was recorded with."""
        path, hint = _path(evaluator, module)
        positional, named = build(self.inputs, [None] * _count(self.inputs))
        try:
            given = arranged(self.forward, (len(positional), tuple(named)), tuple(args), dict(kwargs))
        except TypeError as error:
            raise RefusedError(_RULE, f"`{hint}` is compiled by itself, and called in another way: {error}") from error
        flat, actual = flatten(given)
        tensors = list(_crossing(evaluator, self.inputs, actual, flat, hint))
        found = self._example(evaluator, hint, tensors, {})
        call = syntax.call(path, [evaluator.residual.expression(tensor) for tensor in tensors])
        parts = [evaluator.residual.declare(t.TENSOR, example, hint) for example in found]
        names = ast.Tuple([syntax.store(part.name) for part in parts], ast.Store())
        evaluator.residual.emit(ast.Assign([names], call) if parts else ast.Expr(call))
        return built(evaluator, self.output, parts)


class ScriptedPart(_Compiled):
    """TorchScript made from the source of a part: it is called as the user calls it."""

    def call(
        self, evaluator: Evaluator, module: nn.Module, args: Sequence[Value], kwargs: Mapping[str, Value]
    ) -> Value:
        """Containers stay outside: the program would pass a copy, and the part may change it."""
        path, hint = _path(evaluator, module)
        for value in (*args, *kwargs.values()):
            if isinstance(value, (list, dict, set)) or not (isinstance(evaluator.lift(value), Dyn) or _is_plain(value)):
                words = f"a `{type(value).__name__}` is passed to `{hint}`, which is compiled by itself"
                raise RefusedError(_RULE, words)
        found = self._example(evaluator, hint, args, kwargs)
        given = {name: evaluator.residual.expression(value) for name, value in kwargs.items()}
        call = syntax.call(path, [evaluator.residual.expression(arg) for arg in args], given)
        return result_of(evaluator, found, call, hint)


def _path(evaluator: Evaluator, module: nn.Module) -> tuple[ast.expr, str]:
    """How the current method names a part, and how its user does; refused where its call is more than `forward`."""
    path, name = evaluator.residual.path(module), evaluator.residual.spoken_path(module)
    if path is None:
        raise RefusedError("module-out-of-reach", f"`{name}` belongs to a module outside the one that is compiled")
    if type(module).__call__ not in _CALLS:
        raise RefusedError("call-overridden", f"`{type(module).__name__}` has a `__call__` of its own")
    hooks.refuse(evaluator, module)
    return path, name.rpartition(".")[2] if not name.rpartition(".")[2].isdigit() else type(module).__name__.lower()


def _count(structure: Structure) -> int:
    if isinstance(structure, Nest):
        return sum(map(_count, structure.items))
    return int(isinstance(structure, Leaf))


def _is_plain(value: Value) -> bool:
    return value is None or isinstance(value, (bool, int, float, str, torch.dtype, torch.device))


def _crossing(
    evaluator: Evaluator, expected: Structure, actual: Structure, flat: Sequence[torch.Tensor], part: str
) -> Iterator[Dyn]:
    """The tensors that are passed, in the order of the trace's inputs."""
    if isinstance(expected, Nest):
        if isinstance(actual, Nest) and (actual.kind, actual.keys) == (expected.kind, expected.keys):
            for one, other in zip(expected.items, actual.items, strict=True):
                yield from _crossing(evaluator, one, other, flat, part)
            return
    elif isinstance(expected, Leaf):
        value = evaluator.lift(flat[actual.index] if isinstance(actual, Leaf) else getattr(actual, "value", None))
        if isinstance(value, Dyn) and value.is_tensor:
            yield value
            return
    elif isinstance(actual, Constant) and not has_dyn(actual.value):
        if is_same(expected.value, actual.value):
            return
    elif isinstance(actual, Constant):
        words = f"a value known only at run time reaches `{part}`, which a trace would keep as it was"
        raise RefusedError(_RULE, words)
    raise RefusedError(_RULE, f"`{part}` is compiled by itself, for arguments of another structure")


def built(evaluator: Evaluator, structure: Structure, tensors: Sequence[Dyn]) -> Value:
    """A result as the user knows it, round tensors of the program."""
    if isinstance(structure, Leaf):
        tensor = tensors[structure.index]
        return tensor if structure.scalar is None else evaluator.call(structure.scalar, [tensor])
    if isinstance(structure, Constant):
        return structure.value
    items = [built(evaluator, item, tensors) for item in structure.items]
    content = dict(zip(structure.keys, items, strict=True))
    if structure.kind == "list":
        return evaluator.effects.own(items)
    if structure.kind == "tuple" and structure.type is tuple:
        return tuple(items)
    if structure.kind == "namedtuple":
        return evaluator.call(structure.type, items)
    if structure.kind == "dict":
        return evaluator.effects.own(content)
    if structure.kind in {"mapping", "dataclass"}:
        named = all(isinstance(key, str) for key in content)
        return (
            evaluator.call(structure.type, [], content)
            if named
            else evaluator.call(structure.type, [evaluator.effects.own(content)])
        )
    if structure.kind == "object":
        made: Any = object.__new__(structure.type)
        vars(made).update(content)
        return evaluator.effects.own(made)
    raise RefusedError(_RULE, f"a part that is compiled by itself gives a `{structure.type.__name__}`")
