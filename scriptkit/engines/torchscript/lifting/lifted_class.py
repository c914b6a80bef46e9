"""A user's module class as the compiler sees it: flat, its methods lifted, its annotations resolved.

torch keys its store of compiled types by class and attributes, not by code. So each state of a class's code gets a
lifted class of its own: when a method or a constant changes, a new one is made and the old types are never met again.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import inspect
import types
import weakref
from dataclasses import dataclass, field
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final, cast

import torch

from scriptkit.engines.torchscript.lifting import generated_function
from scriptkit.engines.torchscript.lifting.annotations import attribute_annotations, is_final
from scriptkit.engines.torchscript.lifting.calls_in_source import calls_in, module_classes_checked
from scriptkit.engines.torchscript.lifting.dependencies import Dependencies
from scriptkit.engines.torchscript.lifting.function_source import (
    SourceUnavailableError,
    closure_of,
    function_source,
    names_in,
)
from scriptkit.engines.torchscript.lifting.functions import FunctionCompiler, UnknownDecoratorError, scripted_function
from scriptkit.engines.torchscript.lifting.ignoring import hand_user_object
from scriptkit.engines.torchscript.lifting.lifting import LiftedFunction, lift
from scriptkit.engines.torchscript.torch_names import private

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPORTED_HERE: Final = "__scriptkit_exported__"
"""Where a class says which of its methods are exported although nothing marks them."""
_NOT_COPIED: Final = frozenset(
    "__abstractmethods__ __annotations__ __dict__ __doc__ __module__ __orig_bases__ __parameters__ __qualname__ "
    "__scriptkit_exported__ __scriptkit_text__ __slots__ __weakref__ _abc_impl".split(),
)
_LEFT_IN_PYTHON: Final = (
    private.FunctionModifiers.IGNORE,
    private.FunctionModifiers.UNUSED,
    private.FunctionModifiers._DROP,
)


@dataclass
class LiftedClass:
    """The compiler's view of one class, in one state of its code.

    `refusals` are concrete types of it that the compiler refused, with what it said: a new state starts without any.
    `left_in_python` are properties that do not script and that nothing compiled reads, `needed` those that are read.
    """

    original: type
    functions: FunctionCompiler
    dropped: frozenset[object] = frozenset()
    dependencies: Dependencies = field(default_factory=Dependencies)
    methods: dict[str, LiftedFunction] = field(default_factory=dict)
    cls: type[torch.nn.Module] = field(init=False)
    finals: frozenset[str] = field(init=False)
    of_any_type: frozenset[str] = field(init=False)
    has_ignored_methods: bool = False
    container_types: dict[str, Any] = field(default_factory=dict)
    refusals: list[tuple[Any, Exception]] = field(default_factory=list)
    left_in_python: dict[object, str] = field(default_factory=dict)
    needed: set[object] = field(default_factory=set)
    names: frozenset[str] = field(init=False)
    classes_checked: frozenset[type[torch.nn.Module]] = field(init=False)

    def __post_init__(self) -> None:
        self.user_classes = user_classes(self.original)
        declared = attribute_annotations(self.user_classes)
        self.annotations = {n: a for n, a in declared.items() if (self.original, n) not in self.dropped}
        self.finals = frozenset(name for name, a in self.annotations.items() if is_final(a))
        self.of_any_type = frozenset(name for name, a in self.annotations.items() if a is Any)
        self.dependencies.methods.append((self.original, "forward", getattr(self.original, "forward", None)))
        self._members = _members_of(self.original)
        self.names = frozenset(self._names_in_methods())
        self.classes_checked = frozenset(self._module_classes_checked() if "isinstance" in self.names else ())
        self.cls = self._make()
        for name, _ in self._exported():
            self.dependencies.methods.append((self.original, name, getattr(self.original, name)))

    def _names_in_methods(self) -> Iterator[str]:
        """What methods that can be compiled mention; an attribute outside them is none of the compiler's business."""
        for owner in self.user_classes:
            for name, value in vars(owner).items():
                function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
                if isinstance(function, FunctionType) and not name.startswith("__"):
                    yield from names_in(inspect.unwrap(function).__code__)

    def _module_classes_checked(self) -> Iterator[type[torch.nn.Module]]:
        """The module classes that methods test by `isinstance`."""
        for owner in self.user_classes:
            for function in filter(inspect.isfunction, vars(owner).values()):
                inner = cast("FunctionType", inspect.unwrap(function))
                with contextlib.suppress(SourceUnavailableError):
                    namespace = {**inner.__globals__, **closure_of(inner)}
                    for node in ast.walk(function_source(inner).tree):
                        yield from module_classes_checked(node, set(), namespace.get)

    def declared_on(self, state: dict[str, Any]) -> dict[str, Any]:
        """Types that an instance declares: `Any`, and those of undeclared containers that were filled on any instance.

        The latter are empty now; torch >= 2.15 reads the annotations of the class only.
        """
        found: dict[str, Any] = {name: Any for name in self.of_any_type if name in state}
        for name, value in state.items():
            if not isinstance(value, list | dict) or name in self.annotations or name in private.IGNORED_ATTRIBUTES:
                continue
            if value:
                self.container_types[name] = private.inferred_annotation(value)
            elif self.container_types.get(name) is not None:
                found[name] = self.container_types[name]
        return found

    def _make(self) -> type[torch.nn.Module]:
        bases = tuple(_torch_bases(self.original))
        cls: type[torch.nn.Module] = types.new_class(self.original.__name__, bases)
        for name in ("__module__", "__qualname__"):
            setattr(cls, name, getattr(self.original, name))
        # on Python 3.10 torch takes `Any` in a class for `Final`: each instance declares it
        cls.__annotations__ = {name: a for name, a in self.annotations.items() if name not in self.of_any_type}
        self.cls = cls
        found: set[str] = set()
        for owner in self.user_classes:
            for name, value in vars(owner).items():
                if name not in found | _NOT_COPIED and not _is_special_method(name, value):
                    setattr(cls, name, self._member(owner, name, value))
                found.add(name)
        return cls

    def _member(self, owner: type, name: str, value: object) -> object:
        if isinstance(value, types.MemberDescriptorType | types.GetSetDescriptorType):
            return None
        if isinstance(value, FunctionType):
            return self._method(owner, name, value)
        if isinstance(value, property) and value.fget is not None:
            return self._property(owner, name, value)
        stand_in = self.functions.stand_in(value.__func__) if isinstance(value, staticmethod) else None
        return value if stand_in is None else staticmethod(stand_in)

    def _method(self, owner: type, name: str, function: FunctionType) -> object:
        if private.modifier(function) in _LEFT_IN_PYTHON:
            self.has_ignored_methods = True
            return hand_user_object(function)
        if not private.is_complete():
            return self._generated(owner, name, function)
        return _LazyMethod(self, owner, name, function)

    def _generated(self, owner: type, name: str, function: FunctionType) -> object:
        try:
            return generated_function.as_function(self.lift(owner, name, function))
        except SourceUnavailableError:
            return function  # the compiler says so itself when it gets there

    def _property(self, owner: type, name: str, value: property) -> property:
        if private.modifier(value.fget) == private.FunctionModifiers.UNUSED:
            return value
        if not private.is_complete():
            return property(self._generated(owner, name, cast("FunctionType", value.fget)))  # type: ignore[arg-type]
        getter = _LazyMethod(self, owner, name, cast("FunctionType", value.fget))
        if value.fset is None:
            return property(getter)
        return property(getter, _LazyMethod(self, owner, name, cast("FunctionType", value.fset), f"_{name}_setter"))

    def lift(self, owner: type, name: str, function: FunctionType, as_name: str | None = None) -> LiftedFunction:
        """The lifted form of a method, made when the compiler first asks for it."""
        own_name = as_name or name
        if own_name not in self.methods:
            mro = self.original.__mro__
            holder = owner if as_name else self.original
            self.dependencies.methods.append((holder, name, getattr(holder, name, None)))
            lifted = lift(
                function,
                self.dependencies,
                mro=mro,
                is_compiled_apart=self.functions.stand_in,
                drop_body=function in self.dropped,
            )
            lifted.__dict__["__name__"] = own_name
            self.methods[own_name] = lifted
            if lifted.decoration.unknown is not None:
                raise UnknownDecoratorError(lifted)
            for parent_name, (parent, parent_method) in lifted.parents_called.items():
                parent_function = vars(parent)[parent_method]
                method: Any = _LazyMethod(self, parent, parent_method, parent_function, parent_name)
                if not private.is_complete():
                    method = generated_function.as_function(
                        self.lift(parent, parent_method, parent_function, parent_name)
                    )
                setattr(self.cls, parent_name, method)
        return self.methods[own_name]

    def is_current(self) -> bool:
        """Whether everything the lifted code was made from is still the same object, and no method is another."""
        return self._members == _members_of(self.original) and self.functions.is_current(self.dependencies)

    def method_stubs(self) -> list[Any]:
        """What the compiler starts from: `forward`, the exported methods, and what dropped bodies would have called."""
        names = self.entry_points()
        stubs = [private.method_stub(getattr(self.cls, name), name) for name in names]
        if not self.dropped:
            return stubs
        for name in self._called_by_dropped_methods():
            if name not in names:
                names.append(name)
                stubs.append(private.method_stub(getattr(self.cls, name), name))
        return stubs

    def _called_by_dropped_methods(self) -> Iterator[str]:
        """The methods and functions whose errors would stay hidden behind that of their caller."""
        for lifted in list(self.methods.values()):
            if lifted.original in self.dropped:
                function = cast("FunctionType", inspect.unwrap(lifted.original))
                called = calls_in(function)
                yield from (
                    n for n in called.methods if isinstance(inspect.getattr_static(self.cls, n, None), _LazyMethod)
                )
                for value in called.functions:
                    if self.functions.stand_in(value) is not None:
                        self.functions.compile(scripted_function(value) or cast("FunctionType", value))

    def entry_points(self) -> list[str]:
        """`forward` first, then the exported methods by name."""
        exported = [name for name, _ in self._exported()]
        forward = inspect.getattr_static(self.cls, "forward", None)
        if not isinstance(forward, FunctionType | _LazyMethod):
            raise UnreadableMethodError(self.original)
        is_compiled = forward is not torch.nn.Module.forward and private.modifier(forward) not in _LEFT_IN_PYTHON
        return [*(["forward"] if is_compiled else []), *sorted(set(exported) - {"forward"})]

    def property_stubs(self) -> list[Any]:
        """The properties of the class; the compiler compiles them whether used or not."""
        return [
            private.property_stub(name, _lifted(getter), _lifted(setter) if setter is not None else None)
            for name, getter, setter in self._properties()
            if getter.function not in self.left_in_python
        ]

    def _properties(self) -> Iterator[tuple[str, _LazyMethod, _LazyMethod | None]]:
        unused = getattr(self.original, "__jit_unused_properties__", ())
        for name, value in vars(self.cls).items():
            if isinstance(value, property) and name not in unused and isinstance(value.fget, _LazyMethod):
                setter = value.fset if isinstance(value.fset, _LazyMethod) else None
                is_left = setter is not None and setter.function in self.left_in_python
                yield name, value.fget, None if is_left else setter

    def property_functions(self) -> list[tuple[str, FunctionType]]:
        """What properties compute and set, by their names."""
        both = ((name, (getter, setter)) for name, getter, setter in self._properties())
        return [(name, method.function) for name, methods in both for method in methods if method is not None]

    def _exported(self) -> Iterator[tuple[str, FunctionType]]:
        members: dict[str, object] = {}
        for base in reversed(self.cls.__mro__):
            members.update(vars(base))
        marked: frozenset[str] = getattr(self.original, EXPORTED_HERE, frozenset())
        for name, value in members.items():
            if isinstance(value, _LazyMethod) and (
                name in marked or private.modifier(value.function) == private.FunctionModifiers.EXPORT
            ):
                yield name, value.function


