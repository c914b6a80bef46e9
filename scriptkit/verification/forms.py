"""The lives that are compared: of the Python module, of its compiled form, and of what a file would give back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.boundary.argument_types import as_parameters
from scriptkit.compiling.plan import trees
from scriptkit.engines.torchscript.engine import files, state
from scriptkit.engines.torchscript.engine.making import parts_in
from scriptkit.errors import CompilationError
from scriptkit.live import programs
from scriptkit.live.held_state import Places
from scriptkit.live.lives import Lives, OwnTensors, life_of
from scriptkit.live.marks import is_scriptable
from scriptkit.live.nested import flatten
from scriptkit.runtime.compiled import CompiledModule, called_as_scripted, is_scripted, source_of
from scriptkit.runtime.runtime import runtime_of
from scriptkit.runtime.ways_to_call import ScriptedCalls

if TYPE_CHECKING:
    from collections.abc import Callable

    from scriptkit.live.side_by_side import Given
    from scriptkit.verification.report import Form


class Subject:
    """What is verified: the Python module, and whether its own source is what runs compiled."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.python: nn.Module = source_of(module)
        has_parts = any(parts_in(module))
        self.is_scripted = is_scripted(module) if isinstance(module, CompiledModule) else not has_parts

    @property
    def runs_itself(self) -> bool:
        """Whether a life of the module is the compiled form: its runtime compiles it."""
        return self.is_scripted and (is_scriptable(self.python) or isinstance(self.module, CompiledModule))

    def called(self, life: nn.Module, method: str) -> Callable[..., Any]:
        """How the user calls a method of a form."""
        if method != "forward":
            return method_of(life, method)
        is_plain = isinstance(self.module, CompiledModule) and not programs.is_script_module(life)
        return called_as_scripted(life) if is_plain else life

    def as_called(self, given: Given, method: str) -> Given:
        """The arguments of a call for a program, which takes those without a type apart."""
        if self.is_scripted or method != "forward":
            return given
        return as_parameters(type(self.python).forward.__get__(self.python), *given)

    def ran_as_python(self, called: object) -> list[str]:
        """Why calls of a form ran as Python, where any did."""
        if isinstance(called, ScriptedCalls):
            return [*called.runtime.eager_calls.counts]
        if isinstance(called, torch.nn.Module) and is_scriptable(called):
            return [*runtime_of(called).eager_calls.counts]
        return []

    @property
    def size(self) -> int:
        """Bytes of parameters and buffers."""
        tensors = {id(t): t for t in (*self.python.parameters(), *self.python.buffers())}
        return sum(t.numel() * t.element_size() for t in tensors.values())


class Mode:
    """The subject in one training mode: `train()` ran once, on a life, and every run begins from there."""

    def __init__(self, subject: Subject, *, training: bool) -> None:
        self.subject = subject
        self.training = training
        own = OwnTensors()
        self.base = life_of(subject.python, own)
        if self.base.training != training:
            self.base.train(training)
        self.complete = complete_life(subject, self.base, own, training=training)
        self.places = Places(self.complete, self.base, attributes=subject.is_scripted)
        compiled = self.base if subject.runs_itself else self.complete
        self.eager = Lives(self.base)
        self.forms: dict[Form, Lives] = {"compiled": Lives(compiled), "loaded": Lives(_reloaded(self.complete))}
        self.exports = Lives(self.complete) if isinstance(subject.module, CompiledModule) else self.forms["compiled"]

    def lives(self, form: Form, method: str) -> Lives:
        """Those of a form; exported methods of a module that was compiled are called on its program."""
        return self.exports if form == "compiled" and method != "forward" else self.forms[form]

    def state(self, life: nn.Module) -> dict[str, Any]:
        """What a life holds now, by the names it has in the Python module, as far as both forms hold it."""
        return self.places.held_by(life)

    def in_double(self) -> Mode:
        """The same in double precision."""
        made: Mode = object.__new__(Mode)
        made.subject, made.training, made.places = self.subject, self.training, self.places
        made.base, made.complete = _in_double(self.base), self.complete
        made.eager = Lives(made.base)
        made.forms = {name: Lives(_in_double(lives.module)) for name, lives in self.forms.items()}
        made.exports = made.forms["compiled"]
        return made


def method_of(life: nn.Module, name: str) -> Callable[..., Any]:
    """A method of a module; of a program the compiled one, though it may be called as a method of `nn.Module` is."""
    return files.bound_method(life, name) if programs.is_script_module(life) else getattr(life, name)  # type: ignore[no-any-return]


def has_method(life: nn.Module, name: str) -> bool:
    """Whether a form has an exported method: torch's own methods of programs are none."""
    if not programs.is_script_module(life):
        return hasattr(life, name)
    return any(schema.name == name for schema in files.method_schemas(life))


def _in_double(module: nn.Module) -> nn.Module:
    """A life in double precision: of a program also the weights in lists, which `double` leaves as they are."""
    life = life_of(module)
    if not programs.is_script_module(life):
        return nn.Module.double(life)  # the module may call something else so
    weights = {id(t): t for _, _, t in _named_slots(life) if t.dtype == torch.float32}
    made = {key: t.detach().double().requires_grad_(t.requires_grad) for key, t in weights.items()}
    return programs.with_own_state(life, lambda tensor: made.get(id(tensor), tensor))


def complete_life(subject: Subject, base: nn.Module, own: OwnTensors, *, training: bool) -> torch.jit.ScriptModule:
    """The TorchScript form of the module over the tensors of a life of it (`base`), in the modes that has."""
    if subject.is_scripted:
        return trees.complete(base)
    made = programs.with_own_state(trees.complete(subject.module), own.of)
    made.train(training)
    inside = dict(made.named_modules())
    for path, part in base.named_modules(remove_duplicate=False):
        if path in inside and inside[path].training != part.training:
            inside[path].training = part.training
    return made


def _reloaded(form: torch.jit.ScriptModule) -> torch.jit.ScriptModule:
    """The code written and read again, over the same tensors: a file of torch's holds those bit for bit."""
    with state.without_weights(form):
        try:
            made = files.load_bytes(files.serialise(form), None)
        except RuntimeError as error:
            raise CompilationError(
                f"{form.original_name} compiles but cannot be saved: {files.reason_of(error)}"
            ) from error
    originals = {name: tensor for name, _, tensor in _named_slots(form)}
    own = {id(tensor): originals[name] for name, _, tensor in _named_slots(made)}
    others = programs.attributes_used(made)  # lists of weights, as those of nn.LSTM: in a file the same as the weights
    for name, value in programs.attributes_used(form).items():
        own.update(zip(map(id, flatten(others.get(name))[0]), flatten(value)[0], strict=False))
    return programs.with_own_state(made, lambda tensor: own.get(id(tensor), tensor))


def _named_slots(form: torch.jit.ScriptModule) -> list[tuple[str, Any, torch.Tensor]]:
    return [
        (f"{path}.{name}", part, tensor)
        for path, part in form.named_modules(remove_duplicate=False)
        for name, tensor in (*part.named_parameters(recurse=False), *part.named_buffers(recurse=False))
    ]
