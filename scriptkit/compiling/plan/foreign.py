"""Modules inside a `ScriptableModule` that are none: what does not script gets the form the plan chooses for it.

Inputs come from the call that compiles the module, from `example_inputs()` of the nearest scriptable module round the
part, or from its mark. Without any of them the tree waits for its first call.
"""

from __future__ import annotations

import ast
import linecache
from contextlib import suppress
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING

from torch import nn

from scriptkit import switches
from scriptkit.compiling.chosen.bound_lowered import bound_form
from scriptkit.compiling.chosen.unreached_part import UnreachedPart, is_unreached
from scriptkit.compiling.plan.acceptance import headline
from scriptkit.compiling.plan.adapting import of_shapes
from scriptkit.compiling.plan.alike import Alike
from scriptkit.compiling.plan.call_shapes import grouped
from scriptkit.compiling.plan.choosing import Chooser
from scriptkit.compiling.plan.declared_inputs import declared_call, declares, has_example_inputs
from scriptkit.compiling.plan.subject import Complete, Subject
from scriptkit.compiling.plan.waiting import Call, MissingInputsError, RefusedInputsError
from scriptkit.engines.interface import BringsTorchScript, brings_form
from scriptkit.engines.torchscript.engine.errors import UninitializedParametersError
from scriptkit.engines.torchscript.engine.files import none_default_in
from scriptkit.engines.torchscript.engine.making import (
    class_of,
    compile_or_explain,
    compile_tree,
    form_of,
    reached_names,
    set_form,
    type_store_unchanged_on_failure,
)
from scriptkit.engines.torchscript.engine.thread import LOCK
from scriptkit.errors import CompilationError
from scriptkit.language.parsing import syntax_tree
from scriptkit.live import programs
from scriptkit.live.computed_tensors import computing
from scriptkit.live.lives import life_of
from scriptkit.live.marks import is_scriptable, is_scriptable_class, is_traced, mark_of
from scriptkit.live.other_processes import why_no_trial
from scriptkit.live.places import is_project_code
from scriptkit.live.recorded_calls import MAXIMUM_CALLS, record_examples
from scriptkit.live.steady import ChangingError
from scriptkit.live.training_modes import in_training_mode
from scriptkit.live.undoing import nothing_left

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scriptkit.diagnostics import Diagnostic
    from scriptkit.engines.interface import Part
    from scriptkit.live.recorded_calls import Call as RecordedCall

_CONTAINERS = (nn.ModuleList, nn.ModuleDict, nn.Sequential)


def choose_parts(root: nn.Module, call: Call | None, error: CompilationError | None, complete: Complete) -> bool:
    """Choose a form for each foreign part that needs one; False where there is none.

    `complete` makes one TorchScript module of what scripts.

    Raises:
        MissingInputsError: a part does not script, and there is nothing to trace it with.
        CompilationError, TraceHazardError: nothing is right for a part.
    """
    with LOCK, type_store_unchanged_on_failure(), nothing_left(root):
        planning = _Planning(root, call, error, complete)
        waiting = {path: child for path, child in planning.foreign(root, "") if planning.needs_form(child)}
        reached = reached_names({class_of(part) for part in root.modules() if is_scriptable(part)}) if waiting else ()
        unreached = [
            path for path, child in waiting.items() if not is_traced(child) and is_unreached(root, path, reached)
        ]
        for path in unreached:
            child = waiting.pop(path)
            set_form(child, UnreachedPart(child))
        if waiting:
            _require_alone(root, waiting)
            planning.choose(waiting)
        return bool(waiting or unreached)


def _require_alone(root: nn.Module, waiting: dict[str, nn.Module]) -> None:
    """Raise `MissingInputsError` where a trial would make this process wait for another."""
    others = why_no_trial(root)
    if others is not None:
        error = MissingInputsError(f"{type(root).__name__} is not compiled yet: {others}")
        error.waiting = dict.fromkeys(waiting, others)
        raise error


