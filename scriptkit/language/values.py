"""What an expression can be besides a value: a module, a container of them, a function, a range, an imported name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scriptkit.language.abstract import AnyValue, Sugared, Type

if TYPE_CHECKING:
    import ast

    from scriptkit.language.facts import ClassFacts, FunctionFacts


# what a loop runs over without being a value
LAZY = frozenset({"range", "enumerate", "zip"})


class ModuleValue(Sugared):
    """A submodule, or self; of a class of this file, of `torch.nn`, or of one we cannot see."""

    name: str
    cls: ClassFacts | None = None
    library: str = ""
    sliced: bool = False
    maybe: bool = False

    def __str__(self) -> str:
        return self.name


class ContainerValue(Sugared):
    """A `ModuleList`, `Sequential`, `ModuleDict` or kin; `items` where their number is known."""

    kind: str
    items: tuple[AnyValue, ...] | None = None
    keys: tuple[str, ...] | None = None
    element: AnyValue | None = None
    sliced: bool = False
    maybe: bool = False
    cls: ClassFacts | None = None

    def __str__(self) -> str:
        return self.kind


class FunctionValue(Sugared):
    """A function of this file, or a method bound to a module or to an instance of a script class."""

    facts: FunctionFacts
    receiver: AnyValue | None = None

    def __str__(self) -> str:
        return self.facts.name


class DottedValue(Sugared):
    """Something imported, or a builtin, known by its dotted name only."""

    dotted: str

    def __str__(self) -> str:
        return self.dotted


class ClassValue(Sugared):
    """A class of this file."""

    cls: ClassFacts

    def __str__(self) -> str:
        return self.cls.name


class BoundOperator(Sugared):
    """An operator looked up on a value: `x.relu`."""

    name: str
    receiver: Type
    node: ast.expr | None = None

    def __str__(self) -> str:
        return self.name


class ContainerMethod(Sugared):
    """`self.heads.items`."""

    container: ContainerValue
    name: str


class Iteration(Sugared):
    """What a `for` can run over without being a value: range, enumerate, zip, the items of a module container.

    `length` is known where the loop is unrolled; `unrolled` says that it is, whatever the length.
    """

    kind: str
    element: AnyValue
    unrolled: bool = False
    items: tuple[AnyValue, ...] | None = None

    def __str__(self) -> str:
        return self.kind


class TupleValue(Sugared):
    """A tuple with parts that are no values: `(name, module)`."""

    items: tuple[AnyValue, ...]

    def __str__(self) -> str:
        return "tuple of modules"


class SuperValue(Sugared):
    """`super()` or `super(Net, self)`."""

    def __str__(self) -> str:
        return "super()"


class PythonObject(Sugared):
    """An object no compiled code can hold; reading it has been reported."""

    what: str

    def __str__(self) -> str:
        return self.what
