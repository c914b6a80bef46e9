"""How a compiled foreign module is called: its source scripted as a whole, or another form bound to it."""

from __future__ import annotations

import contextlib
import inspect
import threading
from typing import TYPE_CHECKING, Any, Final

from scriptkit.compiling.chosen.bound_lowered import bound_form
from scriptkit.compiling.chosen.choice import ScriptChoice
from scriptkit.compiling.plan.acceptance import headline
from scriptkit.compiling.plan.trees import to_torchscript
from scriptkit.engines.torchscript.engine import thread
from scriptkit.engines.torchscript.engine.errors import CALL_ERRORS, python_error
from scriptkit.engines.torchscript.engine.making import class_of
from scriptkit.errors import CompilationError
from scriptkit.live.hooks import global_hooks
from scriptkit.live.steady import ChangingError, parts_of
from scriptkit.runtime.gate import may_make_tensors, reason_for_eager
from scriptkit.runtime.runtime import Runtime

if TYPE_CHECKING:
    import torch
    from torch import nn

    from scriptkit.compiling.chosen.choice import Choice
    from scriptkit.engines.torchscript.engine.making import Twin
    from scriptkit.runtime.gate import EagerCalls


_GLOBAL_HOOKS: Final = global_hooks()


def _runtime_asks() -> bool:
    return False


class OutgrownError(CompilationError):
    """The module changed so that the form it was compiled to can no longer be made."""


def calls_of(module: nn.Module, choice: Choice, eager_calls: EagerCalls) -> Calls:
    """How a module is called in the form that was chosen for it."""
    if isinstance(choice, ScriptChoice) and choice.is_whole:
        return ScriptedCalls(module, eager_calls)
    return BoundCalls(module, choice)


class Calls:
    """How a compiled module is called."""

    def reason_for_eager(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """Why this call must run as Python, whatever the module is like."""
        raise NotImplementedError

    def why_unfit(self) -> str | None:
        """Why the form is none for the module as it is now."""
        return None

    def is_outgrown(self) -> bool:
        """Whether another form may fit, where this one does not."""
        return False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run compiled; raises `OutgrownError` before anything ran."""
        raise NotImplementedError

    def complete(self) -> torch.jit.ScriptModule:
        """The form a file holds."""
        raise NotImplementedError


class _RuntimeOfSource(Runtime):
    """Tells a source that no more scripts from errors of the modules in it."""

    __slots__ = ()

    def make_twin(self, module: torch.nn.Module) -> Twin:
        try:
            return super().make_twin(module)
        except ChangingError:
            raise  # no form is right for long: the runtime runs it as Python
        except CompilationError as error:
            self.drop_twin()
            raise OutgrownError(f"it no longer scripts ({headline(error)})") from error


class ScriptedCalls(Calls):
    """The whole module scripts: the runtime of scriptable modules binds a twin before each call."""

    def __init__(self, module: nn.Module, eager_calls: EagerCalls) -> None:
        self.module = module
        self.runtime = _RuntimeOfSource(module, eager_calls=eager_calls)
        self.runtime.make_twin(module)

    def reason_for_eager(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """What holds for the thread; the rest the runtime asks, and runs the source as Python where it must."""
        if thread.must_run_eagerly() or any(_GLOBAL_HOOKS):
            return reason_for_eager(args, kwargs, _runtime_asks)
        return None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Bind the twin, run, pull back."""
        return self.runtime.call(self.module, args, kwargs)

    def complete(self) -> torch.jit.ScriptModule:
        """The scripted source."""
        return to_torchscript(self.module)


class BoundCalls(Calls):
    """Traces, a lowered program, or scripted code round them: tensors are bound before each call."""

    def __init__(self, module: nn.Module, choice: Choice) -> None:
        self.module = module
        self.choice = choice
        self.bound = bound_form(module, choice)
        self._lock = threading.RLock() if self.bound.writes_state else contextlib.nullcontext()
        self._replaced_before = self._replaced()
        self._tree_before = self._tree()

    def reason_for_eager(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
        """What the gate says of any call."""
        return reason_for_eager(args, kwargs, may_make_tensors)

    def why_unfit(self) -> str | None:
        """What changed since the form was made."""
        return self.bound.why_eagerly()

    def is_outgrown(self) -> bool:
        """Where a lowered program took for granted what is otherwise now, and after surgery.

        Not where somebody put a `forward` of his own on a part: that is to be called, not compiled away.
        """
        is_made_anew = self.choice.mode == "lowered" or self._tree() != self._tree_before
        return is_made_anew and self.bound.is_outdated() and not (self._replaced() - self._replaced_before)

    def _tree(self) -> list[tuple[nn.Module, type]]:
        return [(part, type(part)) for part in parts_of(self.module)]

    def _replaced(self) -> set[nn.Module]:
        return {part for part in parts_of(self.module) if "forward" in vars(part)}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Bind the tensors, run, pull back; what writes state runs in one thread at a time."""
        with self._lock:
            self.bound.bind()
            try:
                return self.choice.call(args, kwargs, training=self.module.training)
            except CALL_ERRORS as error:
                cls: Any = class_of(self.module)
                forward = inspect.unwrap(cls.forward)
                raise python_error(error, forward, "forward", (self.module, *args), kwargs) from None
            finally:
                self.bound.pull_back()

    def complete(self) -> torch.jit.ScriptModule:
        """The form, where the module is as it was when that was made."""
        reason = self.bound.why_in_no_file()
        if reason is not None:
            message = f"{type(self.module).__name__} cannot become TorchScript as it is: {reason}"
            raise CompilationError(f"{message}; undo that, or call the module once: where it can, it is compiled again")
        self.bound.bind()
        return self.choice.form
