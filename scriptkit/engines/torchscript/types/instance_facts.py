"""What an instance tells beyond its class: values that contradict their declarations, attributes without a type.

The compiler is the judge: a value is reported only where torch refuses it.
"""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import torch

from scriptkit.diagnostics import Diagnostic, Label
from scriptkit.engines.torchscript.lifting.annotations import attribute_annotations, is_final
from scriptkit.engines.torchscript.lifting.function_source import (
    FunctionSource,
    SourceUnavailableError,
    function_source,
    mangled,
)
from scriptkit.engines.torchscript.lifting.lifted_class import user_classes
from scriptkit.engines.torchscript.lifting.reached import reached_names
from scriptkit.engines.torchscript.torch_names import private
from scriptkit.engines.torchscript.types.forwarded_attributes import explain_forwarded
from scriptkit.engines.torchscript.types.int_for_float import has_int_for_float
from scriptkit.engines.torchscript.types.shadow import class_of, source_modules
from scriptkit.rules import rule_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.engines.torchscript.lifting.lifting import LiftedFunction
    from scriptkit.engines.torchscript.types.raw_errors import RawError

_MISSING: Final = re.compile(
    r"(?:Module|object) '(?P<class>[\w.]+)'(?: object)? has no attribute(?: or method)? '(?P<name>\w+)'"
)
_declared_cache: dict[type, dict[str, Any]] = {}


@dataclass(frozen=True)
class _Finding:
    """The words of a diagnostic, before it has a place."""

    rule: str
    message: str
    label: str
    note: str
    help: str


def check_instances(root: torch.nn.Module) -> dict[tuple[type, str], Diagnostic]:
    """Values of a tree that contradict what their class declares, by class and attribute."""
    found: dict[tuple[type, str], Diagnostic] = {}
    modules = source_modules(root)
    for module in modules:
        cls = class_of(module)
        if not user_classes(cls):
            continue
        for name, annotation in _declared(cls).items():
            held = next((members for members in _members(module) if name in members), None)
            if (cls, name) not in found and held is not None and (held is module.__dict__ or is_final(annotation)):
                problem = _problem_with(held[name], name, annotation)
                if problem is not None and (is_final(annotation) or name in reached_names(map(class_of, modules))):
                    found[cls, name] = _at_assignment(cls, name, problem)
    return found


def _members(module: torch.nn.Module) -> tuple[dict[str, Any], ...]:
    return module.__dict__, module._parameters, module._buffers, module._modules


def _declared(cls: type) -> dict[str, Any]:
    if cls not in _declared_cache:
        _declared_cache[cls] = attribute_annotations(user_classes(cls))
    return _declared_cache[cls]


def _problem_with(value: Any, name: str, annotation: Any) -> _Finding | None:
    """What is to be said of a value torch refuses, else None."""
    if is_final(annotation):
        return None if private.is_constant(value) else _not_a_constant(value, name)
    if not private.knows(annotation):
        written = inspect.formatannotation(annotation)
        return _Finding(
            "unsupported-annotation",
            f"`{name}` is declared `{written}`, a type the compiler does not know",
            "not a TorchScript type",
            "the compiler knows Tensor, int, float, complex, bool, str, and List, Dict, Tuple and Optional of these",
            f"declare `{name}` with one of these types, or drop the declaration",
        )
    if has_int_for_float(value, annotation):
        return _Finding(
            "int-for-float",
            f"`self.{name}` holds `{_short(value)}`, and its declared type has a `float` there",
            "an `int` in Python",
            "compiled code has a `float` there: other types of results, and of tensors that it meets",
            f"write the numbers of `self.{name}` as floats: `2.0`",
        )
    if not private.fits(value, annotation):
        written = inspect.formatannotation(annotation)
        return _Finding(
            "attribute-assign-type",
            f"`self.{name}` holds `{_short(value)}`, which does not fit its declared type `{written}`",
            f"a `{type(value).__name__}`",
            "the compiler gives an attribute the type its class declares",
            f"assign a `{written}`, or declare the type of what is assigned",
        )
    return None


def _not_a_constant(value: Any, name: str) -> _Finding:
    kind = type(value).__name__
    is_numpy = type(value).__module__.split(".")[0] == "numpy"
    what = f"the numpy value `{_short(value)}` (`numpy.{kind}`)" if is_numpy else f"a `{kind}`"
    repair = (
        f"write `self.{name} = {_python_type(value)}(...)`"
        if is_numpy
        else f"drop `Final` from `{name}`, or assign a constant"
    )
    return _Finding(
        "final-constant-bad-value",
        f"`self.{name}` is `Final` and holds {what}",
        "not a constant",
        "constants are numbers, strings, bools, None, dtypes, devices, and tuples or lists of these",
        repair,
    )


def _python_type(value: Any) -> str:
    return type(value.item()).__name__ if getattr(value, "size", 0) == 1 else "tuple"


def explain_missing_attribute(raw: RawError, failing: LiftedFunction, root: torch.nn.Module) -> Diagnostic | None:
    """Why an attribute that compiled code reads is not there for the compiler, said at its cause."""
    match = _MISSING.search(raw.text)
    owner = None if match is None else _module_of(root, match["class"].rsplit(".", 1)[-1], match["name"])
    if match is None or owner is None:
        return None
    name, cls = match["name"], class_of(owner)
    problem = _why_missing(owner, name, cls)
    place = next((p for p in raw.places if failing.function_source.contains(p.path, p.line)), None)
    if problem is None:
        return None if place is None else explain_forwarded(owner, name, place, failing)
    read = (
        (Label(place.line, max(place.column, 1), place.line, max(place.end_column, 2), "read here"),) if place else ()
    )
    diagnostic = _at_assignment(cls, name, problem, method=failing.original.__name__)
    if place is not None and diagnostic.path != place.path:
        read = ()
    return replace(diagnostic, secondary=read)


