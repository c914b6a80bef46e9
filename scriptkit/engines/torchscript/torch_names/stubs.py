"""What the compiler takes for methods and properties, made of rewritten code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scriptkit.engines.torchscript.torch_names.table import look_up
from scriptkit.live.type_aliases import for_compiler

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

    import torch

_methods_of = look_up("methods of a torch module")
_properties_of = look_up("properties of a torch module")
_MethodStub, _PropertyStub = look_up("method stub"), look_up("property stub")
_Property, _Ident = look_up("tree of a property"), look_up("tree of a name")
_SourceRanges, _SourceContext = look_up("ranges of a source"), look_up("source context")
_names_by_torch = look_up("name resolution")
_tree_of, _tree_of_syntax = look_up("definition from source"), look_up("definition from a tree")
_defaults_of = look_up("default arguments")
_overloads_of, _name_of = look_up("overloads of functions"), look_up("qualified name")
_operator_of = look_up("operators by function")


def native_stubs(module: torch.nn.Module) -> tuple[list[Any], list[Any]]:
    """The methods and properties torch itself would compile of a module of its own library."""
    return _methods_of(module), _properties_of(module)


def names_seen_by(parsed: Any) -> Callable[[str], Any]:
    """What names and annotations mean where a function stands, type aliases written out."""
    by_torch = _names_by_torch(parsed)
    return lambda name: for_compiler(by_torch(name))


def method_stub(parsed: Any, name: str) -> Any:
    """What the compiler takes for one method; `parsed` is a `ParsedDef` that also looks like a function."""
    return _MethodStub(names_seen_by(parsed), definition(parsed, name), parsed)


def property_stub(name: str, getter: Any, setter: Any | None) -> Any:
    """What the compiler takes for one property."""
    get = definition(getter, f"__{name}_getter")
    put = definition(setter, f"__{name}_setter") if setter is not None else None
    tree = _Property(get.range(), _Ident(get.range(), name), get, put)
    return _PropertyStub(names_seen_by(getter), tree)


def definition(parsed: Any, name: str, self_name: str | None = "RecursiveScriptModule") -> Any:
    """The compiler's own tree of a parsed function."""
    return _tree_of(parsed, name, self_name=self_name)


def source_context(text: str, path: str | None, first_line: int, indentation: int, function: str) -> Any:
    """Where positions of a function's tree lie in its file."""
    return _SourceContext(text, path, first_line, indentation, True, function)


def source_ranges(text: str, path: str) -> Any:
    """What makes positions in a file."""
    return _SourceRanges(text, path, 1, 0)


def stub_of_tree(tree: ast.FunctionDef, places: Any, class_name: str, names: dict[str, Any]) -> Any:
    """What the compiler takes for one method that exists as a syntax tree only."""
    definition = _tree_of_syntax(places, tree, None, tree.name, self_name=class_name)
    return _MethodStub(names.get, definition, _no_defaults)


def _no_defaults(self: object) -> None:
    """The function of a method that exists as a syntax tree only: its arguments have no defaults."""


def default_arguments(function: Any) -> dict[str, Any]:
    """Parameter name to default value."""
    return dict(_defaults_of(function))


def has_overloads(function: Any) -> bool:
    """Whether `torch.jit._overload` signatures are registered for a free function."""
    return bool(_overloads_of(_name_of(function)))


def qualified_name(function: Any) -> str:
    """The name a function or class gets in TorchScript, `__torch__.package.name`."""
    return str(_name_of(function))


def builtin_name(function: Any) -> str | None:
    """The operator a function stands for, None where the compiler knows none."""
    name: str | None = _operator_of(function)
    return name
