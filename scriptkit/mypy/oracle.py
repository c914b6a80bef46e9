"""What mypy knows and the text of a file does not tell: attributes, calls and variables that other files type.

mypy's types are Python's. Only what they prove of compiled code is passed on: an attribute has the type of its value,
which for an attribute declared `float` may be an `int`, and for one declared `Module` any module.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from mypy.nodes import ARG_NAMED, ARG_NAMED_OPT, ARG_OPT, ARG_POS, FuncDef, TypeInfo, Var
from mypy.types import CallableType, Instance, get_proper_type

from scriptkit.language.operators import Argument, Schema
from scriptkit.language.types import BOOL, INT, STR, TENSOR, UNKNOWN, Type
from scriptkit.language.values import ContainerValue, ModuleValue, PythonObject
from scriptkit.mypy import names
from scriptkit.mypy.calls import call_signature
from scriptkit.mypy.types import translated

if TYPE_CHECKING:
    import mypy.types
    from mypy.checker import TypeChecker
    from mypy.nodes import MypyFile, SymbolTable

    from scriptkit.language.abstract import AnyValue
    from scriptkit.language.facts import ClassFacts, ModuleFacts

Place = tuple[int, int, int, int]
KINDS = {ARG_POS: (False, False), ARG_OPT: (True, False), ARG_NAMED: (False, True), ARG_NAMED_OPT: (True, True)}
WITHOUT_TYPE = frozenset(
    "builtins.set builtins.frozenset builtins.bytearray builtins.range builtins.slice builtins.memoryview "
    "collections.deque types.SimpleNamespace".split()
)
LIBRARIES_WITHOUT_TYPE = frozenset(
    "argparse datetime decimal fractions logging numpy pathlib queue random re threading uuid".split()
)


class MypyOracle:
    """Answers for one file that mypy has checked; without the checker, only what its symbols tell."""

    def __init__(self, file: MypyFile, module: ModuleFacts, checker: TypeChecker | None) -> None:
        self._file = file
        self._module = module
        self._checker = checker
        self._types: dict[Place, mypy.types.Type] | None = None

    def attribute_value(self, cls: ClassFacts, name: str) -> AnyValue | None:
        """What an attribute of a module is, where its type settles that."""
        info = self._class(cls.qualname)
        symbol = None if info is None else info.get(name)
        if symbol is None or not isinstance(symbol.node, Var) or symbol.node.is_property:
            return None
        given = None if symbol.node.type is None else get_proper_type(symbol.node.type)
        found = _value(given) if isinstance(given, Instance) else None
        return None if isinstance(found, Type) and not _is_proven(cls, name, symbol.node) else found

    def call_schema(self, node: ast.Call) -> Schema | None:
        """What a function, method or module of another file takes and gives, where its signature says so."""
        called = self._type_of(node.func)
        if isinstance(called, Instance) and called.type.has_base(names.MODULE):
            called = get_proper_type(call_signature(called))
        if not isinstance(called, CallableType) or called.variables or called.is_type_obj():
            return None
        definition = called.definition
        if not isinstance(definition, FuncDef) or definition.is_decorated or definition.fullname.startswith("torch."):
            return None
        return _schema(definition.name, called)

    def variable_type(self, name: str) -> Type | None:
        """The type of a variable that is imported from another file of the project."""
        symbol = self._file.names.get(name)
        node = None if symbol is None else symbol.node
        if not isinstance(node, Var) or node.fullname.startswith(("torch.", "math.")):
            return None
        found = translated(node.type)
        return None if found.has_unknown else found

    def _class(self, qualname: str) -> TypeInfo | None:
        table: SymbolTable = self._file.names
        info: TypeInfo | None = None
        for part in qualname.split("."):
            symbol = table.get(part)
            if symbol is None or not isinstance(symbol.node, TypeInfo):
                return None
            info = symbol.node
            table = info.names
        return info

    def _type_of(self, node: ast.expr) -> mypy.types.ProperType | None:
        if self._types is None:
            self._types = {} if self._checker is None else _by_place(self._checker)
        line, column, end_line, end_column = self._module.span(node)
        found = self._types.get((line, column - 1, end_line, end_column - 1))
        return None if found is None else get_proper_type(found)


def _is_proven(cls: ClassFacts, name: str, variable: Var) -> bool:
    """Whether a plain type is that of the value: declared so, or what a call gives that is assigned as it is.

    A parameter that is assigned again in unannotated code keeps its declared type to mypy, whatever it is then.
    """
    facts = cls.attributes.get(name)
    if facts is None or not facts.init:
        return not variable.is_inferred
    return isinstance(facts.init[0].value, ast.Call)


def _by_place(checker: TypeChecker) -> dict[Place, mypy.types.Type]:
    """The types of all expressions of the file, by where they stand."""
    return {
        (node.line, node.column, node.end_line or node.line, node.end_column or 0): found
        for types in checker._type_maps  # noqa: SLF001 - mypy offers no other way to them
        for node, found in types.items()
    }


def _value(given: Instance) -> AnyValue | None:
    info, name = given.type, given.type.fullname
    if name in names.CONTAINERS:
        return ContainerValue(info.name, element=UNKNOWN)
    if info.has_base(names.MODULE):
        is_library = info.module_name.startswith("torch.nn.modules")
        return ModuleValue(info.name, library=info.name if is_library else "")
    if _is_without_type(info):
        return PythonObject(info.name)
    found = translated(given)
    return found if found in (INT, STR, BOOL, TENSOR) else None


def _is_without_type(info: TypeInfo) -> bool:
    """Whether TorchScript certainly has no type for instances of this class; it compiles plain classes by itself."""
    if info.fullname in WITHOUT_TYPE:
        return True
    root = info.module_name.partition(".")[0]
    is_number = any(info.has_base(f"builtins.{kind}") for kind in ("int", "float", "str"))
    return root in LIBRARIES_WITHOUT_TYPE and not info.is_protocol and not is_number


def _schema(name: str, called: CallableType) -> Schema | None:
    if any(kind not in KINDS for kind in called.arg_kinds):
        return None
    arguments = tuple(
        Argument(argument or "", translated(type_), *KINDS[kind], length=0)
        for argument, type_, kind in zip(called.arg_names, called.arg_types, called.arg_kinds, strict=True)
    )
    return Schema(name, arguments, translated(called.ret_type), internal=True)
