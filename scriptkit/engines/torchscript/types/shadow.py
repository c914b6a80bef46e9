"""A light copy of a module tree for the compiler: lifted classes, no hooks; the user's tree is never written."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import torch
from torch.nn.parameter import is_lazy
from torch.nn.utils import parametrize

from scriptkit.engines.torchscript.lifting.calls_in_source import mark_of
from scriptkit.engines.torchscript.lifting.chosen_methods import class_with_chosen, is_chosen
from scriptkit.engines.torchscript.lifting.lifted_class import user_classes
from scriptkit.engines.torchscript.lifting.reached import reached_names
from scriptkit.engines.torchscript.torch_names import private

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.engines.interface import Part
    from scriptkit.engines.torchscript.lifting.lifted_class import LiftedClass, LiftedClasses


_HOOKS = (
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_backward_hooks",
    "_backward_pre_hooks",
)


FORM_KEY: Final = "__scriptkit_form__"


class FormHolder:
    """The instance entry under which a foreign submodule has its form; never copied and never pickled with it."""

    def __init__(self, owner: torch.nn.Module | None, part: Part | None) -> None:
        self.owner: Any = None if owner is None else weakref.ref(owner)
        self.part = part

    def __deepcopy__(self, memo: dict[int, Any]) -> FormHolder:
        return FormHolder(None, None)

    def __reduce__(self) -> tuple[type[bool], tuple[()]]:
        return bool, ()  # a pickle must not name anything that a later version may rename


def form_of(module: torch.nn.Module) -> Part | None:
    """What stands for a foreign submodule that does not script as it is; `scriptkit.compiling.plan.foreign` decides."""
    holder = module.__dict__.get(FORM_KEY)
    if not isinstance(holder, FormHolder) or holder.owner is None or holder.owner() is not module:
        return None
    return holder.part


def set_form(module: torch.nn.Module, part: Part | None) -> None:
    """Let a form stand for a submodule in every tree; None: no longer."""
    module.__dict__.pop(FORM_KEY, None)
    if part is not None:
        module.__dict__[FORM_KEY] = FormHolder(module, part)


class UninitializedParametersError(Exception):
    """A lazy module has no shapes before its first call."""


@dataclass
class Shadow:
    """The shadow tree and how to get back from it to the user's objects."""

    root: torch.nn.Module
    of: dict[int, torch.nn.Module] = field(default_factory=dict)
    parametrized: list[tuple[torch.nn.Module, str]] = field(default_factory=list)
    lifted: dict[type, LiftedClass] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    classes_checked: set[type[torch.nn.Module]] = field(default_factory=set)
    reached: frozenset[str] | None = None
    parts: dict[int, Part] = field(default_factory=dict)


def shadow_of(module: torch.nn.Module, classes: LiftedClasses) -> Shadow:
    """Copy a tree for the compiler; raises `UninitializedParametersError` while a lazy module has no shapes."""
    shadow = Shadow(module)
    for cls in {class_of(m) for m in source_modules(module)}:
        _class_for_compiler(cls, shadow, classes)
    shadow.classes_checked.update(*(lifted.classes_checked for lifted in shadow.lifted.values()))
    shadow.names.update(*(lifted.names for lifted in shadow.lifted.values()))
    shadow.root = _copy(module, shadow, classes)
    return shadow


def source_modules(root: torch.nn.Module) -> list[torch.nn.Module]:
    """The modules of a tree that are compiled from their source: neither compiled yet nor in a form of their own."""
    found: dict[int, torch.nn.Module] = {}
    waiting = [root]
    while waiting:
        module = waiting.pop()
        if id(module) not in found and not isinstance(module, private.ScriptModule):
            found[id(module)] = module
            children = (child for child in module._modules.values() if child is not None)
            waiting += [child for child in children if form_of(child) is None][::-1]
    return list(found.values())


