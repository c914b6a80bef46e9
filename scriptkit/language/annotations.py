"""From an annotation in source to a TorchScript type, in every spelling the compiler takes."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.language.attributes import FINAL
from scriptkit.language.parsing import syntax_tree
from scriptkit.language.record import Record
from scriptkit.language.types import (
    ANY,
    BOOL,
    COMPLEX,
    DEVICE,
    FLOAT,
    GENERATOR,
    INT,
    NONE,
    NUMBER,
    STR,
    STREAM,
    TENSOR,
    UNKNOWN,
    Dict,
    Future,
    Instance,
    List,
    Tuple,
    Type,
    optional,
    union,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scriptkit.language.facts import ClassFacts, ModuleFacts

PLAIN: dict[str, Type] = {
    "builtins.int": INT,
    "builtins.float": FLOAT,
    "builtins.complex": COMPLEX,
    "builtins.bool": BOOL,
    "builtins.str": STR,
    "typing.Any": ANY,
    "torch.Tensor": TENSOR,
    "torch.nn.Parameter": TENSOR,
    "torch.device": DEVICE,
    "torch.dtype": INT,
    "torch.Generator": GENERATOR,
    "torch.Stream": STREAM,
    "torch.types.Number": NUMBER,
    "torch.LongTensor": TENSOR,
    "torch.FloatTensor": TENSOR,
    "torch.IntTensor": TENSOR,
    "torch.BoolTensor": TENSOR,
    "torch.DoubleTensor": TENSOR,
    "torch.HalfTensor": TENSOR,
    "torch.ShortTensor": TENSOR,
    "torch.CharTensor": TENSOR,
    "torch.ByteTensor": TENSOR,
}
LISTS = frozenset({"typing.List", "builtins.list"})
DICTS = frozenset({"typing.Dict", "builtins.dict"})
TUPLES = frozenset({"typing.Tuple", "builtins.tuple"})
FUTURES = frozenset({"torch.jit.Future", "torch.futures.Future", "torch.Future"})
TRANSPARENT = FINAL | {"typing.Annotated"}
UNSUPPORTED_ROOTS = frozenset(
    {"typing", "builtins", "collections", "numbers", "types", "enum", "abc", "numpy", "collections.abc"}
)


class BadAnnotation(Record):
    """An annotation, or the part of one, that names no type."""

    node: ast.expr
    text: str
    kind: str


class Annotations:
    """Reads the annotations of one file."""

    def __init__(self, module: ModuleFacts) -> None:
        self.module = module
        self._busy: set[str] = set()

    def read(self, node: ast.expr, scope: ClassFacts | None = None) -> tuple[Type, list[BadAnnotation]]:
        """The type and what is wrong with the annotation; a wrong part is unknown."""
        bad: list[BadAnnotation] = []
        return self._type(node, bad, scope), bad

    def type(self, node: ast.expr | None, scope: ClassFacts | None = None) -> Type:
        """The type alone; without annotation a Tensor."""
        return TENSOR if node is None else self.read(node, scope)[0]

    def type_of_text(self, text: str) -> Type:
        """The type that an annotation of torch's own names; unknown where it is empty or no type."""
        node = syntax_tree(text.strip() or "...", mode="eval").body
        found, bad = self.read(node)
        return UNKNOWN if any(part.kind != "quoted-union" for part in bad) else found

    def _type(self, node: ast.expr, bad: list[BadAnnotation], scope: ClassFacts | None) -> Type:
        if isinstance(node, ast.Constant):
            return self._constant(node, bad, scope)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            return union((self._type(node.left, bad, scope), self._type(node.right, bad, scope)))
        if isinstance(node, ast.Subscript):
            return self._subscript(node, bad, scope)
        if isinstance(node, (ast.Name, ast.Attribute)):
            return self._name(node, bad, scope)
        return self._bad(node, "malformed", bad)

    def _constant(self, node: ast.Constant, bad: list[BadAnnotation], scope: ClassFacts | None) -> Type:
        if node.value is None:
            return NONE
        if node.value is ...:
            return UNKNOWN
        if not isinstance(node.value, str):
            return self._bad(node, "malformed", bad)
        try:
            inner = syntax_tree(node.value.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            return self._bad(node, "malformed", bad)
        for part in ast.walk(inner):
            ast.copy_location(part, node)
        if any(isinstance(part, ast.BinOp) for part in ast.walk(inner)):
            bad.append(BadAnnotation(node, node.value, "quoted-union"))
        return self._type(inner, bad, scope)

    def _bad(self, node: ast.expr, kind: str, bad: list[BadAnnotation]) -> Type:
        bad.append(BadAnnotation(node, ast.unparse(node), kind))
        return UNKNOWN

    def _subscript(self, node: ast.Subscript, bad: list[BadAnnotation], scope: ClassFacts | None) -> Type:
        head = self.module.dotted(node.value)
        inner = list(node.slice.elts) if isinstance(node.slice, ast.Tuple) else [node.slice]
        if any(isinstance(part, ast.Slice) for part in inner):
            return self._bad(node, "malformed", bad)
        if head in TRANSPARENT:
            return self._type(inner[0], bad, scope) if inner else UNKNOWN
        if head in TUPLES:
            return self._tuple(node, inner, bad, scope)
        if head in LISTS | DICTS | FUTURES | {"typing.Optional", "typing.Union"}:
            return self._generic(node, head or "", [self._type(part, bad, scope) for part in inner], bad)
        if head is not None and self._is_foreign_type(head):
            return self._bad(node, "unsupported", bad)
        return UNKNOWN

    def _tuple(
        self, node: ast.Subscript, inner: Sequence[ast.expr], bad: list[BadAnnotation], scope: ClassFacts | None
    ) -> Type:
        if any(isinstance(part, ast.Constant) and part.value is ... for part in inner):
            return self._bad(node, "unsupported", bad)
        if len(inner) == 1 and isinstance(inner[0], ast.Tuple) and not inner[0].elts:
            return Tuple([])
        return Tuple([self._type(part, bad, scope) for part in inner])

    def _generic(self, node: ast.Subscript, head: str, parts: list[Type], bad: list[BadAnnotation]) -> Type:
        count = 2 if head in DICTS else len(parts) if head == "typing.Union" else 1
        if len(parts) != count:
            return self._bad(node, "malformed", bad)
        if head in LISTS:
            return List(parts[0])
        if head in DICTS:
            return Dict(parts[0], parts[1])
        if head in FUTURES:
            return Future(parts[0])
        return optional(parts[0]) if head == "typing.Optional" else union(parts)

    def _name(self, node: ast.Name | ast.Attribute, bad: list[BadAnnotation], scope: ClassFacts | None) -> Type:
        dotted = self.module.dotted(node)
        if dotted is None:
            return self._alias(node, bad, scope)
        if dotted in PLAIN:
            return PLAIN[dotted]
        if dotted == "torch.Size" or _is_module_class(dotted):
            return self._bad(node, "unsupported", bad)
        if dotted in self.module.classes:
            if self.module.classes[dotted].is_module or {"typing.Protocol", "typing.TypedDict"} & set(
                self.module.classes[dotted].bases
            ):
                return self._bad(node, "unsupported", bad)
            return class_type(self.module.classes[dotted], self)
        if dotted in FINAL or dotted in {"builtins.list", "builtins.tuple"}:
            return UNKNOWN
        if dotted in LISTS | DICTS | TUPLES or self._is_foreign_type(dotted):
            return self._bad(node, "unsupported", bad)
        return UNKNOWN

    def _alias(self, node: ast.Name | ast.Attribute, bad: list[BadAnnotation], scope: ClassFacts | None) -> Type:
        """A name assigned at module level: a type alias, a TypeVar, a NewType."""
        if not isinstance(node, ast.Name):
            return UNKNOWN
        if node.id in self._busy:
            return self._bad(node, "unsupported", bad)  # an alias that contains itself
        made = self.module.globals.get(node.id)
        if made is None or made.value is None or made.assigned > 1:
            return UNKNOWN
        if isinstance(made.value, ast.Call):
            maker = self.module.dotted(made.value.func) or ""
            if maker == "typing.TypeVar":
                return self._bad(node, "typevar", bad)
            if maker == "typing.NewType":
                return self._bad(node, "unsupported", bad)
            if maker != "typing.TypeAliasType" or made.value.keywords:
                return UNKNOWN
        value = made.value.args[-1] if isinstance(made.value, ast.Call) else made.value
        inside: list[BadAnnotation] = []
        self._busy.add(node.id)
        try:
            found = self._type(value, inside, scope)
        finally:
            self._busy.discard(node.id)
        bad.extend(BadAnnotation(node, part.text, part.kind) for part in inside if part.kind != "malformed")
        return found

    def named_tuple(self, cls: ClassFacts) -> Type:
        """The tuple a NamedTuple class is; one that contains itself is unknown."""
        if cls.qualname in self._busy:
            return UNKNOWN
        self._busy.add(cls.qualname)
        try:
            return Tuple([self.type(a.annotation) for a in cls.annotations.values()], cls.name, tuple(cls.annotations))
        finally:
            self._busy.discard(cls.qualname)

    @staticmethod
    def _is_foreign_type(dotted: str) -> bool:
        """Whether a name certainly means something that is no TorchScript type: `typing.Sequence`, `numpy.ndarray`."""
        return dotted.partition(".")[0] in UNSUPPORTED_ROOTS


def _is_module_class(dotted: str) -> bool:
    """`torch.nn.Linear`: a module is no value, so its class is no type."""
    return dotted.startswith("torch.nn.") and dotted.count(".") == 2 and dotted.rpartition(".")[2][:1].isupper()  # noqa: PLR2004


def class_type(cls: ClassFacts, annotations: Annotations) -> Type:
    """The type of instances of a class of the file."""
    if cls.kind == "namedtuple":
        return annotations.named_tuple(cls)
    if cls.kind in ("enum", "script-class", "interface"):
        return Instance(cls, cls.kind)
    return UNKNOWN