def _needs_form(module: nn.Module, *, parametrizations: bool) -> bool:
    """Whether a part does not script, or does, and no file can hold it.

    With `parametrizations`, those that write when they are read count: script can stand for them in a call.
    """
    if any(is_traced(part) for part in module.modules()) or computing(module, parametrizations=parametrizations):
        return True
    try:
        tree = compile_tree(module)
    except UninitializedParametersError:
        return False
    except Exception:  # noqa: BLE001  # torch.jit raises errors of many types for code it does not take
        return True
    return none_default_in(tree) is not None


class _Planning:
    """The choice of forms for one tree."""

    def __init__(self, root: nn.Module, call: Call | None, error: CompilationError | None, complete: Complete) -> None:
        self.root = root
        self.call = call
        self.error = error
        self.complete = complete
        self.missing: dict[str, str] = {}
        self._path = ""
        self._choosers: dict[str, Chooser] = {}
        self._alike = Alike()

    def needs_form(self, child: nn.Module) -> bool:
        """Whether a part does not script as it is; asked once of those alike."""
        if brings_form(child):
            return True
        parametrizations = self.call is not None
        return self._alike.answer("form", child, partial(_needs_form, parametrizations=parametrizations))

    def foreign(self, module: nn.Module, path: str) -> Iterator[tuple[str, nn.Module]]:
        """The outermost modules below that are not scriptkit's, or are marked as traced."""
        for name, child in module._modules.items():
            if child is None or programs.is_compiled(child) or form_of(child) is not None:
                continue
            inner = f"{path}.{name}" if path else name
            is_own = is_scriptable(child) or type(child) in _CONTAINERS
            if is_traced(child) or not is_own:
                yield inner, child
            else:
                yield from self.foreign(child, inner)

    def choose(self, waiting: dict[str, nn.Module]) -> None:
        """Give each part a form; first those that can have one, then tell which cannot."""
        chosen: dict[nn.Module, Part] = {}
        for path, child in waiting.items():
            form = self._form_of(path, child)
            if form is not None:
                chosen[child] = form
        if self.missing:
            self._raise_own_errors()
            raise self._missing_inputs()
        for child, form in chosen.items():
            set_form(child, form)

    def _raise_own_errors(self) -> None:
        """Errors in methods that have nothing to do with the missing parts need not wait."""
        names = {name for path in self.missing for name in path.split(".")}
        waiting = {type(part).__name__ for path in self.missing for part in self.root.get_submodule(path).modules()}
        found = self.error.diagnostics if self.error is not None else ()
        own = [
            d
            for d in found
            if is_project_code(d.path)
            and (d.class_name not in waiting if d.class_name else self._calls(d.method))
            and not _mentions(d, names)
        ]
        if own:
            raise CompilationError(f"{type(self.root).__name__} does not compile", own)

    def _calls(self, function: str) -> bool:
        """Whether a scriptable module of the tree names a function in its code."""
        classes = {type(part) for part in self.root.modules() if is_scriptable(part)}
        bases = {base for cls in classes for base in cls.__mro__ if is_scriptable_class(base)}
        codes = [f.__code__ for base in bases for f in vars(base).values() if isinstance(f, FunctionType)]
        return any(function in code.co_names for code in codes)

    def _form_of(self, path: str, child: nn.Module) -> Part | None:
        if isinstance(child, BringsTorchScript):
            return self._brought(path, child)
        top = "" if self.call is not None else self._declaring(path)
        if top is None and not declares(child):
            mark = mark_of(child)
            if mark is not None and mark.mode == "script":
                raise self.error or CompilationError(f"`{path}` is marked as scripted, and does not script")
            if any(hasattr(type(part), "__prepare_scriptable__") for part in child.modules()):
                with suppress(CompilationError):  # what stands in for it may script without any inputs
                    alone = Subject(child, None, None, None, complete=self.complete)
                    return bound_form(child, Chooser(alone).choose())
            self.missing[path] = self._alike.answer("why", child, _why)
            return None
        self._path = path
        with switches.eager():
            chooser = self._chooser(top or "")
            inner = path.removeprefix(top or "").removeprefix(".")
            form = _chosen(chooser, inner, child)
        if chooser.attempted[inner] is not child:
            raise ChangingError.of(self.root)
        return form

    def _brought(self, path: str, child: BringsTorchScript) -> Part | None:
        """The form of a part that `scriptkit.compile` gave, which may wait for its first call."""
        top = "" if self.call is not None else self._declaring(path)
        part = child.__scriptkit_part__()
        if (part is None or part.is_outdated()) and top is not None:
            inner = path.removeprefix(top).removeprefix(".")
            with switches.eager():
                calls = self._chooser(top).subject.calls(inner, None)
            if calls:
                child.__scriptkit_settle__(calls[0].args, calls[0].kwargs)
            part = child.__scriptkit_part__()
        if part is None or part.is_outdated():
            self.missing[path] = "it waits for its first call" if part is None else "it changed after it was compiled"
            return None
        return part

    def _declaring(self, path: str) -> str | None:
        """The outermost scriptable module round a part that declares example inputs."""
        names = path.split(".")
        for count in range(len(names)):
            top = ".".join(names[:count])
            if has_example_inputs(self.root.get_submodule(top)):
                return top
        return None

    def _chooser(self, top: str) -> Chooser:
        """One for each module whose inputs are known; the parts of one module come from one run of it."""
        if top not in self._choosers:
            module = self.root.get_submodule(top)
            call = self.call if self.call is not None else declared_call(module)
            recorded = self._recorded(module, call) if call is not None else None
            subject = Subject(module, call, None, None, complete=self.complete, recorded=recorded)
            self._choosers[top] = Chooser(subject)
        return self._choosers[top]

    def _recorded(self, module: nn.Module, call: Call) -> dict[str, list[RecordedCall]]:
        """What every submodule gets in one call; in evaluation where the mode it is in does not take it."""
        args, kwargs = call
        try:
            return record_examples(module, args, kwargs)
        except Exception as error:
            if module.training:
                return self._recorded(in_training_mode(life_of(module), training=False), call)
            if self.call is not None:
                raise
            words = f"`{type(module).__name__}` does not take what its `example_inputs` returns: {error}"
            refused = RefusedInputsError(words)
            refused.waiting = {self._path: words}
            raise refused from error

    def _missing_inputs(self) -> MissingInputsError:
        listed = "; ".join(f"`{path}` ({why})" for path, why in self.missing.items())
        message = (
            f"{type(self.root).__name__} is not compiled yet: {listed} needs example inputs; "
            "call the module once, or declare them: override `example_inputs`, or mark the part with "
            "`scriptkit.traced(part, example_inputs=...)`"
        )
        error = MissingInputsError(message)
        error.waiting = self.missing
        return error


