"""Whether compiled code can be written to a file: tried once per type, in memory, without the weights."""

from __future__ import annotations

import re
import warnings
from typing import Any, Final

import torch

from scriptkit.diagnostics import Diagnostic
from scriptkit.engines.torchscript.programs.none_defaults import WAY_OUT, NoneDefault, none_default
from scriptkit.engines.torchscript.torch_names import private, public
from scriptkit.engines.torchscript.torch_names.private import LOCK
from scriptkit.engines.torchscript.types import raw_errors
from scriptkit.engines.torchscript.types.compiler import CompiledTree, own_type
from scriptkit.errors import CompilationError, ScriptkitWarning

_PYTHON_CALL: Final = re.compile(r"Could not export Python function call '(?P<name>[^']+)'")
_NONE_DEFAULT: Final = "SK405"
_STACK_LEVEL: Final = 6
_saveable: set[Any] = set()


def check_saveable(tree: CompiledTree, cls: type) -> None:
    """Warn of a reached `@ignore`d method, raise for anything else that no file can hold."""
    problem = _problem_of(tree)
    if problem is None:
        return
    _saveable.add(tree.concrete_type)
    if problem.name == "reaches-ignored":
        warnings.warn(f"{cls.__name__} cannot be saved: {problem.message}", ScriptkitWarning, stacklevel=_STACK_LEVEL)
        return
    _saveable.discard(tree.concrete_type)
    message = f"{cls.__name__} compiles but cannot be saved (`check_save=False` accepts that)"
    raise CompilationError(message, [problem])


def none_default_in(tree: CompiledTree) -> Diagnostic | None:
    """The parameter declared `Tensor` whose default is `None`, where that is why no file can hold a tree."""
    problem = _problem_of(tree)
    return problem if problem is not None and problem.code == _NONE_DEFAULT else None


def _problem_of(tree: CompiledTree) -> Diagnostic | None:
    if tree.concrete_type in _saveable:
        return None
    problem = why_unsaveable(tree)
    if problem is None:
        _saveable.add(tree.concrete_type)
    return problem


def why_unsaveable(tree: CompiledTree) -> Diagnostic | None:
    """The first reason for which no file can hold the compiled code of a tree."""
    with LOCK:
        return _try_to_save(tree)


def reason_of(error: RuntimeError) -> str:
    """Why torch did not write compiled code, in our words."""
    return _diagnostic_of(raw_errors.read(error), []).message


def kept_in_python(error: RuntimeError) -> str | None:
    """The name of the function that stays in Python, where that is why torch did not write compiled code."""
    call = _PYTHON_CALL.search(str(error))
    return call["name"] if call is not None else None


def _try_to_save(tree: CompiledTree) -> Diagnostic | None:
    memo: dict[int, Any] = {}
    try:
        if tree.scripted is not None:
            memo = dict(tree.instances)
            public.can_be_saved(tree.scripted)
        else:
            _weightless(tree.shadow.root, tree.concrete_type, memo).save_to_buffer()
    except RuntimeError as error:
        culprit = none_default(error, memo.values())
        if culprit is not None:
            return _told(culprit)
        return _diagnostic_of(raw_errors.read(error), private.ignored_calls(memo.values()))
    return None


def _told(culprit: NoneDefault) -> Diagnostic:
    return Diagnostic(
        path=culprit.path,
        line=culprit.line,
        column=culprit.column,
        end_line=culprit.line,
        end_column=culprit.column + len(culprit.parameter),
        code=_NONE_DEFAULT,
        name="default-arg-none-not-optional",
        message=culprit.told(),
        note="the compiler takes the default for a tensor that does not exist, which no file can hold",
        help=WAY_OUT,
        suggestion=f"{culprit.parameter}: Optional[Tensor] = None",
        method=culprit.method,
    )


def _weightless(module: Any, concrete_type: Any, memo: dict[int, Any]) -> Any:
    """An instance of a compiled type whose tensors are on the meta device."""
    if isinstance(module, private.ScriptModule):
        return module._c
    if id(module) in memo:
        return memo[id(module)]
    cpp = memo[id(module)] = private.new_instance(concrete_type)
    for name in concrete_type.get_attributes():
        cpp.setattr(name, _on_meta(private.attribute_value(getattr(module, name))))
    for name, declared in concrete_type.get_modules():
        child = module._modules[name]
        cpp.setattr(
            name,
            _weightless(
                child, declared if isinstance(child, private.ScriptModule) else own_type(child, declared), memo
            ),
        )
    return cpp


def _on_meta(value: Any) -> Any:
    if isinstance(value, torch.Tensor) and value.is_quantized:
        return torch.quantize_per_tensor(torch.empty(0), 1.0, 0, value.dtype)  # on the meta device no file holds these
    if isinstance(value, torch.Tensor):
        return torch.empty(0, device="meta", dtype=value.dtype)
    if type(value) in (list, tuple):
        return type(value)(_on_meta(item) for item in value)
    if type(value) is dict:
        return {key: _on_meta(item) for key, item in value.items()}
    return value


def _diagnostic_of(raw: raw_errors.RawError, ignored: list[str]) -> Diagnostic:
    call = _PYTHON_CALL.search(raw.text)
    name = call["name"] if call is not None else ""
    place = raw.places[0] if raw.places else raw_errors.Place("<unknown>", 1)
    is_ignored = name in ignored
    message = f"compiled code calls `{name}`, which stays in Python" if name else raw.reason
    if is_ignored:
        names = ", ".join(f"`{n}`" for n in ignored)
        message = f"it reaches what is marked `@ignore`: {names}"
    return Diagnostic(
        path=place.path,
        line=place.line,
        column=place.column or 1,
        end_line=place.line,
        end_column=place.end_column or 2,
        code="SK000",
        name="reaches-ignored" if is_ignored else "compiler-error",
        message=message,
        severity="warning" if is_ignored else "error",
        note="a file holds compiled code only",
        help="guard the call by `if not torch.jit.is_scripting():`, or replace it by code that compiles",
    )
