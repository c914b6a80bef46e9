"""One run of the evaluator, from a module and example inputs to a lowered module."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from scriptkit import log
from scriptkit.compiling.lowering import assembly, outputs
from scriptkit.compiling.lowering.entry import with_entry
from scriptkit.compiling.lowering.evaluator.evaluator import Evaluator
from scriptkit.compiling.lowering.lowered import LoweredModule, LoweringError
from scriptkit.compiling.lowering.objects import hooks, kept_state, module_calls
from scriptkit.compiling.lowering.program import refusals
from scriptkit.compiling.lowering.recovery import Recovery
from scriptkit.compiling.lowering.semantics import PYTHON
from scriptkit.compiling.lowering.world.refusing import RaisedError, RefusedError
from scriptkit.compiling.lowering.world.stand_ins import SPECIAL_VALUES
from scriptkit.compiling.lowering.world.values import Dyn, Parts, Sizes, Value
from scriptkit.engines.torchscript.engine.thread import LOCK
from scriptkit.errors import CompilationError, ScriptkitError
from scriptkit.language import types as t
from scriptkit.live.copies import random_states_kept
from scriptkit.live.nested import Leaf, Nest, Structure, build, flatten
from scriptkit.live.places import class_place
from scriptkit.live.steady import ChangingError, places_of, require_places

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import torch
    from torch import nn

    from scriptkit.compiling.lowering.evaluator.evaluator import Part
    from scriptkit.compiling.lowering.objects.kept_state import Kept
    from scriptkit.compiling.lowering.recovery import Refusal
    from scriptkit.compiling.lowering.world.refusing import BranchPlace
    from scriptkit.diagnostics import Diagnostic


def lower(
    module: nn.Module,
    example_inputs: Sequence[Any],
    example_kwargs: dict[str, Any] | None = None,
    parts: Mapping[str, Part] | None = None,
    *,
    keeps_state: bool = True,
    numbers: Collection[int] = (),
) -> LoweredModule:
    """Lower a module for calls like the example; raises `LoweringError` naming what stands in the way.

    `parts` are submodules that are compiled by themselves, by path: the program calls them. Neither the module nor the
    examples nor any random state is changed.

    `keeps_state`: whether it may keep plain attributes from one call to the next; else buffers may be assigned in
    loops, for a program that has no compiler behind it. `numbers` are the tensors among the
    inputs, counted in order, that stand for whole numbers: the module is given `int` of them.
    """
    with LOCK:  # CPython 3.11 cannot make syntax trees in two threads at once
        example = example_inputs, example_kwargs or {}
        return _with_state(module, example, parts or {}, buffers=not keeps_state, numbers=numbers)


def _with_state(
    module: nn.Module,
    example: tuple[Sequence[Any], dict[str, Any]],
    parts: Mapping[str, Part],
    *,
    buffers: bool,
    numbers: Collection[int],
) -> LoweredModule:
    """Lower, and begin again with each attribute that turns out to be state, or each buffer assigned in a loop."""
    kept: list[Kept] = []
    first: LoweringError | None = None
    without: LoweredModule | None = None
    while True:
        try:
            made = _lower(module, example, parts, asked=_Asked(kept, numbers, is_seen_whole=buffers))
        except LoweringError as error:
            first = first or error
            one: Kept | None = getattr(error.__cause__, "kept", None)
            wanted = [one] if one is not None and one.is_buffer == buffers else []
            if not wanted or len(kept) >= _MOST_KEPT:
                if without is not None:
                    return without
                raise first from first.__cause__
        else:
            wanted = [one for one in made.wanted if one.is_buffer == buffers] if len(kept) < _MOST_KEPT else []
            if not wanted:
                if first is not None and made.dropped:  # the second call may take the arm
                    raise first
                return made
            without = made if first is None and without is None else without
        kept += wanted


@dataclass(frozen=True)
class Obstacle:
    """What stands in the way: where, and in which submodule; "" is the module itself."""

    diagnostic: Diagnostic
    path: str


def obstacles(
    module: nn.Module,
    example_inputs: Sequence[Any],
    example_kwargs: dict[str, Any],
    parts: Mapping[str, Part],
    results: Mapping[str, Any],
) -> list[Obstacle]:
    """All that is refused, in the order of evaluation.

    `results` are what submodules gave in a recorded run, by path.
    """
    recovery = Recovery({id(module.get_submodule(path)): result for path, result in results.items() if path})
    with LOCK:
        evaluator = _evaluator(module, parts)
        evaluator.recovery = recovery
        try:
            with random_states_kept():
                tensors, inputs = flatten((tuple(example_inputs), dict(example_kwargs)))
                outputs.write_return(evaluator, _evaluate(evaluator, inputs, tensors))
        except RefusedError as error:
            recovery.note(evaluator, error)
        except RaisedError as raised:
            if not recovery.found:
                recovery.note(evaluator, _raises(raised))
    return [_obstacle(evaluator, refusal) for refusal in recovery.found]


def _obstacle(evaluator: Evaluator, refusal: Refusal) -> Obstacle:
    path = evaluator.residual.spoken_path(refusal.module) if refusal.module is not None else ""
    error = refusal.error
    place, node = _of_class(evaluator, refusal.path, refusal.node)
    return Obstacle(refusals.diagnostic(place, node, error.rule, error.message), path)


def _raises(raised: RaisedError) -> RefusedError:
    if _STAND_INS.search(str(raised)):
        words = "Python code takes a value that only a run knows for a plain object"
        refusal = RefusedError("dynamic-value-in-python", words)
    else:
        refusal = RefusedError("example-call-raises", f"the call raises {raised}")
    refusal.place = raised.place
    return refusal


def _evaluator(module: nn.Module, parts: Mapping[str, Part]) -> Evaluator:
    return Evaluator(module, PYTHON, {id(module.get_submodule(path)): part for path, part in parts.items()})


_STAND_INS = re.compile(rf"'(?:{'|'.join(kind.__name__ for kind in (*SPECIAL_VALUES, Parts, Sizes))})'")
_MOST_SEALED = 8
_MOST_KEPT = 64


@dataclass(frozen=True)
class _Asked:
    """Attributes that are state, the inputs that are numbers, and whether parts with state are evaluated in place."""

    kept: Sequence[Kept] = ()
    numbers: Collection[int] = ()
    is_seen_whole: bool = False


def _lower(
    module: nn.Module,
    example: tuple[Sequence[Any], dict[str, Any]],
    parts: Mapping[str, Part],
    sealed: Mapping[BranchPlace, RefusedError] = MappingProxyType({}),
    *,
    asked: _Asked,
) -> LoweredModule:
    """`sealed` are branches whose arms cannot be joined: the one that the example does not take raises."""
    places = places_of(module)
    evaluator = _evaluator(module, parts)
    evaluator.sealed = sealed
    evaluator.is_seen_whole = asked.is_seen_whole
    tensors, inputs = flatten((tuple(example[0]), dict(example[1])))
    try:
        with random_states_kept():
            result = _evaluate(evaluator, inputs, tensors, asked.kept, asked.numbers)
            output, not_tensors = outputs.write_return(evaluator, result)
    except RefusedError as refused:
        if refused.branch is not None and refused.branch not in sealed and len(sealed) < _MOST_SEALED:
            known = {**sealed, refused.branch: refused}
            return _lower(module, example, parts, known, asked=asked)
        raise LoweringError(_headline(module), [_diagnostic(evaluator, refused)]) from refused
    except RaisedError as raised:
        raise LoweringError(_headline(module), [_diagnostic(evaluator, _raises(raised))]) from raised
    except ScriptkitError:
        raise
    except Exception as error:
        raise _of_our_own(evaluator, error) from error
    shadow, texts = assembly.assemble(evaluator)
    dropped = tuple(refusals.dropped(d.path, d.line, d.why) for d in evaluator.dropped)
    require_places(module, places)
    if not evaluator.facts.are_of(places):
        raise ChangingError.of(module)
    entry = with_entry(shadow, module.forward, inputs, output, not_tensors)
    assumptions = tuple(evaluator.assumptions)
    made = LoweredModule(
        module,
        shadow,
        entry,
        texts,
        inputs,
        output,
        evaluator.facts,
        assumptions,
        dropped,
        places,
        dict(parts),
        tuple(one for one in evaluator.residual.kept.values() if not one.is_buffer),
        tuple(evaluator.wanted.values()),
    )
    _tell(made)
    return made


def _of_our_own(evaluator: Evaluator, error: Exception) -> CompilationError:
    """What no handler expected, at the line of the user's that was evaluated."""
    name = type(evaluator.root).__name__
    _, path, node = evaluator.unexpected or (error, "", ast.Pass())
    where = f" at {Path(path).name}:{getattr(node, 'lineno', 1)}" if path else ""
    message = f"internal error while lowering `{name}`{where}: {type(error).__name__}: {error}"
    return CompilationError(f"{message}; ask for another mode of that part (`modes=`), and report this")