def is_consequence(raw: RawError, contradicted: set[str]) -> bool:
    """Whether an error only says that an attribute is missing whose declaration was left out."""
    match = _MISSING.search(raw.text)
    return match is not None and match["name"] in contradicted


def _module_of(root: torch.nn.Module, class_name: str, attribute: str) -> torch.nn.Module | None:
    candidates = [m for m in root.modules() if class_of(m).__name__ == class_name]
    having = [m for m in candidates if attribute in m.__dict__]
    return next(iter(having or candidates), None)


def _why_missing(owner: torch.nn.Module, name: str, cls: type) -> _Finding | None:
    if name not in owner.__dict__:
        return _never_set(name, cls)
    value = owner.__dict__[name]
    if isinstance(value, list | tuple | dict) and any(
        map(_is_module, value.values() if isinstance(value, dict) else value)
    ):
        kind, container = type(value).__name__, "ModuleDict" if isinstance(value, dict) else "ModuleList"
        return _Finding(
            "modules-in-python-container",
            f"`self.{name}` is a Python {kind} of modules",
            "the compiler sees no modules here",
            f"modules in a {kind} are neither registered nor compiled",
            f"wrap it: `self.{name} = nn.{container}(...)`",
        )
    if isinstance(value, list | dict) and not value:
        element = "List[<element type>]" if isinstance(value, list) else "Dict[<key type>, <value type>]"
        return _Finding(
            "empty-attribute-untyped",
            f"`self.{name}` is an empty {type(value).__name__} without a declared element type",
            "says nothing about its elements",
            "the compiler infers the type of an attribute from its value",
            f"declare it in the class body: `{name}: {element}`",
        )
    return _Finding(
        "attribute-unsupported-type",
        f"`self.{name}` holds a `{type(value).__name__}`, a type the compiler does not know",
        "not a TorchScript value",
        "compiled code reads tensors, numbers, strings, and lists, dicts and tuples of these",
        f"in `__init__`, copy what is read of `{name}` to attributes, or mark the method `@scriptkit.ignore`"
        if hasattr(value, "__dict__")
        else f"keep `{name}` out of compiled methods, or mark the method that reads it `@scriptkit.ignore`",
    )


def _never_set(name: str, cls: type) -> _Finding | None:
    source, node = _assignment(cls, name) or (None, None)
    if source is None or node is None:
        return None
    always = [one for one in source.tree.body if isinstance(one, ast.Assign | ast.AnnAssign)]
    is_gone = any(node is inner for statement in always for inner in ast.walk(statement))
    return _Finding(
        "attribute-conditionally-defined",
        f"`self.{name}` is set in `__init__`, and gone from this instance"
        if is_gone
        else f"`self.{name}` is set in one branch of `__init__` only, and this instance took another",
        "not reached for this instance",
        "the compiler reads every attribute that compiled code names, on every instance",
        f"set `self.{name}` on every path, for instance to None, and check it for None",
    )


def _is_module(value: object) -> bool:
    return isinstance(value, torch.nn.Module)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 24 else text[:21] + "..."  # noqa: PLR2004 - leaves room in a message


def _at_assignment(cls: type, name: str, finding: _Finding, *, method: str = "__init__") -> Diagnostic:
    source, node = _assignment(cls, name) or (None, None)
    spoken = _as_written(name, cls)
    path = source.path if source else inspect.getsourcefile(cls) or "<string>"
    line = source.first_line + node.lineno - 1 if source and node else 1
    column, end = (node.col_offset + 1, (node.end_col_offset or node.col_offset) + 1) if node else (1, 2)
    if node is None and (declared := _declaration(cls, name)) is not None:
        line, column, end = declared
    return Diagnostic(
        path=path,
        line=line,
        column=column,
        end_line=line,
        end_column=end,
        code=rule_named(finding.rule).code,
        name=finding.rule,
        message=finding.message.replace(name, spoken),
        label=finding.label,
        note=finding.note,
        help=finding.help.replace(name, spoken),
        class_name=cls.__name__,
        method=method,
    )


def _as_written(name: str, cls: type) -> str:
    """A private name (`_Net__x`) as its class spells it."""
    owners = (owner.__name__.lstrip("_") for owner in user_classes(cls))
    return next((name[len(owner) + 1 :] for owner in owners if name.startswith(f"_{owner}__")), name)


def _assignment(cls: type, name: str) -> tuple[FunctionSource, ast.Attribute] | None:
    """Where a class assigns `self.<name>`, in `__init__` or another method."""
    for owner in user_classes(cls):
        for function in _functions_of(owner):
            try:
                source = function_source(function)
            except SourceUnavailableError:
                continue
            for node in ast.walk(source.tree):
                match node:
                    case ast.Attribute(value=ast.Name(id=source.self_name), attr=attr, ctx=ast.Store()) if (
                        mangled(attr, function) == name
                    ):
                        return source, node
                    case _:
                        pass
    return None


def _declaration(cls: type, name: str) -> tuple[int, int, int] | None:
    """Line, column and end of an attribute's declaration in the class body."""
    try:
        lines, first = inspect.getsourcelines(cls)
    except (OSError, TypeError):
        return None
    for number, text in enumerate(lines):
        if re.match(rf"\s+{name}\s*:", text):
            column = len(text) - len(text.lstrip()) + 1
            return first + number, column, column + len(name)
    return None


def _functions_of(cls: type) -> Iterator[Any]:
    functions = [inspect.unwrap(f) for f in vars(cls).values() if inspect.isfunction(f)]
    yield from sorted(functions, key=lambda f: f.__name__ != "__init__")
