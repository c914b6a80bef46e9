"""TorchScript's types: what is a subtype of what, what two branches unify to, how a user writes them.

`Unknown` is the gradual one: it fits everywhere, and a type that contains it is never a reason to complain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.abstract import Type as Type  # noqa: PLC0414 - whoever speaks of types takes it from here

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scriptkit.language.facts import ClassFacts


class Atom(Type):
    """A type without parts."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.has_unknown = name == "Unknown"

    def __str__(self) -> str:
        return self.name


UNKNOWN = Atom("Unknown")
ANY = Atom("Any")
TENSOR = Atom("Tensor")
INT = Atom("int")
FLOAT = Atom("float")
COMPLEX = Atom("complex")
NUMBER = Atom("number")
BOOL = Atom("bool")
STR = Atom("str")
NONE = Atom("None")
DEVICE = Atom("torch.device")
GENERATOR = Atom("torch.Generator")
STREAM = Atom("torch.Stream")
STORAGE = Atom("Storage")
ANY_ENUM = Atom("AnyEnumType")
ANY_CLASS = Atom("AnyClassType")
ANY_LIST = Atom("AnyListType")
ANY_TUPLE = Atom("AnyTupleType")
ATOMS = {
    atom.name: atom
    for atom in (
        ANY,
        ANY_ENUM,
        ANY_CLASS,
        ANY_LIST,
        ANY_TUPLE,
        TENSOR,
        INT,
        FLOAT,
        COMPLEX,
        NUMBER,
        BOOL,
        STR,
        NONE,
        DEVICE,
        GENERATOR,
        STREAM,
        STORAGE,
    )
}

CONSTANTS: dict[type, Type] = {bool: BOOL, int: INT, float: FLOAT, complex: COMPLEX, str: STR, type(None): NONE}


class List(Type):
    """`List[element]`; a list is neither co- nor contravariant."""

    __slots__ = ("element",)

    def __init__(self, element: Type) -> None:
        super().__init__(element)
        self.element = element

    def __str__(self) -> str:
        return f"List[{self.element}]"


class EmptyList(List):
    """What an unannotated `[]` is: a `List[Tensor]`, but one that may still be passed for any other list."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(TENSOR)
        self._key = ("List", TENSOR)


class Dict(Type):
    """`Dict[key, value]`."""

    __slots__ = ("key", "value")

    def __init__(self, key: Type, value: Type) -> None:
        super().__init__(key, value)
        self.key = key
        self.value = value

    def __str__(self) -> str:
        return f"Dict[{self.key}, {self.value}]"


class Tuple(Type):
    """A tuple of known length; a NamedTuple has a name and field names as well."""

    __slots__ = ("elements", "fields", "name")

    def __init__(self, elements: Sequence[Type], name: str = "", fields: Sequence[str] = ()) -> None:
        super().__init__(tuple(elements), name)
        self.elements = tuple(elements)
        self.name = name
        self.fields = tuple(fields)

    def __str__(self) -> str:
        return self.name or f"Tuple[{', '.join(map(str, self.elements)) or '()'}]"


class Union(Type):
    """`Union[...]`, of which `Optional[T]` is the common case."""

    __slots__ = ("members",)

    def __init__(self, members: frozenset[Type]) -> None:
        super().__init__(members)
        self.members = members
        self.has_unknown = any(member.has_unknown for member in members)

    def __str__(self) -> str:
        rest = sorted(str(member) for member in self.members if member != NONE)
        inner = rest[0] if len(rest) == 1 else f"Union[{', '.join(rest)}]"
        return f"Optional[{inner}]" if NONE in self.members else inner


class Future(Type):
    """`Future[T]`, what `torch.jit.fork` gives."""

    __slots__ = ("element",)

    def __init__(self, element: Type) -> None:
        super().__init__(element)
        self.element = element

    def __str__(self) -> str:
        return f"Future[{self.element}]"


class Instance(Type):
    """An object of a class of the user: an enum or a script class."""

    __slots__ = ("cls", "kind", "name")

    def __init__(self, cls: ClassFacts, kind: str) -> None:
        super().__init__(kind, id(cls))
        self.cls = cls
        self.kind = kind
        self.name = cls.name

    def __str__(self) -> str:
        return self.name


class Variable(Type):
    """A type variable of a schema: `t`, `key`."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return self.name


GENERAL: dict[Type, type[Type]] = {ANY_ENUM: Instance, ANY_CLASS: Instance, ANY_LIST: List, ANY_TUPLE: Tuple}


