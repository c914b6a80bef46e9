"""What is known about a file before anything is typed: modules, classes, methods, attributes.

`source.read` builds these objects; `inference.classes.infer` fills in the parts marked *typed*.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Generic, Literal, TypeAlias, TypeVar

from scriptkit.language.dotted_names import BUILTIN_NAMES, canonical
from scriptkit.language.record import Record
from scriptkit.language.source_text import SourceText
from scriptkit.language.walking import children, descendants

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.abstract import Type
    from scriptkit.language.problems.kind import Kind

FunctionNode: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_KINDS_OF_METHODS = {"classmethod", "property", "staticmethod"}  # what a method is stays known under a star import
INNER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
ClassKind = Literal["module", "enum", "namedtuple", "dataclass", "script-class", "interface", "plain"]
MethodKind = Literal["method", "static", "class", "property", "setter", "function"]


@dataclass(eq=False, repr=False)
class Parameter:
    """One parameter of a function."""

    name: str
    node: ast.arg
    annotation: ast.expr | None
    default: ast.expr | None
    kind: Literal["positional", "keyword", "varargs", "kwargs"]


@dataclass(eq=False, repr=False)
class FunctionFacts:
    """A method or a module-level function."""

    name: str
    node: FunctionNode
    module: ModuleFacts
    owner: ClassFacts | None
    kind: MethodKind
    marks: frozenset[str]
    parameters: list[Parameter]

    @property
    def self_name(self) -> str | None:
        """The name of the first parameter of a method, usually `self`."""
        arguments = [*self.node.args.posonlyargs, *self.node.args.args]
        return arguments[0].arg if arguments and self.kind in ("method", "property", "setter", "class") else None

    @cached_property
    def decorators(self) -> list[tuple[ast.expr, str | None]]:
        """Each decorator with its dotted name; of a call, that of the function called."""
        return [
            (node, self.module.dotted(node.func if isinstance(node, ast.Call) else node))
            for node in self.node.decorator_list
        ]

    @cached_property
    def descendants(self) -> list[ast.AST]:
        """Every node of the definition, in the order of `ast.walk`."""
        return descendants(self.node)

    @cached_property
    def by_kind(self) -> dict[type[ast.AST], list[ast.AST]]:
        """Every node of the body by its kind, in source order, without the bodies of definitions inside it."""
        found: dict[type[ast.AST], list[ast.AST]] = defaultdict(list)
        todo: list[ast.AST] = list(reversed(self.node.body))
        while todo:
            node = todo.pop()
            found[type(node)].append(node)
            if not isinstance(node, INNER):
                todo.extend(reversed(children(node)))
        return found

    @property
    def qualname(self) -> str:
        """`Net.forward`, or the bare name of a function."""
        return f"{self.owner.name}.{self.name}" if self.owner else self.name


@dataclass(eq=False, repr=False)
class Assignment:
    """`self.name = value` somewhere in a class, or `self.register_*("name", value)`."""

    node: ast.expr
    statement: ast.stmt
    value: ast.expr | None
    method: FunctionFacts
    conditions: tuple[ast.AST, ...]
    annotation: ast.expr | None = None

    @property
    def conditional(self) -> bool:
        """Whether it stands under an `if`, a loop or a `try`."""
        return bool(self.conditions)


@dataclass(eq=False, repr=False)
class AttributeFacts:
    """An attribute of a class: where it is declared and where it is assigned."""

    name: str
    owner: ClassFacts
    declaration: ast.AnnAssign | None = None
    class_value: ast.expr | None = None
    final: bool = False
    constant: bool = False
    registered: Literal["", "parameter", "buffer", "module"] = ""
    init: list[Assignment] = field(default_factory=list)
    later: list[Assignment] = field(default_factory=list)
    mutations: list[ast.expr | None] = field(default_factory=list)

    @property
    def annotation(self) -> ast.expr | None:
        """The annotation in the class body, or else of the assignment in `__init__`."""
        if self.declaration is not None:
            return self.declaration.annotation
        return next((a.annotation for a in self.init if a.annotation is not None), None)

    @property
    def conditional(self) -> bool:
        """Whether `__init__` assigns it under a condition only."""
        return bool(self.init) and all(a.conditional for a in self.init)

    @property
    def node(self) -> ast.AST | None:
        """Where it comes from: the declaration, else the first assignment in `__init__`."""
        if self.declaration is not None:
            return self.declaration
        return self.init[0].node if self.init else self.class_value


K_co = TypeVar("K_co", bound="Kind", covariant=True)


class Problem(Record, Generic[K_co]):
    """One observation of the typing pass; `node` is the culprit, `related` the other ends.

    `certain` is False where it depends on the instance whether the compiler gets there (a branch on a `Final` or on an
    attribute that may be None): such a problem is worth a warning, not an error.
    """

    data: K_co
    node: ast.AST
    method: FunctionFacts | None = None
    related: tuple[ast.AST, ...] = ()
    certain: bool = True

    @property
    def kind(self) -> str:
        """The name of its kind: "maybe-undefined"."""
        return self.data.kind


@dataclass(eq=False, repr=False)
class ClassFacts:
    """A class of the file; for a compiled one also what the typing pass found."""

    name: str
    qualname: str
    node: ast.ClassDef
    module: ModuleFacts
    bases: list[str | None]
    kind: ClassKind = "plain"
    scriptable: bool = False
    own_methods: dict[str, FunctionFacts] = field(default_factory=dict)
    local_bases: list[ClassFacts] = field(default_factory=list)
    attributes: dict[str, AttributeFacts] = field(default_factory=dict)
    annotations: dict[str, ast.AnnAssign] = field(default_factory=dict)
    class_values: dict[str, ast.expr] = field(default_factory=dict)
    foreign_bases: list[str] = field(default_factory=list)
    overloaded: set[str] = field(default_factory=set)
    called: frozenset[str] = frozenset()
    """Methods that a class of another file calls, which inherits this one."""
    hidden: frozenset[str] = frozenset()
    """Methods that such a class has itself in the place of these."""
    alone: Sequence[FunctionFacts] = ()
    """What it compiles of the file besides its methods: functions that the file gives to the compiler."""
    # -- typed ---------------------------------------------------------------
    compiled: list[FunctionFacts] = field(default_factory=list)
    problems: list[Problem[Kind]] = field(default_factory=list)
    types: dict[ast.AST, Type] = field(default_factory=dict)
    dead: set[ast.AST] = field(default_factory=set)
    doubted: set[ast.AST] = field(default_factory=set)

    @property
    def is_module(self) -> bool:
        """Whether it is an `nn.Module` (a `ScriptableModule` is one)."""
        return self.kind == "module"

    @cached_property
    def mro(self) -> list[ClassFacts]:
        """This class and its bases of the same file, nearest first (depth first, each once)."""
        found = dict.fromkeys([self])
        for base in self.local_bases:
            found.update(dict.fromkeys(base.mro))
        return list(found)

    @cached_property
    def methods(self) -> dict[str, FunctionFacts]:
        """Every method by name, also those of bases of the same file; none that a class of another file hides."""
        found = {name: method for cls in reversed(self.mro) for name, method in cls.own_methods.items()}
        return {name: method for name, method in found.items() if name not in self.hidden}

    def hide(self, names: frozenset[str]) -> None:
        """Be seen from now on as a class of another file inherits it that has methods of these names."""
        self.hidden = names
        vars(self).pop("methods", None)

    def type_of(self, node: ast.AST) -> Type | None:
        """The inferred type of an expression of compiled code; None where it was never compiled."""
        return self.types.get(node)

    def is_live(self, node: ast.AST) -> bool:
        """Whether the compiler emits code for `node`: False under a branch that is statically not taken."""
        return not (self.dead and any(n in self.dead for n in (node, *self.module.ancestors(node))))

    def is_certain(self, node: ast.AST) -> bool:
        """Whether the compiler emits code for `node` in every instance: False where the instance decides a test."""
        return not (self.doubted and any(n in self.doubted for n in (node, *self.module.ancestors(node))))


@dataclass(eq=False, repr=False)
class GlobalFacts:
    """A name assigned at module level."""

    name: str
    node: ast.stmt
    value: ast.expr | None
    annotation: ast.expr | None
    assigned: int = 1


@dataclass(eq=False, repr=False)
class ModuleFacts(SourceText):
    """What a parsed file holds."""

    imports: dict[str, str] = field(default_factory=dict)
    type_checking_imports: dict[str, str] = field(default_factory=dict)
    import_nodes: dict[str, ast.stmt] = field(default_factory=dict)
    future_annotations: bool = False
    globals: dict[str, GlobalFacts] = field(default_factory=dict)
    functions: dict[str, FunctionFacts] = field(default_factory=dict)
    classes: dict[str, ClassFacts] = field(default_factory=dict)
    star_imports: bool = False
    standing_alone: Sequence[ClassFacts] = ()
    """For each function or script class that the file gives to the compiler a module that compiles nothing else."""

    def dotted(self, node: ast.AST | None) -> str | None:
        """`torch.nn.functional.relu` for `F.relu`; `builtins.len` for `len`; None for what is not an imported name.

        A name defined in this file gives its bare name (`helper`, `Net.Inner`). Local variables are not known here.
        """
        if isinstance(node, ast.Name):
            return self._dotted_name(node.id)
        if isinstance(node, ast.Attribute):
            base = self.dotted(node.value)
            return None if base is None else canonical(f"{base}.{node.attr}")
        return None

    def _dotted_name(self, name: str) -> str | None:
        if name in self.imports:
            return canonical(self.imports[name])
        if name in self.functions or name in self.classes:
            return name
        if name in self.globals or (self.star_imports and name not in _KINDS_OF_METHODS):
            return None
        return f"builtins.{name}" if name in BUILTIN_NAMES else None

    def is_allowed(self, rule: str, line: int, cls: ClassFacts | None = None) -> bool:
        """Whether `rule` is allowed on the line itself or on the line of the class."""
        places = [line] if cls is None else [line, cls.node.lineno]
        return any(rule in self.allowed.get(place, ()) for place in places)

    def checked_classes(self, *, all_modules: bool = False) -> list[ClassFacts]:
        """The classes to be held to the rules, in source order: the scriptable ones, or every `nn.Module`.

        After them, for what the file gives to the compiler by itself, facts of a class that compiles nothing else.
        """
        classes = [*self.classes.values(), *self.standing_alone]
        return [cls for cls in classes if cls.scriptable or (all_modules and cls.is_module)]
