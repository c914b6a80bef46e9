"""What an engine is: the types that pass between an engine and everything above it, and what each engine offers.

An engine turns modules into programs. It knows nothing above it: what it needs from there is handed to it, as a
callable or as one of the types here. What it offers lies in five modules of functions, reached directly, so that a call
pays nothing for the interface:

    thread   why a call must run as Python in this thread now; the lock round everything that compiles
    making   compile a tree, make a twin, record a run, assemble a program
    state    tensors, assigned attributes, hooks lost
    files    bytes, methods, operators, why not saveable
    errors   which exceptions compiled code raises, and the Python errors they mean
"""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from torch import Tensor, nn

if TYPE_CHECKING:
    import types
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import torch

    from scriptkit.compile_report import ReportRow

# ---- plain data


class ParameterSchema(NamedTuple):
    """One parameter of a compiled method, with its type as annotations write it."""

    name: str
    type: str
    has_default: bool
    default: Any
    keyword_only: bool


class MethodSchema(NamedTuple):
    """A compiled method: its name, torch's text of its schema, its parameters (without `self`) and its result type."""

    name: str
    text: str
    parameters: tuple[ParameterSchema, ...]
    returns: str


class Slot(NamedTuple):
    """A place of a program that holds a parameter or buffer: the engine's module, the name there, the tensor."""

    holder: Any
    name: str
    tensor: Tensor


# ---- what programs are made of


class Program(Protocol):
    """A compiled module, complete: callable, with the parameters and buffers of the module it was made from."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`."""

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """The parameters, shared with the module."""


class Tree(Protocol):
    """The compiled types of a module tree, without anybody's weights."""

    def names_in_code(self) -> set[str]:
        """Every name that the compiled Python code mentions."""


class Twin(Protocol):
    """A compiled mirror of one living tree: bound before each call, pulled back after it."""

    def bind(self) -> bool:
        """Mirror the tree as it is now; False where its structure or its code is another."""

    def leave(self) -> None:
        """After a call: give the tree what compiled code wrote, let go of what was bound for it alone."""

    def method(self, name: str) -> Callable[..., Any]:
        """A compiled method of the root."""

    def reason_for_eager(self, name: str = "forward") -> str | None:
        """Why the twin cannot represent the next call of a method."""


class Recorder(Protocol):
    """The recording of the current thread: paused and resumed, with checks put into it."""

    def stop(self) -> None:
        """Record nothing from here on."""

    def resume(self) -> None:
        """Go on where recording stopped."""

    def put_check(self, tensor: Tensor, value: object, number: int, where: str) -> None:
        """Record that a tensor must give a value again."""


class Part(Protocol):
    """A foreign submodule in a compiled form of its own, which stands for it in a tree."""

    @property
    def form(self) -> torch.jit.ScriptModule:
        """What compiled code calls; its parameters and buffers are those of the submodule."""

    @property
    def rows(self) -> Sequence[ReportRow]:
        """How each of its submodules is compiled; paths begin at the part."""

    @property
    def eval_only(self) -> str:
        """Why the form cannot stand for the submodule in training; empty where it can."""

    @property
    def is_for_some_calls(self) -> bool:
        """Whether the form was made for ways of calling that were seen, and others can be learned."""

    def why_eagerly(self) -> str | None:
        """The reason for which the form cannot stand for the submodule in the next call."""

    def why_in_no_file(self) -> str | None:
        """The change of the submodule for which its form computes something else."""

    def is_outdated(self) -> bool:
        """Whether the submodule changed so that another form is needed."""

    def bind(self) -> None:
        """Push tensors that were exchanged."""

    def pull_back(self) -> None:
        """Give the submodule what compiled code wrote."""


class BringsTorchScript(nn.Module, abc.ABC):
    """A module that has a compiled form of the whole already, and is no more compiled itself."""

    @abc.abstractmethod
    def __scriptkit_torchscript__(self) -> torch.jit.ScriptModule:
        """The complete TorchScript module; its parameters and buffers are those of this one."""

    @abc.abstractmethod
    def __scriptkit_part__(self) -> Part | None:
        """What stands for it within another module; None where it waits for a call."""

    @abc.abstractmethod
    def __scriptkit_settle__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Where it waits for its first call, or changed since it was compiled, compile it as for this one."""


def brings_form(part: nn.Module) -> bool:
    """Whether a part was compiled by itself."""
    return isinstance(part, BringsTorchScript) and part.__scriptkit_part__() is not None


# ---- what an engine offers, in five groups


class Thread(Protocol):
    """What this thread is doing that concerns compiled code."""

    LOCK: Any

    def must_run_eagerly(self) -> object:
        """Whether something keeps compiled code from representing a call now."""

    def why_eagerly(self) -> str | None:
        """The same in words."""


class Making(Protocol):
    """From modules to programs."""

    def compile_or_explain(self, module: nn.Module) -> Any:
        """The `Tree` of a module; raises `CompilationError` with everything that stands in the way."""

    def complete(self, module: nn.Module, tree: Any) -> Any:
        """The `Program` of a compiled tree with the module's own weights."""

    def compile_function_or_explain(self, function: types.FunctionType) -> Any:
        """The compiled form of a free function."""

    def trace(self, root: nn.Module, inputs: Sequence[Tensor], names: Sequence[str]) -> Any:
        """The `Program` of one recorded run."""

    def exported_methods(self, cls: type) -> list[str]:
        """The methods that are compiled besides `forward`."""


class State(Protocol):
    """What a program holds."""

    def tensor_slots(self, form: Any) -> list[Slot]:
        """Every place that holds a parameter or buffer."""

    def hooks_lost(self, module: Any, original: nn.Module) -> Iterator[str]:
        """Where a module has hooks that its program lacks."""


class Files(Protocol):
    """Programs as bytes."""

    def serialise(self, module: Any) -> bytes:
        """The bytes of a program."""

    def load_bytes(self, data: bytes, map_location: torch.device | None) -> Any:
        """A program of its bytes."""

    def method_schemas(self, module: Any) -> list[MethodSchema]:
        """The methods a caller may use."""

    def classes_in_results(self, module: Any, name: str) -> list[str]:
        """The classes of the user's in what a method gives."""

    def operator_names(self, module: Any) -> list[str]:
        """The operators of all methods."""

    def missing_operators(self, names: Iterable[str]) -> list[str]:
        """Those that this process does not have."""

    def none_default_in(self, tree: Any) -> Any:
        """The problem with a `Tensor` whose default is `None`, where that keeps a tree out of files."""

    def why_unsaveable(self, tree: Any) -> Any:
        """The problem for which no file can hold a tree; None where one can."""


class Errors(Protocol):
    """The exceptions of compiled code."""

    CALL_ERRORS: tuple[type[Exception], ...]

    def failed_check(self, error: BaseException) -> str | None:
        """Which check of a program failed, where that is what an error says."""

    def refused(self, error: BaseException) -> str | None:
        """What a program says of a call it was not made for; None for any other error."""


@dataclass(frozen=True)
class Engine:
    """One engine by its name, and what it offers."""

    name: str
    thread: Thread
    making: Making
    state: State
    files: Files
    errors: Errors
