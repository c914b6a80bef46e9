"""The methods of a model as C++ functions."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from scriptkit.artifact.literals import has_literal, literal_value
from scriptkit.cpp.types import NamedTupleType, cpp_literal, cpp_type, parameter_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scriptkit.artifact.manifest import Manifest, Method, Parameter

# names a C++ function or parameter cannot have, and those the wrapper uses itself
_TAKEN = frozenset(
    """alignas alignof and and_eq asm auto bitand bitor bool break case catch char class compl concept const
    consteval constexpr constinit const_cast continue decltype default delete do double dynamic_cast else enum
    explicit export extern false float for friend goto if inline int long mutable namespace new noexcept not
    not_eq nullptr operator or or_eq private protected public register reinterpret_cast requires return short
    signed sizeof static static_assert static_cast struct switch template this thread_local throw true try typedef
    typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq device module load at c10
    std torch scriptkit main""".split()
)


class CppParameter(NamedTuple):
    """One parameter: its name, its C++ type, and its default as C++ or None."""

    name: str
    type: str
    default: str | None
    source: Parameter

    def declaration(self) -> str:
        """As it stands in the parameter list."""
        default = "" if self.default is None else f" = {self.default}"
        return f"{parameter_type(self.type)} {self.name}{default}"


class CppMethod(NamedTuple):
    """One method: its name in C++, the method it calls, its parameters and the type it returns."""

    name: str
    source: Method
    parameters: tuple[CppParameter, ...]
    returns: str


def cpp_name(name: str) -> str:
    """A name that C++ takes."""
    return f"{name}_" if name in _TAKEN or name.endswith("_") else name


def cpp_methods(manifest: Manifest, named_tuples: Mapping[str, NamedTupleType]) -> list[CppMethod]:
    """The methods of a model, in the order of its manifest."""
    return [_cpp_method(method, named_tuples) for method in manifest.methods]


def _cpp_method(method: Method, named_tuples: Mapping[str, NamedTupleType]) -> CppMethod:
    defaults = _defaults(method, named_tuples)
    parameters = tuple(
        CppParameter(cpp_name(parameter.name), cpp_type(parameter.type, named_tuples), default, parameter)
        for parameter, default in zip(method.parameters, defaults, strict=True)
    )
    returns = "void" if method.returns == "NoneType" else cpp_type(method.returns, named_tuples)
    return CppMethod(cpp_name(method.name), method, parameters, returns)


def _defaults(method: Method, named_tuples: Mapping[str, NamedTupleType]) -> list[str | None]:
    """C++ has defaults for the last parameters only, without a gap."""
    defaults: list[str | None] = []
    for parameter in reversed(method.parameters):
        gap = bool(defaults) and defaults[-1] is None
        defaults.append(None if gap else _default(parameter, named_tuples))
    return defaults[::-1]


def _default(parameter: Parameter, named_tuples: Mapping[str, NamedTupleType]) -> str | None:
    if parameter.default is None or not has_literal(parameter.default):
        return None
    return cpp_literal(literal_value(parameter.default), cpp_type(parameter.type, named_tuples))


def named_tuples_of(manifest: Manifest, code: Mapping[str, ast.ClassDef]) -> dict[str, NamedTupleType]:
    """The named tuples the methods of a model take or return, by their TorchScript names, inner ones first."""
    found: dict[str, NamedTupleType] = {}
    for method in manifest.methods:
        for annotation in [*(parameter.type for parameter in method.parameters), method.returns]:
            _collect(annotation, code, found)
    return found


def _collect(annotation: str, code: Mapping[str, ast.ClassDef], found: dict[str, NamedTupleType]) -> None:
    for name in re.findall(r"__torch__(?:\.\w+)+", annotation):
        cls = code.get(name)
        if cls is None or name in found or "NamedTuple" not in map(ast.unparse, cls.bases):
            continue
        fields = dict(_fields(cls.body))
        for inner in fields.values():
            _collect(inner, code, found)
        taken = {named.name for named in found.values()}
        short = cls.name if cls.name not in taken else f"{cls.name}{len(taken)}"
        found[name] = NamedTupleType(short, fields)


def _fields(body: Iterable[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement in body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id, ast.unparse(statement.annotation)