class UnreadableMethodError(Exception):
    """`forward` is no Python function, as under `unittest.mock.patch`."""

    def __init__(self, cls: type) -> None:
        super().__init__(f"`{cls.__name__}.forward` was replaced by an object without source")


class _LazyMethod:
    """A method of a lifted class; read and rewritten only when the compiler reaches it."""

    def __init__(
        self, owner: LiftedClass, defined_in: type, name: str, function: FunctionType, as_name: str | None = None
    ) -> None:
        self.lifted_class = owner
        self.defined_in = defined_in
        self.name = name
        self.function = function
        self.as_name = as_name
        self.__name__ = name

    def __get__(self, instance: object, owner: type | None = None) -> LiftedFunction | None:
        if instance is not None:
            return None  # torch walks `dir()` of an instance; nothing there is for it
        return self.lifted_class.lift(self.defined_in, self.name, self.function, self.as_name)

    def __call__(self, *_: object) -> None:
        """As the accessor of a property on an instance: nothing there is for torch either."""


def _is_special_method(name: str, value: object) -> bool:
    """Methods such as `__getattr__` or `__eq__` would run when torch looks at the shadow; few mean anything to it."""
    is_special = name.startswith("__") and name.endswith("__") and callable(getattr(value, "__func__", value))
    return is_special and name not in ("__len__", "__contains__", "__getitem__")