def union(members: Iterable[Type]) -> Type:
    """The union of types, flattened; of one type that type."""
    flat: set[Type] = set()
    for member in members:
        flat.update(member.members if isinstance(member, Union) else [member])
    if ANY in flat:
        return ANY
    full = [t for t in flat if known(t)]
    kept = frozenset(t for t in flat if t.has_unknown or not any(t != other and is_subtype(t, other) for other in full))
    if UNKNOWN in kept and len(kept) > 1 and kept != {UNKNOWN, NONE}:
        return UNKNOWN
    return next(iter(kept)) if len(kept) == 1 else Union(kept)


def optional(inner: Type) -> Type:
    """`Optional[inner]`."""
    return union((inner, NONE))


def is_optional(t: Type) -> bool:
    """Whether `t` may be None but need not be."""
    return isinstance(t, Union) and NONE in t.members


def without_none(t: Type) -> Type:
    """`t` once None is excluded."""
    return union(t.members - {NONE}) if isinstance(t, Union) and NONE in t.members else t


def known(t: Type) -> bool:
    """Whether nothing of `t` is unknown."""
    return not t.has_unknown


def is_subtype(a: Type, b: Type) -> bool:
    """Whether a value of type `a` is accepted where `b` is declared, without conversion."""
    if a == b or b is ANY or a is UNKNOWN or b is UNKNOWN:
        return True
    if isinstance(a, Union):
        return all(is_subtype(member, b) for member in a.members)
    if isinstance(b, Union):
        return any(is_subtype(a, member) for member in b.members)
    if isinstance(b, Atom) and b in GENERAL:
        return isinstance(a, GENERAL[b]) and (b is not ANY_ENUM or getattr(a, "kind", "") == "enum")
    if b is NUMBER:
        return a in (INT, FLOAT, COMPLEX)
    if isinstance(a, Tuple) and isinstance(b, Tuple):
        return (
            len(a.elements) == len(b.elements)
            and (not b.name or a.name == b.name)
            and all(map(is_subtype, a.elements, b.elements))
        )
    if isinstance(a, (List, Dict, Future)) or isinstance(b, (List, Dict, Future)):
        return same(a, b)
    return bool(isinstance(a, Instance) and isinstance(b, Instance) and b.kind == "interface")


def same(a: Type, b: Type) -> bool:
    """Whether two types are one, as invariant containers need it; Unknown is like everything."""
    if a == b or a is UNKNOWN or b is UNKNOWN:
        return True
    if not (a.has_unknown or b.has_unknown):
        return False
    if isinstance(a, Tuple) and isinstance(b, Tuple):
        return len(a.elements) == len(b.elements) and all(map(same, a.elements, b.elements))
    if isinstance(a, List) and isinstance(b, List):
        return same(a.element, b.element)
    if isinstance(a, Future) and isinstance(b, Future):
        return same(a.element, b.element)
    if isinstance(a, Dict) and isinstance(b, Dict):
        return same(a.key, b.key) and same(a.value, b.value)
    return isinstance(a, Union) and isinstance(b, Union)


def unify(a: Type, b: Type, *, to_union: bool = False) -> Type | None:
    """The one type of a value that is `a` on one path and `b` on the other; None where there is none."""
    if a.has_unknown or b.has_unknown:
        return a if a == b else _unify_unknown(a, b)
    if is_subtype(a, b):
        return b
    if is_subtype(b, a):
        return a
    found = _unify_parts(a, b)
    if found is None and to_union:
        return union((a, b))
    return found


def _unify_unknown(a: Type, b: Type) -> Type:
    if isinstance(a, Tuple) and isinstance(b, Tuple) and len(a.elements) == len(b.elements):
        parts = [unify(x, y) for x, y in zip(a.elements, b.elements, strict=False)]
        return Tuple([UNKNOWN if part is None else part for part in parts])
    if isinstance(a, List) and isinstance(b, List):
        return List(UNKNOWN)
    return UNKNOWN


def _unify_parts(a: Type, b: Type) -> Type | None:
    if NONE in (a, b):
        return optional(b if a is NONE else a)
    for one, other in ((a, b), (b, a)):
        if is_optional(one):
            inner = unify(without_none(one), other)
            return None if inner is None else optional(inner)
    if isinstance(a, Tuple) and isinstance(b, Tuple) and len(a.elements) == len(b.elements):
        parts = [unify(x, y) for x, y in zip(a.elements, b.elements, strict=False)]
        return None if None in parts else Tuple([part for part in parts if part is not None])
    return None


def is_covariant(declared: Type, actual: Type) -> bool:
    """Whether only invariance is in the way: a `List[T]` where `List[Optional[T]]` is declared."""
    if isinstance(declared, List) and isinstance(actual, List):
        return is_subtype(actual.element, declared.element)
    if isinstance(declared, Dict) and isinstance(actual, Dict):
        return is_subtype(actual.key, declared.key) and is_subtype(actual.value, declared.value)
    return False
