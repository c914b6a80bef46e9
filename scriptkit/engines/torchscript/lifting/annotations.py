"""Annotations of attributes as the compiler needs them: resolved, merged along the MRO, without what it cannot read."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import sys
import typing
from types import GenericAlias
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast, get_args, get_origin
from typing import Final as ExtensionsFinal
from weakref import WeakKeyDictionary

import torch

from scriptkit.engines.torchscript.lifting.function_source import (
    SourceUnavailableError,
    closure_of,
    function_source,
    lines_of,
    mangled,
)
from scriptkit.engines.torchscript.torch_names import private
from scriptkit.live.type_aliases import for_compiler, written_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FunctionType

_ANNOTATED_ATTRIBUTE = re.compile(r"(?:^|[;:])\s*\w+\.\w+\s*:", re.MULTILINE)
UNRESOLVED: Final = object()
_read: WeakKeyDictionary[type, tuple[tuple[Any, dict[str, Any]], dict[str, Any]]] = WeakKeyDictionary()


def attribute_annotations(user_classes: list[type]) -> dict[str, Any]:
    """Attribute name to type, from the class bodies and `__init__`s of the user's classes, base first.

    Quoted annotations and those under `from __future__ import annotations` are resolved. Left out is what says nothing
    to the compiler: class variables, submodules, `Final` tensors, and names that exist for type checkers only.
    """
    merged: dict[str, Any] = {}
    for klass in reversed(user_classes):
        merged.update(_declared_once(klass))
    return {name: for_compiler(annotation) for name, annotation in merged.items() if _speaks_to_compiler(annotation)}


def is_final(annotation: object) -> bool:
    """Whether an annotation is `Final` or `Final[...]`."""
    return annotation in (Final, ExtensionsFinal) or get_origin(annotation) in (Final, ExtensionsFinal)


def _declared_once(cls: type) -> dict[str, Any]:
    """What `_declared_in` gives, read once for as long as `__init__` and the annotations of a class are the same."""
    read_from = vars(cls).get("__init__"), inspect.get_annotations(cls)
    known = _read.get(cls)
    if known is not None and known[0][0] is read_from[0] and known[0][1] == read_from[1]:
        return known[1]
    declared = dict(_declared_in(cls))
    if not any(annotation is UNRESOLVED for annotation in declared.values()):  # a name that may be defined later
        _read[cls] = read_from, declared
    return declared


def _declared_in(cls: type) -> Iterator[tuple[str, Any]]:
    home = vars(sys.modules.get(cls.__module__, builtins))
    namespace = {**home, **_globals_elsewhere(cls, home), **_closure_of(cls), **vars(cls)}
    for name, annotation in inspect.get_annotations(cls).items():
        yield name, resolve(annotation, namespace)
    yield from _declared_in_init(cls, namespace)


def _declared_in_init(cls: type, namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    init = vars(cls).get("__init__")
    if not inspect.isfunction(init) or not _ANNOTATED_ATTRIBUTE.search(lines_of(inspect.unwrap(init))):
        return
    try:
        source = function_source(inspect.unwrap(init))
    except SourceUnavailableError:
        return  # made by a decorator such as @dataclass: it declares nothing of its own
    for node in ast.walk(source.tree):
        match node:
            case ast.AnnAssign(
                target=ast.Attribute(value=ast.Name(id=source.self_name), attr=name), annotation=written
            ):
                declared = resolve(ast.unparse(written), namespace)
                if is_final(declared) or private.knows(declared):  # torch reads none of these: they may say anything
                    yield mangled(name, init), declared
            case _:
                pass


def _globals_elsewhere(cls: type, home: Mapping[str, Any]) -> dict[str, Any]:
    """The globals of methods that came by value: those are not in the module of that name here."""
    functions = (value for value in vars(cls).values() if inspect.isfunction(value))
    return next((function.__globals__ for function in functions if function.__globals__ is not home), {})


def _closure_of(cls: type) -> dict[str, Any]:
    """Names of the function a class was defined in, as far as its methods kept them."""
    names: dict[str, Any] = {}
    for value in vars(cls).values():
        if inspect.isfunction(value):
            names.update(closure_of(value))
            names.update({a.__name__: a for a in value.__annotations__.values() if _is_class(a)})
    return names


def _is_class(annotation: object) -> bool:
    """Whether an annotation is a class by itself; to Python 3.10 `list[int]` is an instance of `type`, named `list`."""
    return isinstance(annotation, type) and not isinstance(annotation, GenericAlias)


def resolve(annotation: Any, namespace: Mapping[str, Any]) -> Any:
    """The type a written annotation stands for, or `UNRESOLVED`."""
    if isinstance(annotation, typing.ForwardRef):
        annotation = annotation.__forward_arg__
    if not isinstance(annotation, str):
        return _resolve_inside(annotation, namespace)
    try:
        value = eval(annotation, dict(namespace))  # noqa: S307 - the user's own annotation, as typing.get_type_hints does
    except Exception:  # noqa: BLE001 - whatever the user's expression raises, it names no type here
        return UNRESOLVED
    return (
        resolve(value, namespace) if isinstance(value, str | typing.ForwardRef) else _resolve_inside(value, namespace)
    )


def _resolve_inside(annotation: Any, namespace: Mapping[str, Any]) -> Any:
    """Resolve aliases, and quotes inside a type, as in `List["Tensor"]`."""
    annotation = written_out(annotation)
    if not any(isinstance(part, str | typing.ForwardRef) for part in _parts(annotation)):
        return annotation
    try:
        holder = type("_", (), {"__annotations__": {"it": _with_references(annotation)}})
        return typing.get_type_hints(holder, globalns=dict(namespace), include_extras=True)["it"]
    except Exception:  # noqa: BLE001 - whatever the user's expression raises, it names no type here
        return UNRESOLVED


def _with_references(annotation: Any) -> Any:
    """The quotes inside of a built-in type as references, which Python 3.10 does not make of them."""
    if not isinstance(annotation, GenericAlias):
        return annotation
    arguments = (typing.ForwardRef(a) if isinstance(a, str) else _with_references(a) for a in annotation.__args__)
    return GenericAlias(cast("type", annotation.__origin__), tuple(arguments))


def _speaks_to_compiler(annotation: Any) -> bool:
    if annotation is UNRESOLVED or annotation is ClassVar or get_origin(annotation) is ClassVar:
        return False
    if is_final(annotation) and any(_is_tensor_class(part) for part in get_args(annotation)):
        return False  # a promise to type checkers; no constant holds a tensor
    return not any(_is_module_class(part) for part in _parts(annotation))


def _is_tensor_class(part: object) -> bool:
    return isinstance(part, type) and issubclass(part, torch.Tensor)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from _parts(argument)


def _is_module_class(part: object) -> bool:
    return isinstance(part, type) and issubclass(part, torch.nn.Module) and not _is_interface(part)


def _is_interface(cls: type) -> bool:
    return bool(getattr(cls, "__torch_script_interface__", False))


def resolved_signature(function: FunctionType, spelt: Callable[[Any], Any] = written_out) -> inspect.Signature:
    """The signature of a function with its quoted annotations resolved; `for_compiler` spells them for torch."""
    namespace = {**vars(typing), **function.__globals__, **closure_of(function)}
    signature = inspect.signature(function)
    parameters = [
        p.replace(annotation=spelt(resolve(p.annotation, namespace))) if p.annotation is not p.empty else p
        for p in signature.parameters.values()
    ]
    returns = signature.return_annotation
    if returns is not signature.empty:
        returns = spelt(resolve(returns, namespace))
    return signature.replace(parameters=parameters, return_annotation=returns)
