"""How each part of a foreign module is compiled: its mark, else script, else lowered, else trace, else by its children.

Nothing here runs the user's module itself: copies run, and the compiled forms share its parameters and buffers.
"""

from __future__ import annotations

import fnmatch
import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.chosen.choice import MODES, Choice, below, joined, rows_of, told
from scriptkit.compiling.lowering import LoweringError, Obstacle, lower, obstacles
from scriptkit.compiling.lowering.trial import try_lowered
from scriptkit.compiling.plan.acceptance import (
    OnlyInMemoryError,
    headline,
    named,
    of_other_sizes,
    require_equal,
    require_reloadable,
)
from scriptkit.compiling.plan.inserting import (
    compiled_already,
    depends_on_training,
    has_tensor_boundary,
    in_mode,
    with_children,
)
from scriptkit.compiling.plan.last_resort import HooksLostError, LastResortError, require_hooks
from scriptkit.compiling.plan.parts import outermost, part_of
from scriptkit.compiling.plan.traces import accepted_trial, choice_of_traces, traced_in_both_modes
from scriptkit.diagnostics import in_source_order
from scriptkit.engines.torchscript.engine import making, state
from scriptkit.errors import CompilationError, ScriptkitError, TraceHazardError
from scriptkit.live import programs
from scriptkit.live.copies import asks_for_gradients, copy_tree, own_copy
from scriptkit.live.marks import Mark, mark_of
from scriptkit.live.recorded_calls import Call, record_examples

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scriptkit.compiling.lowering.evaluator.evaluator import Part
    from scriptkit.diagnostics import Diagnostic

MOST_CHANGES = 3
Complete = Callable[[nn.Module], "torch.jit.ScriptModule"]