def _members_of(cls: type) -> dict[str, int]:
    """The identities of everything in a class and its bases that is or makes a method."""
    return {
        f"{c.__qualname__}.{n}": id(v)
        for c in user_classes(cls)
        for n, v in vars(c).items()
        if callable(v) or isinstance(v, property | classmethod)
    }


def _lifted(method: Any) -> LiftedFunction:
    return method.__get__(None)  # type: ignore[no-any-return]


def user_classes(cls: type) -> list[type]:
    """The classes of an MRO whose code is the user's: neither torch's, nor Python's, nor scriptkit's."""
    return [c for c in cls.__mro__ if not _is_foundation(c)]


def _is_foundation(cls: type) -> bool:
    package = cls.__module__.split(".")[0]
    if package == "builtins":  # so says also a class made by `exec` in an empty namespace
        return getattr(builtins, cls.__name__, None) is cls
    return package in ("torch", "typing", "abc", "scriptkit")


def _torch_bases(cls: type) -> Iterator[type]:
    """The most derived classes of torch among the bases."""
    library = [c for c in cls.__mro__ if c.__module__.split(".")[0] == "torch" and issubclass(c, torch.nn.Module)]
    for index, base in enumerate(library):
        if not any(issubclass(other, base) for other in library[:index]):
            yield base


class LiftedClasses:
    """The current lifted class of each user class.

    `dropped` functions keep their signature only, `dropped` (class, attribute) pairs lose their declaration.
    """

    def __init__(self, dropped: frozenset[object] = frozenset()) -> None:
        self.functions = FunctionCompiler(dropped)
        self.dropped = dropped
        self._current: weakref.WeakKeyDictionary[type, LiftedClass] = weakref.WeakKeyDictionary()

    def all_functions(self) -> Iterator[LiftedFunction]:
        """Every function lifted so far, methods first."""
        for lifted_class in self._current.values():
            yield from lifted_class.methods.values()
        for entry in self.functions.entries.values():
            if entry.lifted is not None:
                yield entry.lifted

    def known(self) -> list[LiftedClass]:
        """Every lifted class made so far that may still be current."""
        return list(self._current.values())

    def of(self, cls: type) -> LiftedClass:
        """The lifted class of `cls` as its code is now."""
        known = self._current.get(cls)
        if known is None or not known.is_current():
            known = self._current[cls] = LiftedClass(cls, self.functions, self.dropped)
        return known