def _copy(module: torch.nn.Module, shadow: Shadow, classes: LiftedClasses) -> torch.nn.Module:
    if isinstance(module, private.ScriptModule):
        return module
    part = form_of(module) if module is not shadow.root else None
    if part is not None:
        shadow.parts[id(module)] = part
        return part.form
    known = shadow.of.get(id(module))
    if known is not None:
        return known
    state = _plain_state(module)
    modules = dict(module._modules)
    if parametrize.is_parametrized(module):
        _resolve_parametrizations(module, state, shadow)
        del modules["parametrizations"]
    copy: torch.nn.Module = object.__new__(_class_for_compiler(class_of(module), shadow, classes))
    shadow.of[id(module)] = copy
    state["_modules"] = {n: c if c is None else _copy(c, shadow, classes) for n, c in modules.items()}
    lifted = shadow.lifted.get(class_of(module))
    if lifted is not None:
        state = {name: value for name, value in state.items() if name in shadow.names or not _is_users_object(value)}
        for name in _unreached_and_unreadable(lifted, state, shadow):
            del state[name]
        declared = lifted.declared_on(state)
        declared.update((n, kind) for n, kind in module.__dict__.get(private.DECLARED, {}).items() if n in state)
        state.update((name, torch.jit.Attribute(state[name], kind)) for name, kind in declared.items())
    state.update((mark_of(cls), True) for cls in shadow.classes_checked if isinstance(module, cls))
    copy.__dict__.update(state)
    return copy


def _unreached_and_unreadable(lifted: LiftedClass, state: dict[str, Any], shadow: Shadow) -> list[str]:
    """Attributes that no compiled code mentions, and whose declaration the compiler would refuse all the same."""
    doubtful = [
        name
        for name, annotation in lifted.annotations.items()
        if name in state
        and name not in lifted.finals
        and not (private.knows(annotation) and private.fits(state[name], annotation))
    ]
    if doubtful and shadow.reached is None:
        shadow.reached = reached_names(shadow.lifted)
    return [name for name in doubtful if name not in (shadow.reached or ())]


def _is_users_object(value: object) -> bool:
    """Whether a value is of a class of the user's; torch would compile that class though nobody reads the attribute."""
    return type(value).__module__.split(".")[0] not in ("builtins", "torch", "collections", "numpy")


def _plain_state(module: torch.nn.Module) -> dict[str, Any]:
    if has_lazy_tensors(module):
        raise UninitializedParametersError(type(module).__name__)
    state = {
        name: value
        for name, value in module.__dict__.items()
        if not name.startswith("__") and not is_chosen(module, value)
    }
    state.update((name, type(state[name])()) for name in _HOOKS if state.get(name))
    state.pop("forward", None)
    state.pop("_compiled_call_impl", None)
    state["_is_full_backward_hook"] = None
    state["_parameters"] = dict(module._parameters)
    state["_buffers"] = dict(module._buffers)
    return state


def has_lazy_tensors(module: torch.nn.Module) -> bool:
    """Whether a module has parameters or buffers without a shape."""
    tensors = (*module._parameters.values(), *module._buffers.values())
    return any(tensor is not None and is_lazy(tensor) for tensor in tensors)


def _resolve_parametrizations(module: torch.nn.Module, state: dict[str, Any], shadow: Shadow) -> None:
    """A parametrized tensor is a plain parameter for the compiler; each call brings its value."""
    parametrizations: Any = module.parametrizations
    for name in parametrizations:
        # evaluating one can change state (spectral_norm iterates); the type needs no more than a tensor
        state["_parameters"][name] = torch.nn.Parameter(torch.empty(0), requires_grad=False)
        shadow.parametrized.append((module, name))


def class_of(module: torch.nn.Module) -> type:
    """The class a module had before parametrizations or FSDP gave it another, with the methods it chose for itself."""
    cls = type(module)
    if parametrize.is_parametrized(module):
        cls = cls.__bases__[0]
    while cls.__name__.startswith("FSDP") and cls.__bases__[0].__name__ == "FSDPModule":
        cls = cls.__bases__[1]
    return class_with_chosen(module, cls)


def _class_for_compiler(cls: type, shadow: Shadow, classes: LiftedClasses) -> type:
    if not user_classes(cls):
        return cls
    if cls not in shadow.lifted:
        shadow.lifted[cls] = classes.of(cls)
    return shadow.lifted[cls].cls


def parts_in(module: torch.nn.Module, path: str = "") -> Iterator[tuple[str, torch.nn.Module, Part]]:
    """The outermost submodules of a tree that have a form of their own, with their paths."""
    for name, child in module._modules.items():
        if child is None:
            continue
        inner = f"{path}.{name}" if path else name
        part = form_of(child)
        if part is not None:
            yield inner, child, part
        else:
            yield from parts_in(child, inner)