class Chooser:
    """Chooses for one tree. `examples` are the arguments of the root; without them nothing can be traced."""

    def __init__(
        self,
        root: nn.Module,
        examples: tuple[Sequence[Any], dict[str, Any]] | None,
        modes: Mapping[str, str] | None,
        allow_baked: Mapping[str, str] | None,
        *,
        complete: Complete,
    ) -> None:
        self.root = root
        self.complete = complete
        self.examples = examples
        self.modes = dict(modes or {})
        self.allow_baked = allow_baked
        self._recorded: dict[str, list[Call]] | None = None
        unknown = sorted({mode for mode in self.modes.values() if mode not in MODES})
        if unknown:
            raise ValueError(f"modes are 'script', 'lowered' and 'trace', not {', '.join(map(repr, unknown))}")

    def choose(self, path: str = "") -> Choice:
        """The compiled form of a part, and why; raises `CompilationError` or `TraceHazardError`."""
        part = self.root.get_submodule(path)
        wanted = self._wanted(path, part)
        if self._has_marks_below(path):
            return self._choose_by_parts(path, part, wanted, None)
        refusal: ScriptkitError | None = None
        if wanted is None or wanted.mode == "script":
            try:
                return self._scripted(path, part, wanted)
            except CompilationError as error:
                if wanted is not None:
                    return self._last_resort(path, part, error)
                refusal = error
        try:
            if isinstance(refusal, HooksLostError) and not refusal.are_of_torch:
                return self._lowered(path, part, wanted, [_not_scripting(refusal)])
            return self._not_scripted(path, part, wanted, refusal)
        except (CompilationError, TraceHazardError):
            if not isinstance(refusal, LastResortError):
                raise
            return self._last_resort(path, part, refusal)

    def lower_again(self) -> Choice:
        """The root lowered, and nothing else; raises `CompilationError`."""
        wanted = self._wanted("", self.root)
        if self._has_marks_below(""):
            return self._lowered_round_marked("", self.root, wanted)
        try:
            return self._lowered("", self.root, wanted, ["was lowered before"])
        except LoweringError:
            choice = self._lowered_round_refused("", self.root, ["was lowered before"]) if wanted is None else None
            if choice is None:
                raise
            return choice

    def _not_scripted(self, path: str, part: nn.Module, wanted: Mark | None, refusal: ScriptkitError | None) -> Choice:
        """Where the source does not script: the lowered form, else the trace."""
        if not self._calls(path, wanted):
            raise refusal or CompilationError(f"{named(path, part)} needs example inputs to be {_how(wanted)}")
        reasons = [_not_scripting(refusal)] if refusal else []
        refusals = [refusal]
        if any(call.with_gradients for call in self._calls(path, wanted)):
            raise _differentiates(named(path, part), refusal)
        if wanted is None or wanted.mode == "lowered":
            try:
                return self._lowered(path, part, wanted, reasons)
            except CompilationError as error:
                if wanted is not None:
                    raise
                is_refused = isinstance(error, LoweringError)
                refusals.append(error)
                refused = f"is not lowered ({headline(error)})"
            try:
                choice = self._lowered_round_refused(path, part, reasons) if is_refused else None
            except (CompilationError, TraceHazardError) as error:
                choice = None
                refused += f", nor round its parts ({headline(error)})"
            if choice is not None:
                return choice
            reasons.append(refused)
        try:
            return self._traced(path, part, wanted, reasons)
        except (CompilationError, TraceHazardError) as error:
            if wanted is not None:
                raise
            refusal = error
        try:
            return self._choose_by_parts(path, part, wanted, refusal)
        except (CompilationError, TraceHazardError) as error:
            raise _with_reasons(error, reasons, refusals) from error

    # ---- what was asked for

    def _wanted(self, path: str, part: nn.Module) -> Mark | None:
        for pattern, mode in self.modes.items():
            if fnmatch.fnmatchcase(path, pattern):
                return Mark(next(known for known in MODES if known == mode))
        return mark_of(part)

    def _has_marks_below(self, path: str) -> bool:
        return next(self._marked(path, self.root.get_submodule(path)), None) is not None

    def _calls(self, path: str, wanted: Mark | None) -> list[Call]:
        if wanted is not None and wanted.example_inputs is not None:
            return [Call(wanted.example_inputs, wanted.example_kwargs, None)]
        if self._recorded is None:
            self._recorded = {} if self.examples is None else self._record(*self.examples)
        found = self._recorded.get(path, [])
        if not path and found and self.examples is not None and type(self.root).__call__ is not nn.Module.__call__:
            # what `forward` gets is what its `__call__` makes of them
            return [replace(found[0], args=tuple(self.examples[0]), kwargs=self.examples[1])]
        return found

    def _record(self, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, list[Call]]:
        """The calls in one run; code that differentiates runs on tensors of its own, and only if it scripts at all."""
        try:
            return record_examples(self.root, args, kwargs)
        except RuntimeError as error:
            if not asks_for_gradients(error):
                raise
            try:
                self.complete(copy_tree(self.root))
            except CompilationError as refusal:
                raise _differentiates(named("", self.root), refusal) from error
        return record_examples(self.root, args, kwargs, with_gradients=True)

    # ---- the ways

    def _scripted(self, path: str, part: nn.Module, wanted: Mark | None) -> Choice:
        reason = "marked as scripted" if wanted else "its source scripts"
        rows = rows_of(path, part, "script", reason)
        try:
            tried = self._tried(path, part, wanted)
            made = self.complete(copy_tree(tried))
            self._try(path, tried, wanted, made)
            require_hooks(path, part, made)
            return Choice("script", self.complete(part), rows)
        except CompilationError:
            plain = self._plain_script(path, part, wanted)
            if plain is None:
                raise
        return Choice("script", plain, rows, is_mixed=True)

    def _last_resort(self, path: str, part: nn.Module, refusal: CompilationError) -> Choice:
        """A script that no file can hold, or that waits for hooks to go; raises any other refusal."""
        is_in_no_file = isinstance(refusal, OnlyInMemoryError)
        if not isinstance(refusal, LastResortError) or (path and is_in_no_file):
            raise refusal
        rows = rows_of(path, part, "script", f"its source scripts; {headline(refusal)}")
        return Choice("script", self.complete(part), rows, in_no_file=headline(refusal) if is_in_no_file else "")

    def _plain_script(self, path: str, part: nn.Module, wanted: Mark | None) -> torch.jit.ScriptModule | None:
        try:
            tried = self._tried(path, part, wanted)
            made = plain_script(copy_tree(tried))
            self._try(path, tried, wanted, made)
            require_hooks(path, part, made)
            return plain_script(part)
        except CompilationError:
            return None

    def _tried(self, path: str, part: nn.Module, wanted: Mark | None) -> nn.Module:
        """What is compiled and run to see whether it is right: with tensors of its own where it differentiates."""
        calls = self._calls(path, wanted) if self.examples is not None else ()
        return own_copy(part) if any(call.with_gradients for call in calls) else part

    def _try(self, path: str, part: nn.Module, wanted: Mark | None, form: torch.jit.ScriptModule) -> None:
        """Compare a compiled copy with the part on the arguments it gets, and write and read it."""
        for call in self._calls(path, wanted) if self.examples is not None else ():
            require_equal(path, part, form, call)
            for changed in itertools.islice(of_other_sizes(part, call), MOST_CHANGES):
                require_equal(path, part, form, changed)
        require_reloadable(path, part, form)

    def _lowered(
        self,
        path: str,
        part: nn.Module,
        wanted: Mark | None,
        reasons: Sequence[str],
        within: Mapping[str, Choice] | None = None,
    ) -> Choice:
        """The lowered form; submodules in `within` are called in the form they have."""
        calls = self._calls(path, wanted)
        if not calls:
            raise CompilationError(f"{named(path, part)} needs example inputs to be lowered")
        within = {**compiled_already(path, part), **(within or {})}
        inner = {below(path, p): choice for p, choice in within.items()}
        parts = {p: part_of(p, part.get_submodule(p), c, self._calls(joined(path, p), None)) for p, c in inner.items()}
        try:
            lowered = lower(part, calls[0].args, calls[0].kwargs, parts)
        except LoweringError as error:
            if wanted is None:
                raise
            found = [one.diagnostic for one in self._obstacles(path, part, calls[0], parts)]
            raise LoweringError(error.headline, in_source_order({*error.diagnostics, *found})) from error
        except Exception as error:
            raise CompilationError(f"internal error while lowering {named(path, part)}: {error!r}") from error
        verdict = try_lowered(lowered, part, calls, trainable=depends_on_training(part))
        require_reloadable(path, part, lowered.form)
        reason = "marked as lowered" if wanted else ", ".join([*reasons, "and its lowered program is right"])
        assumptions = (*lowered.assumptions, *(_dropped(found) for found in lowered.dropped), *verdict.limits)
        facts = lowered.facts.assumptions()
        rows = rows_of(path, part, "lowered", told(reason, assumptions), within, assumptions=(*assumptions, *facts))
        eval_only = [f"`{p}`: {choice.eval_only}" for p, choice in inner.items() if choice.eval_only]
        choice = Choice("lowered", lowered.form, rows)
        choice.eval_only, choice.lowered = next(iter(eval_only), verdict.eval_only), [lowered]
        made = {p: replace(choice, form=parts[p].form) for p, choice in inner.items()}
        choice.parts = {p: choice for p, choice in made.items() if not programs.is_compiled(part.get_submodule(p))}
        choice.is_mixed = bool(inner)
        return choice

    def _lowered_round_refused(self, path: str, part: nn.Module, reasons: Sequence[str]) -> Choice | None:
        """Lowered, where the submodules that cannot be are scripted or traced by themselves.

        None where no submodule is what stands in the way, but the code of the part itself.
        """
        refused = self._obstacles(path, part, self._calls(path, None)[0], {})
        if not refused or not all(one.path for one in refused):
            return None
        why: dict[str, str] = {}
        for one in refused:
            why.setdefault(one.path, headline(LoweringError("", [one.diagnostic])))
        within = {joined(path, p): self._apart(joined(path, p), why[p]) for p in outermost(why)}
        spoken = ", ".join(f"`{p}`" for p in within)
        return self._lowered(path, part, None, [*reasons, f"is lowered round {spoken}"], within)

    def _obstacles(self, path: str, part: nn.Module, call: Call, parts: Mapping[str, Part]) -> list[Obstacle]:
        """All that stands in the way of lowering."""
        inside = [name for name, _ in part.named_modules() if name]
        recorded = {name: found[0].result for name in inside if (found := self._calls(joined(path, name), None))}
        return obstacles(part, call.args, call.kwargs, parts, recorded)

    def _apart(self, path: str, why: str) -> Choice:
        """A part that cannot be lowered, by itself."""
        part = self.root.get_submodule(path)
        try:
            return self._scripted(path, part, None)
        except CompilationError as error:
            reasons = [_not_scripting(error), f"is not lowered ({why})"]
            return self._traced(path, part, None, reasons)

    def _lowered_round_marked(self, path: str, part: nn.Module, wanted: Mark | None) -> Choice:
        """Lowered, where the submodules that are marked otherwise have the form they are marked for."""
        marks = dict.fromkeys(self._marked(path, part))
        choices = {p: self.choose(p) for p in outermost(marks)}
        within = {p: choice for p, choice in choices.items() if choice.mode != "lowered" and self._calls(p, None)}
        return self._lowered(path, part, wanted, ["is lowered round parts that are marked"], within)

    def _marked(self, path: str, part: nn.Module) -> Iterator[str]:
        own = self._wanted(path, part)
        for name, inner in part.named_modules():
            mark = self._wanted(joined(path, name), inner) if name else None
            if mark is not None and (own is None or mark.mode != own.mode):
                yield joined(path, name)

    def _traced(self, path: str, part: nn.Module, wanted: Mark | None, reasons: Sequence[str]) -> Choice:
        reason = _reason_to_trace(wanted, reasons)
        return traced_in_both_modes(path, part, self._calls(path, wanted), reason, self.allow_baked)

    def _choose_by_parts(
        self, path: str, part: nn.Module, wanted: Mark | None, refusal: ScriptkitError | None
    ) -> Choice:
        """Compile the children, then the part itself round them: from its source, else by a trace."""
        children = dict(self._children(path, part))
        if not children:
            raise refusal or CompilationError(f"{named(path, part)} does not compile")
        eval_only = "one of its parts was traced round scripted ones, or for evaluation only"
        if wanted is None or wanted.mode == "script":
            try:
                form = self.complete(with_children(part, children, path))
                self._require_parts_equal(path, part, form)
                rows = rows_of(path, part, "script", "its source scripts round compiled parts", children)
                found = Choice("script", form, rows, is_mixed=True)
                found.eval_only = eval_only if any(choice.eval_only for choice in children.values()) else ""
                found.lowered = [lowered for choice in children.values() for lowered in choice.lowered]
                return found
            except CompilationError as error:
                if wanted is not None:
                    raise
                refusal = refusal or error
        if (wanted is None or wanted.mode == "lowered") and self._has_marks_below(path):
            try:
                return self._lowered_round_marked(path, part, wanted)
            except CompilationError:
                if wanted is not None:
                    raise
        return self._traced_round(path, part, wanted, children, refusal)

    def _traced_round(
        self,
        path: str,
        part: nn.Module,
        wanted: Mark | None,
        children: dict[str, Choice],
        refusal: ScriptkitError | None,
    ) -> Choice:
        kept = {p: c for p, c in children.items() if has_tensor_boundary(self._calls(p, None))}
        calls = self._calls(path, wanted)
        if not calls:
            raise refusal or CompilationError(f"{named(path, part)} needs example inputs to be traced")
        mixed = in_mode(with_children(part, kept, path), training=False)
        try:
            trial = accepted_trial(path, mixed, calls[0], (), self.allow_baked)
        except CompilationError as error:
            raise refusal or error from error
        state.adopt_buffers(trial.call.run.inner, mixed)
        choice = choice_of_traces(path, part, {False: trial}, "traced round scripted parts")
        first = choice.rows[0]
        choice.rows = rows_of(path, part, "trace", first.reason, kept, assumptions=first.assumptions)
        choice.eval_only, choice.is_mixed = "a trace round scripted parts holds for evaluation only", True
        return choice

    def _children(self, path: str, part: nn.Module) -> Iterator[tuple[str, Choice]]:
        """The children that are called, compiled; those that do not compile stay part of their parent."""
        for name, child in part.named_children():
            inner = joined(path, name)
            if not self._calls(inner, mark_of(child)):
                yield from self._children(inner, child)
                continue
            try:
                yield inner, self.choose(inner)
            except (CompilationError, TraceHazardError):
                if self._wanted(inner, child) is not None:
                    raise

    def _require_parts_equal(self, path: str, part: nn.Module, form: torch.jit.ScriptModule) -> None:
        for call in self._calls(path, None):
            require_equal(path, part, form, call)
        require_reloadable(path, part, form)


