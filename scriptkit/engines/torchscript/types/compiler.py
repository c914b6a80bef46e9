"""Compile the types of a module tree: once per class and structure, leaving nothing behind on failure."""

from __future__ import annotations

import inspect
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scriptkit import log
from scriptkit.engines.torchscript.lifting.function_source import names_in
from scriptkit.engines.torchscript.lifting.functions import FunctionCompiler
from scriptkit.engines.torchscript.lifting.lifted_class import LiftedClasses
from scriptkit.engines.torchscript.torch_names import private, public
from scriptkit.engines.torchscript.torch_names.private import LOCK
from scriptkit.engines.torchscript.types.python_properties import Refused, refused_properties
from scriptkit.engines.torchscript.types.shadow import Shadow, class_of, shadow_of
from scriptkit.live.marks import scripted_dataclasses

if TYPE_CHECKING:
    import types
    from collections.abc import Callable

    import torch

    from scriptkit.engines.torchscript.lifting.dependencies import Dependencies
    from scriptkit.engines.torchscript.lifting.lifted_class import LiftedClass


classes = LiftedClasses()
"""The lifted classes of this process."""

compilations: Counter[type] = Counter()
"""How often the methods of a type were given to the compiler, by the class they belong to."""


def functions() -> FunctionCompiler:
    """The compiler of free functions that all modules share."""
    return classes.functions


def hand_down_tracer(trace: Callable[[types.FunctionType], Any]) -> None:
    """Give the engine what records functions that their author marked as traced."""
    FunctionCompiler.trace = staticmethod(trace)


@dataclass
class CompiledTree:
    """A tree's shadow and the compiled type of its root."""

    shadow: Shadow
    concrete_type: Any
    scripted: torch.jit.ScriptModule | None = None
    instances: dict[int, Any] = field(default_factory=dict)

    def instance_of(self, module: torch.nn.Module, concrete_type: Any) -> Any:
        """The C++ module to use for a module of the tree."""
        known = self.instances.get(id(self.shadow.of[id(module)]))
        return private.new_instance(concrete_type) if known is None else known

    def library_types(self) -> list[tuple[type, Any]]:
        """The classes of torch itself in the tree, each with one of its compiled types."""
        found: dict[type, Any] = {}
        self._collect_library_types(self.shadow.root, self.concrete_type, found)
        return list(found.items())

    def _collect_library_types(self, module: torch.nn.Module, concrete_type: Any, found: dict[type, Any]) -> None:
        if type(module).__module__.split(".")[0] == "torch":
            found.setdefault(type(module), concrete_type)
        for name, declared in concrete_type.get_modules():
            child: Any = module._modules[name]
            if not isinstance(child, private.ScriptModule):
                self._collect_library_types(child, own_type(child, declared), found)

    def names_in_code(self) -> set[str]:
        """Every name that the compiled Python code of a tree mentions; a constant outside them is never read."""
        methods: list[Any] = [m.original for lifted in self.shadow.lifted.values() for m in lifted.methods.values()]
        for cls, concrete_type in [] if self.scripted is not None else self.library_types():
            methods += [getattr(cls, name, None) for name in private.new_instance(concrete_type)._method_names()]
        names: set[str] = set()
        for method in methods:
            code = getattr(inspect.unwrap(method), "__code__", None) if callable(method) else None
            if code is not None:
                names.update(names_in(code))
        return names

    def dependencies(self) -> list[Dependencies]:
        """What the code of all classes of the tree was made from."""
        return _dependencies(self.shadow)


def _dependencies(shadow: Shadow) -> list[Dependencies]:
    found: dict[int, Dependencies] = {}
    for lifted in shadow.lifted.values():
        found.update((id(d), d) for d in lifted.functions.reached_from(lifted.dependencies))
    return list(found.values())


