"""`scriptkit.compile`: any `nn.Module`, compiled as a whole or part by part, still trained and moved as before."""

from __future__ import annotations

import inspect
import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit import switches
from scriptkit.compiling.choosing import Choice, Chooser
from scriptkit.compiling.report import CompileReport, ReportRow
from scriptkit.engines.torchscript import adapter, tracing
from scriptkit.engines.torchscript.runtime import Runtime
from scriptkit.errors import CompilationError, ScriptkitEagerWarning, ScriptkitError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHARED = ("_parameters", "_buffers", "_modules")
_PLAIN = (bool, int, float, str, type(None))


def compile(
    module: nn.Module,
    example_inputs: Sequence[Any] | None = None,
    *,
    example_kwargs: dict[str, Any] | None = None,
    modes: Mapping[str, str] | None = None,
    allow_baked: Mapping[str, str] | None = None,
) -> CompiledModule:
    """Compile a module nobody wrote for scriptkit: from its source where that scripts, else by a trace that is right.

    `modes` maps paths or patterns of paths ("backbone.*") to "script" or "trace". `allow_baked` maps a kind of hazard
    ("baked-shape") or a line ("model.py:12") to the reason for which a trace may bake it in.

    Without example inputs a module that does not script stays pending until its first call.

    Raises:
        CompilationError: it does not script, and there is nothing to trace it with.
        TraceHazardError: it does not script, and a trace would bake in a value, with all such places.
    """
    examples = None if example_inputs is None else (tuple(example_inputs), dict(example_kwargs or {}))
    return CompiledModule(module, examples, modes, allow_baked)


class CompiledModule(nn.Module):
    """A module that runs compiled. Its parameters, buffers and submodules are those of the module it was made from."""

    def __init__(
        self,
        module: nn.Module,
        examples: tuple[tuple[Any, ...], dict[str, Any]] | None,
        modes: Mapping[str, str] | None,
        allow_baked: Mapping[str, str] | None,
    ) -> None:
        super().__init__()
        for name in _SHARED:
            self.__dict__[name] = module.__dict__[name]
        self.__dict__.update(training=module.training, _inner=(module,))
        self._choosing = (modes, allow_baked)
        self._choice: Choice | None = None
        self._calls: _Calls | None = None
        self._pending = ""
        self.eager_calls: Counter[str] = Counter()
        if not switches.is_disabled():
            self._compile(examples)

    @property
    def inner(self) -> nn.Module:
        """The module this one was made from."""
        module: nn.Module = self.__dict__["_inner"][0]
        return module

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.inner.forward)

    def _compile(self, examples: tuple[tuple[Any, ...], dict[str, Any]] | None) -> None:
        try:
            self._choice = Chooser(self.inner, examples, *self._choosing).choose()
        except CompilationError as error:
            if examples is not None:
                raise
            self._pending = f"it needs example inputs to be traced: {error.headline}"
            return
        self._pending = ""
        whole = self._choice.mode == "script" and not self._choice.is_mixed
        self._calls = _ScriptedCalls(self.inner) if whole else _BoundCalls(self.inner, self._choice)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run compiled; where that is impossible, run the Python code, say so once, and count it."""
        calls = self._calls
        if calls is None and self._pending and not switches.is_eager():
            result = self.inner(*args, **kwargs)
            self._compile((args, kwargs))
            return result
        if calls is None or switches.is_eager():
            return self.inner(*args, **kwargs)
        reason = calls.why_eagerly()
        if reason is None:
            return calls(*args, **kwargs)
        if reason not in self.eager_calls:
            message = f"{type(self.inner).__name__} runs as Python here: {reason}"
            warnings.warn(message, ScriptkitEagerWarning, stacklevel=4)
        self.eager_calls[reason] += 1
        return self.inner(*args, **kwargs)

    def train(self, mode: bool = True) -> CompiledModule:  # noqa: FBT001, FBT002  # torch's signature
        """Set training mode; raises `ScriptkitError` where a trace holds for evaluation only."""
        choice = self._choice
        if mode and choice is not None and choice.eval_only:
            raise ScriptkitError(f"{type(self.inner).__name__} was compiled for evaluation only: {choice.eval_only}")
        self.inner.train(mode)
        self.training = mode
        return self

    @property
    def is_compiled(self) -> bool:
        """Whether a call runs compiled code; False while the module waits for its first call."""
        return self._calls is not None

    @property
    def eval_only(self) -> str:
        """Why the module cannot be trained compiled; empty where it can."""
        return self._choice.eval_only if self._choice is not None else ""

    def __scriptkit_report__(self) -> CompileReport:
        """The rows of `scriptkit.report`."""
        if self._choice is not None:
            return CompileReport(tuple(self._choice.rows), dict(self.eager_calls))
        mode, reason = ("pending", self._pending) if self._pending else ("eager", "scriptkit is switched off")
        row = ReportRow("", type(self.inner).__name__, "pending" if mode == "pending" else "eager", reason)
        return CompileReport((row,), dict(self.eager_calls))

    def __scriptkit_torchscript__(self) -> torch.jit.ScriptModule:
        """What `scriptkit.to_torchscript` and `save` take."""
        if self._choice is None or self._calls is None:
            message = f"{type(self.inner).__name__} is not compiled yet: {self._pending or 'scriptkit is switched off'}"
            raise CompilationError(f"{message}; pass `example_inputs` to `compile`, or call the module once")
        return self._calls.complete()

    def __repr__(self) -> str:
        return f"CompiledModule({self.inner!r})"


class _Calls:
    """How a compiled module is called."""

    def why_eagerly(self) -> str | None:
        """The reason for which this call must run as Python."""
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run compiled."""
        raise NotImplementedError

    def complete(self) -> torch.jit.ScriptModule:
        """The form a file holds."""
        raise NotImplementedError