def _tell(made: LoweredModule) -> None:
    name = type(made.module).__name__
    if log.is_heard(log.lowered):
        log.lowered.debug("`%s`%s", name, log.block(made.code))
    if log.is_heard(log.facts):
        for fact in made.facts.assumptions():
            log.facts.debug("`%s`: %s", name, fact)


def _evaluate(
    evaluator: Evaluator,
    inputs: Structure,
    tensors: Sequence[torch.Tensor],
    kept: Sequence[Kept] = (),
    numbers: Collection[int] = (),
) -> Value:
    root = evaluator.residual.method
    names = [root.fresh(_input_name(evaluator, inputs, number)) for number in range(len(tensors))]
    values: list[Value] = []
    for name, tensor in zip(names, tensors, strict=True):
        value = Dyn(t.TENSOR, tensor.detach().clone(), name, root, root.body)
        root.parameters[id(value)] = (value, name)
        values.append(value)
    for number in numbers:
        values[number] = evaluator.call(int, [values[number]], {})
    kept_state.begin(evaluator, kept)
    args, kwargs = build(inputs, values)
    if hooks.has_any(evaluator.root):
        return module_calls.call_root_with_hooks(evaluator, args, kwargs)
    hooks.refuse(evaluator, evaluator.root)
    return module_calls.call_root(evaluator, args, kwargs)