def _with_reasons(
    error: CompilationError | TraceHazardError, reasons: Sequence[str], refusals: Sequence[ScriptkitError | None]
) -> CompilationError | TraceHazardError:
    """The refusal of a trace, with what stood in the way of the better forms; a trace was the last resort."""
    kind = TraceHazardError if isinstance(error, TraceHazardError) else CompilationError
    found = error.diagnostics or [d for one in refusals if isinstance(one, CompilationError) for d in one.diagnostics]
    return kind(f"{error.headline}; the module {', '.join(reasons)}", in_source_order({*found}))


def _not_scripting(refusal: ScriptkitError) -> str:
    return f"does not script ({headline(refusal)})"


def _differentiates(what: str, refusal: ScriptkitError | None) -> CompilationError:
    message = f"{what} calls `backward` in a call, which only code that scripts can"
    found = getattr(refusal, "diagnostics", ())
    return CompilationError(f"{message}: it {_not_scripting(refusal)}" if refusal else message, found)


def _reason_to_trace(wanted: Mark | None, reasons: Sequence[str]) -> str:
    if wanted is not None:
        return "marked as traced"
    return ", ".join([*reasons, "and its trace is right"]) if reasons else "its trace is right"


def _dropped(diagnostic: Diagnostic) -> str:
    """An arm that raises, as an assumption."""
    return f"{diagnostic.path.rpartition('/')[2]}:{diagnostic.line}: it is not reached ({diagnostic.message})"


def _how(wanted: Mark | None) -> str:
    return "lowered" if wanted is not None and wanted.mode == "lowered" else "traced"


def plain_script(module: nn.Module) -> torch.jit.ScriptModule:
    """The module as torch.jit.script compiles it, without anything lifted; raises `CompilationError`.

    Code written round the habits of torch.jit (overloads, `torch.jit.unused`) may compile only so.
    """
    shared = {id(buffer): buffer for buffer in module.buffers()}
    try:
        return making.script_as_torch_does(copy_tree(module, shared))
    except Exception as error:
        raise CompilationError(f"{type(module).__name__} does not compile: {error}") from error
