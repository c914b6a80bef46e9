"""What lowering gives: a program, how to compile it, and what it takes for granted."""

from __future__ import annotations

import ast
import functools
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from scriptkit.compiling.boundary import named_results
from scriptkit.compiling.boundary.flat_call import spoken_path
from scriptkit.compiling.lowering.entry import FLAT
from scriptkit.compiling.lowering.program import refusals
from scriptkit.compiling.lowering.program.syntax import LINES_PER_FILE
from scriptkit.compiling.lowering.world.asking import Question
from scriptkit.engines.torchscript.engine import making as engine
from scriptkit.engines.torchscript.engine import state
from scriptkit.errors import CompilationError, OtherCallError
from scriptkit.live import programs
from scriptkit.live.nested import Leaf, Nest, arranged, build, differences, flatten, leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from torch import nn

    from scriptkit.compiling.lowering.evaluator.evaluator import Part
    from scriptkit.compiling.lowering.objects.kept_state import Kept
    from scriptkit.compiling.lowering.world.facts import Facts
    from scriptkit.diagnostics import Diagnostic
    from scriptkit.live.nested import Structure

assert LINES_PER_FILE == engine.LINES_PER_FILE  # noqa: S101 - the evaluator and the engine speak of the same lines


class LoweringError(CompilationError):
    """A module cannot be lowered; the diagnostics say which lines stand in the way."""


@dataclass
class LoweredModule:
    """A lowered `module` of the user. `shadow` holds its parameters and generated classes; `texts` are their code.

    `entry` is the same with a `forward` as the user calls it.
    """

    module: nn.Module
    shadow: engine.Shadow
    entry: engine.Shadow
    texts: dict[str, str]
    inputs: Structure
    output: Structure
    facts: Facts
    assumptions: tuple[str, ...] = ()
    dropped: tuple[Diagnostic, ...] = ()
    places: Sequence[tuple[str, nn.Module]] = ()
    """Every place of the tree, with what was there when the module was lowered."""
    parts: Mapping[str, Part] = field(default_factory=dict)
    kept: Sequence[Kept] = ()
    """Plain attributes that are state of the program."""
    wanted: Sequence[Kept] = ()
    """Those that would have to be, for arms that were dropped."""

    @property
    def code(self) -> str:
        """The program as text: one class for each kind of module."""
        return "\n\n".join(f"class {name}:\n{textwrap.indent(text, '    ')}" for name, text in self.texts.items())

    @functools.cached_property
    def form(self) -> torch.jit.ScriptModule:
        """The program compiled with the user's parameters; raises `CompilationError` where the compiler refuses it."""
        try:
            return engine.compile_lowered(self.entry, named_results.CLASSES)
        except Exception as error:  # torch raises errors of many types
            raise LoweringError("the lowered program does not compile", [refusals.not_compiled(str(error))]) from error

    @functools.cached_property
    def _calling(self) -> tuple[int, tuple[str, ...]]:
        """How the arguments of the example were passed: how many by position, and the names of the others."""
        args, kwargs = build(self.inputs, [None] * sum(isinstance(leaf, Leaf) for _, leaf in leaves(self.inputs)))
        return len(args), tuple(kwargs)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Call `form` as the user calls the module; raises OtherCallError where it was lowered for something else."""
        return self.run_on(self.flat_form, *args, **kwargs)

    def run_on(self, flat_form: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The same with another state below the compiled code: `FLAT` of a form made from `form`."""
        plain = self._plain(args, kwargs)
        if plain is not None:
            return self.rebuild(flat_form(*plain))
        args, kwargs = arranged(self.module.forward, self._calling, args, kwargs)
        tensors, structure = flatten((args, kwargs))
        problem = next(differences(self.inputs, structure), None)
        if problem is not None:
            path, _, rest = problem.partition(" ")
            raise OtherCallError(f"lowered for other arguments: {spoken_path(path) if path else 'the call'} {rest}")
        return self.rebuild(flat_form(*tensors))

    @functools.cached_property
    def _takes_tensors(self) -> bool:
        """Whether every argument is a tensor."""
        assert isinstance(self.inputs, Nest)  # noqa: S101 - a pair of arguments and keywords
        parts = [part for part in self.inputs.items if isinstance(part, Nest)]
        return all(isinstance(item, Leaf) for part in parts for item in part.items)

    def _plain(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...] | None:
        """The flat arguments, where they are tensors passed as in the example: nothing has to be taken apart."""
        count, names = self._calling
        if not self._takes_tensors or len(args) != count or tuple(kwargs) != names:
            return None
        flat = (*args, *kwargs.values()) if kwargs else args
        return flat if all(isinstance(one, torch.Tensor) for one in flat) else None

    @functools.cached_property
    def flat_form(self) -> Callable[..., Any]:
        """The program without its entry: flat tensors in, flat values out."""
        made: Callable[..., Any] = getattr(self.form, FLAT)
        return made

    def tensor_slots(self) -> Iterator[tuple[dict[str, Any], str, Any, str]]:
        """Every place that holds a tensor of the user: where it is in Python, and the C++ module with its name there.

        Places go by path: two that hold one tensor now may hold two later.
        """
        made = dict(self.form.named_modules())
        for path, module in self.places:
            for holder in (module._parameters, module._buffers):
                for name, tensor in holder.items():
                    if tensor is not None and path in made and made[path]._c.hasattr(name):
                        yield holder, name, made[path]._c, name
        for path, part in self.parts.items():
            yield from _slots_within(dict(self.places)[path], part.form)
        for name, value in vars(self.shadow).items():
            if _is_constant(name):
                yield {name: value}, name, self.form._c, name

    def kept_slots(self) -> Iterator[tuple[Kept, Any]]:
        """Every attribute that the program keeps, with the C++ module that has it."""
        made = dict(self.form.named_modules())
        for path, module in self.places:
            yield from ((one, made[path]._c) for one in self.kept if one.module is module and path in made)

    @functools.cached_property
    def _modes(self) -> list[tuple[dict[str, Any], Any]]:
        """The attributes of the user's modules, and the C++ modules that have their training mode."""
        made = dict(self.form.named_modules())
        return [(vars(m), made[path]._c) for path, m in self.places if path in made and not programs.is_compiled(m)]

    def follow_modes(self) -> None:
        """Give each part of `form` the training mode of the user's module."""
        for attributes, cpp in self._modes:
            cpp.setattr("training", attributes["training"])

    @functools.cached_property
    def question(self) -> Question:
        """Whether what the program takes for granted still holds."""
        return Question(self.facts)

    def rebuild(self, result: Any) -> Any:
        """What the program gives, with the types the user knows."""
        leaves = result if isinstance(result, tuple) else [result]
        return build(self.output, leaves)


def _slots_within(module: nn.Module, form: torch.jit.ScriptModule) -> Iterator[tuple[dict[str, Any], str, Any, str]]:
    """The tensors of a part, which lie elsewhere in its form than in the module."""
    holders = [held for below in module.modules() for held in (below._parameters, below._buffers)]
    where = {id(tensor): (held, name) for held in holders for name, tensor in held.items() if tensor is not None}
    for cpp, name, tensor in state.tensor_slots(form):
        if id(tensor) in where:
            yield (*where[id(tensor)], cpp, name)


def _is_constant(name: str) -> bool:
    return name.startswith("_constant_")


def code_of(methods: list[ast.FunctionDef]) -> str:
    """The text of a generated class's methods."""
    return "\n\n".join(ast.unparse(method) for method in methods) + "\n"