class _ScriptedCalls(_Calls):
    """The whole module scripts: the runtime of scriptable modules binds a twin before each call."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.runtime = Runtime(module)
        self.runtime.make_twin(module)

    def why_eagerly(self) -> str | None:
        return None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.runtime.call(self.module, args, kwargs)

    def complete(self) -> torch.jit.ScriptModule:
        from scriptkit.engines.torchscript.reading import to_torchscript

        return to_torchscript(self.module)


class _BoundCalls(_Calls):
    """Traces, or scripted code round traces: tensors are bound before each call, everything else must be as it was."""

    def __init__(self, module: nn.Module, choice: Choice) -> None:
        self.module = module
        self.choice = choice
        where = {id(t): (holder, name) for holder, name, t in _tensors_of(module)}
        self.slots = [
            (*where[id(tensor)], cpp, name)
            for cpp, name, tensor in tracing.tensor_slots(choice.form)
            if id(tensor) in where
        ]
        self.seen = [holder[key] for holder, key, _, _ in self.slots]
        self.kinds = [(t.dtype, t.device.type) for t in self.seen]
        self.fixed = [(holder, key, value) for holder, key, value in _plain_values(module)]

    def why_eagerly(self) -> str | None:
        reason = adapter.why_eagerly()
        if reason is not None:
            return reason
        for holder, key, value in self.fixed:
            if holder.get(key, self) is not value and holder.get(key, self) != value:
                return f"`{key}` changed after compiling; compile again"
        return (
            None
            if len({m.training for m in self.module.modules()}) == 1
            else "only some submodules are in training mode"
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.bind()
        training = self.module.training
        if training and self.choice.eval_only:
            raise ScriptkitError(f"compiled for evaluation only: {self.choice.eval_only}")
        if self.choice.traces:
            return self.choice.traces[training](*args, **kwargs)
        self.choice.form.train(training)
        return self.choice.form(*args, **kwargs)

    def bind(self) -> None:
        """Push tensors that were exchanged; raise where they have a dtype or device the trace does not know."""
        for number, (holder, key, cpp, name) in enumerate(self.slots):
            tensor = holder[key]
            if (tensor.dtype, tensor.device.type) != self.kinds[number]:
                was = " on ".join(map(str, self.kinds[number]))
                raise ScriptkitError(
                    f"`{key}` is {tensor.dtype} on {tensor.device.type}, traced as {was}; compile again"
                )
            if tensor is not self.seen[number]:
                cpp.setattr(name, tensor)
                self.seen[number] = tensor

    def complete(self) -> torch.jit.ScriptModule:
        self.bind()
        self.choice.form.train(self.module.training)
        return self.choice.form


def _tensors_of(module: nn.Module) -> list[tuple[dict[str, Any], str, torch.Tensor]]:
    return [
        (holder, name, tensor)
        for part in module.modules()
        for holder in (part._parameters, part._buffers)
        for name, tensor in holder.items()
        if tensor is not None
    ]


def _plain_values(module: nn.Module) -> list[tuple[dict[str, Any], str, Any]]:
    """Attributes a trace holds as constants, and the submodules it was recorded through."""
    found: list[tuple[dict[str, Any], str, Any]] = []
    for part in module.modules():
        found += [(part.__dict__, k, v) for k, v in part.__dict__.items() if isinstance(v, _PLAIN) and k != "training"]
        found += [(part._modules, name, child) for name, child in part._modules.items()]
    return found