def compile_tree(module: torch.nn.Module, lifted_classes: LiftedClasses = classes) -> CompiledTree:
    """Compile every type of a tree that is not compiled yet; raises what the compiler raises.

    What it refuses in a property is no reason to refuse the tree where it compiles without it.
    """
    left: list[Refused] = []
    while True:
        try:
            return _compile_tree(module, lifted_classes)
        except Exception as error:
            missed = [one for one in left if one.is_missed_by(error)]
            if missed:
                for one in missed:
                    one.take_back()
                raise missed[0].error from None
            refused = refused_properties(error, lifted_classes)
            if not refused:
                raise
            for one in refused:
                one.leave()
            left += refused


def _compile_tree(module: torch.nn.Module, lifted_classes: LiftedClasses) -> CompiledTree:
    with LOCK, private.while_compiling(), private.type_store_unchanged_on_failure(keep_complete=True):
        while scripted_dataclasses:
            public.script_class(scripted_dataclasses.pop())
        shadow = shadow_of(module, lifted_classes)
        log.compile_.debug("the tree of `%s`", type(module).__name__)
        if not private.is_complete():
            scripted: Any = public.script(shadow.root)
            for stand_in in {f for d in _dependencies(shadow) for f in d.functions}:
                public.script_function(stand_in)  # compiled just now: torch remembers it
            instances = public.instances_of(shadow.root, scripted, {})
            return CompiledTree(shadow, scripted._concrete_type, scripted, instances)
        concrete_type = private.concrete_type_of(shadow.root)
        _compile_types(shadow.root, concrete_type, shadow)
        return CompiledTree(shadow, concrete_type)


def _compile_types(module: torch.nn.Module, concrete_type: Any, shadow: Shadow) -> None:
    """Leaves first; what was refused once is refused again without asking."""
    if private.is_compiled_type(concrete_type):
        return
    lifted = next((c for c in shadow.lifted.values() if c.cls is type(module)), None)
    if lifted is not None:
        _refuse_again(lifted, concrete_type)
    for name, child_type in concrete_type.get_modules():
        child: Any = module._modules[name]
        if not isinstance(child, private.ScriptModule):
            _compile_types(child, own_type(child, child_type), shadow)
    try:
        _compile_methods(module, concrete_type, lifted)
    except Exception as error:
        if lifted is not None:
            lifted.refusals.append((concrete_type, _without_frames(error)))
        raise


def _compile_methods(module: torch.nn.Module, concrete_type: Any, lifted: LiftedClass | None) -> None:
    compilations[type(module) if lifted is None else lifted.original] += 1
    if lifted is None:
        methods, properties = private.native_stubs(module)
    else:
        methods, properties = lifted.method_stubs(), lifted.property_stubs()
    private.compile_methods(concrete_type, methods, properties)
    private.define_container_methods(module, concrete_type)
    if log.is_heard(log.compile_):
        log.compile_.debug("the type of `%s`: %s", type(module).__name__, _methods_told(concrete_type))


def _methods_told(concrete_type: Any) -> str:
    names = private.new_instance(concrete_type)._method_names()
    return ", ".join(f"`{name}`" for name in names) or "no methods"


def _refuse_again(lifted: LiftedClass, concrete_type: Any) -> None:
    """Raise what the compiler said of an equal type."""
    for refused, error in lifted.refusals:
        if refused.equals(concrete_type):
            raise _without_frames(error)


def _without_frames(error: Exception) -> Exception:
    """A copy of an error that keeps nothing alive."""
    made = type(error).__new__(type(error))  # its constructor may take something else than its arguments
    made.args, made.__cause__ = error.args, error.__cause__
    made.__dict__.update(vars(error))
    return made


def properties_in_python(module: torch.nn.Module) -> list[str]:
    """The properties of a module that are in no compiled code: they do not script, and nothing compiled reads them."""
    known = next((one for one in classes.known() if one.original is class_of(module)), None)
    return [] if known is None else sorted(set(known.left_in_python.values()))


def own_type(module: torch.nn.Module, declared_type: Any) -> Any:
    """The type of a submodule; where its parent knows an interface only, the submodule's own."""
    return private.concrete_type_of(module) if private.is_interface(declared_type) else declared_type