def _chosen(chooser: Chooser, path: str, child: nn.Module) -> Part:
    """The form of a part, or one form for each way in which it is called."""
    subject = chooser.subject
    is_marked = subject.wanted(path, child) is not None or subject.has_marks_below(path)
    groups = [] if is_marked or subject.examples is None else grouped(child.forward, subject.calls(path, None))
    if not 1 < len(groups) < MAXIMUM_CALLS:  # where there are more, not all were recorded
        return bound_form(child, chooser.choose(path))
    with suppress(CompilationError):
        return bound_form(child, chooser.choose_script(path))
    parts = [bound_form(child, Chooser(subject.with_calls(path, calls)).choose(path)) for _, calls in groups]
    chooser.attempted[path] = child
    return of_shapes(path, child, [shape for shape, _ in groups], parts)


def _mentions(diagnostic: Diagnostic, names: set[str]) -> bool:
    """Whether the function a diagnostic is about mentions one of these names."""
    tree = syntax_tree("".join(linecache.getlines(diagnostic.path)))
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.lineno <= diagnostic.line]
    inside = [f for f in functions if diagnostic.line <= (f.end_lineno or f.lineno)]
    return not inside or any(isinstance(n, ast.Attribute) and n.attr in names for n in ast.walk(inside[-1]))


def _why(child: nn.Module) -> str:
    """The first line that stands in the way of compiling a part."""
    if is_traced(child):
        return "marked as traced"
    if computing(child, parametrizations=False):
        return "it computes its tensors in its call"
    try:
        problem = none_default_in(compile_or_explain(child))
    except Exception as error:  # noqa: BLE001  # torch.jit raises errors of many types for code it does not take
        return headline(error)
    return "one of its parts is marked as traced" if problem is None else problem.message