def _input_name(evaluator: Evaluator, inputs: Structure, number: int) -> str:
    """The name of a parameter of `forward` where an input is one, else `input`."""
    assert isinstance(inputs, Nest)  # noqa: S101 - a pair of arguments and keywords
    args, kwargs = inputs.items
    forward = getattr(type(evaluator.root), "forward", None)
    code = getattr(forward, "__code__", None)
    if isinstance(args, Nest) and code is not None:
        for position, item in enumerate(args.items):
            if item == Leaf(number) and position + 1 < code.co_argcount:
                return str(code.co_varnames[position + 1])
    if isinstance(kwargs, Nest):
        for name, item in zip(kwargs.keys, kwargs.items, strict=True):
            if item == Leaf(number):
                return str(name)
    return "input"


def _headline(module: nn.Module) -> str:
    return f"`{type(module).__name__}` cannot be lowered"


def _of_class(evaluator: Evaluator, path: str, node: ast.AST) -> tuple[str, ast.AST]:
    """A place, or that of the class where no code was read yet."""
    if path:
        return path, node
    path, line = class_place(type(evaluator.root))
    return path, ast.Pass(lineno=line, col_offset=0, end_lineno=line, end_col_offset=1)


def _diagnostic(evaluator: Evaluator, refusal: RefusedError) -> Diagnostic:
    path, node = refusal.place or (evaluator.place.path, evaluator.place.node)
    path, node = _of_class(evaluator, path, node)
    return refusals.diagnostic(path, node, refusal.rule, refusal.message)
