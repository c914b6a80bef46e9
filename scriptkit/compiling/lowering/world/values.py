"""What the evaluator computes with: Python's own objects, and `Dyn`, a value the residual program will have.

A `Dyn` knows its type and an example. The example says which type and rank operations give, and which arm of a branch
the example inputs take; no decision of the residual program rests on it.
"""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Any, NoReturn

import torch
from torch import nn

from scriptkit.compiling.lowering.world.aliases import Shared
from scriptkit.compiling.lowering.world.refusing import BranchPlace, RefusedError
from scriptkit.language import types as t
from scriptkit.language.parsing import syntax_tree

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable, Iterator

Value = Any
"""An ordinary Python object, a `Dyn`, or a container of both."""


def _never(what: str) -> Callable[..., NoReturn]:
    def refuse(*_: object) -> NoReturn:
        raise RefusedError("dynamic-value-in-python", f"a value known only at run time meets {what}")

    return refuse


class Dyn:
    """A value of the residual program; Python code that takes it for a plain object is refused.

    `type`: what TorchScript calls its type.
    `example`: what it is on the example inputs. An operation on it runs on the example, to see which type and rank it
        gives; two arms of a branch are both lowered, whatever the example says.
    `name`: the variable of the residual program that holds it.
    `home`, `block`: the residual method that computes it, and the block of statements where it does. Other methods get
        it as a parameter or a result; code outside the block cannot name it.
    `slot`: the module and the name of the attribute it is (a parameter, a buffer, `training`), which every method reads
        by a path of its own instead of a variable.
    `example_if_given`: an example that is not None, for a value that may be None and is so on the example inputs; the
        arm that knows better goes on with this one. None where nobody has seen any.
    `given_if`: of a truth, the values that are certainly not None where it is True, and where it is False.
    `is_int_or_float`: one arm has an int and the other a float. It is a float here, which is right only where nobody
        can tell the difference; everything else refuses it.
    `guessed_annotation`: the statement that makes an empty list, as long as no item told the type of its items.
    `shared`: of a list, what it has in common with lists that may be the same object.
    `rank_checked_in`: the block that asserts its rank; code that this block does not reach has to assert it again.
    """

    __slots__ = (
        "block",
        "example",
        "example_if_given",
        "given_if",
        "guessed_annotation",
        "home",
        "is_int_or_float",
        "name",
        "rank_checked_in",
        "shared",
        "slot",
        "type",
    )

    def __init__(self, type_: t.Type, example: Any, name: str, home: Method, block: list[ast.stmt]) -> None:
        self.type = type_
        self.example = example
        self.name = name
        self.home = home
        self.block = block
        self.slot: tuple[torch.nn.Module, str] | None = None
        self.example_if_given: Any = example  # a branch that joins a value with None replaces it
        self.given_if: dict[bool, list[Dyn]] = {}
        self.is_int_or_float = False
        self.guessed_annotation: ast.AnnAssign | None = None
        self.rank_checked_in: list[ast.stmt] | None = None
        self.shared: Shared | None = None
        home.types[name] = type_

    def becomes(self, name: str) -> str:
        """Another name, for its variable too."""
        self.name = name
        self.home.types[name] = self.type
        return name

    @property
    def is_optional(self) -> bool:
        """Whether it may be None at run time."""
        return t.is_optional(self.type)

    def as_float(self) -> Dyn:
        """A number that eager has as an int in one arm and a float in the other, where only its value counts."""
        made = Dyn(self.type, self.example, self.name, self.home, self.block)
        made.slot, made.example_if_given = self.slot, self.example_if_given
        return made

    def may_be(self, other: Dyn) -> None:
        """Two names of the program may mean one list."""
        self.shared, other.shared = self.shared or Shared(), other.shared or Shared()
        self.shared.join(other.shared)

    @property
    def version(self) -> object:
        """Another object after each change of a list that may have other names; None where it has none."""
        return self.shared.root().version if self.shared is not None else None

    def changes_to(self, example: list[Any]) -> None:
        """A list is changed in place."""
        self.example = example
        if self.shared is not None:
            self.shared.change()

    @property
    def is_tensor(self) -> bool:
        """Whether it is certainly a tensor."""
        return self.type == t.TENSOR

    # Python runs much of the evaluated code natively (`isinstance`, dictionaries, formatting). Where a value of the run
    # slips into that, the example must not decide by accident, so that every question Python may ask ends in a refusal.
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _never("a comparison")
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _never("Python's arithmetic")
    __hash__ = _never("`hash`")
    __bool__ = _never("`bool`")
    __len__ = _never("`len`")
    __iter__ = _never("an iteration")
    __str__ = __repr__ = __format__ = _never("a conversion to text")
    __int__ = __index__ = __float__ = __getitem__ = _never("a conversion")


class Sizes(tuple[Any, ...]):
    """The shape of a tensor: as many sizes as its rank, each known at run time."""

    __slots__ = ()


class Parts(tuple[Any, ...]):  # noqa: SLOT001 - a tuple cannot have slots of its own
    """What an operator returned as a tuple with names, such as `values` and `indices`."""

    names: tuple[str, ...] = ()


class Unreadable:
    """A variable that has no value any more; reading it is refused. `is_consequence`: because of another refusal."""

    is_consequence = False

    def __init__(self, why: str, branch: BranchPlace | None = None, rule: str = "branch-values-differ") -> None:
        self.why = why
        self.branch = branch
        self.rule = rule

    def error(self, name: str) -> RefusedError:
        """What whoever reads the variable gets."""
        refusal = RefusedError(self.rule, f"`{name}` {self.why}")
        refusal.branch = self.branch
        return refusal


def type_of(example: Any) -> t.Type:
    """The type of TorchScript that an example has; refused where there is none."""
    if isinstance(example, torch.Tensor):
        return t.TENSOR
    for python_type, type_ in _ATOMS:
        if isinstance(example, python_type):
            return type_
    if isinstance(example, list):
        return t.List(_element_type(example))
    if isinstance(example, tuple):
        return t.Tuple([type_of(item) for item in example])
    if isinstance(example, dict) and example:
        return t.Dict(_element_type(list(example)), _element_type(list(example.values())))
    raise RefusedError("type-without-counterpart", f"TorchScript has no type for a `{type(example).__name__}`")


_ATOMS: list[tuple[type, t.Type]] = [
    (bool, t.BOOL),  # before int: a bool of Python is an int, one of TorchScript is not
    (int, t.INT),
    (float, t.FLOAT),
    (complex, t.COMPLEX),
    (str, t.STR),
    (torch.dtype, t.INT),  # TorchScript has numbers for these three
    (torch.layout, t.INT),
    (torch.memory_format, t.INT),
    (torch.device, t.DEVICE),
    (type(None), t.NONE),
]


def _element_type(items: list[Any]) -> t.Type:
    found = {type_of(item) for item in items} or {t.TENSOR}
    if len(found) > 1:
        raise RefusedError("list-of-different-types", "a list holds values of different types")
    return found.pop()


def spelled(type_: t.Type) -> ast.expr:
    """A type as an annotation of the residual program."""
    text = str(type_).replace("torch.device", "Device")
    return syntax_tree(text, mode="eval").body


_LONGEST_NAME = 30


class Method:
    """One residual method: a body, what it takes from its caller, and what its caller takes from it.

    `blocks`: the blocks that are being written, outermost first; new statements go to the last.
    `parameters`: by the id of a value of a caller, the value and the name it has here.
    `results`: by the id of a value computed here, the value and the one the caller gets for it. Both grow while code
        refers to values of other methods (lambda lifting), which is known only when the whole program is evaluated.
    `hints`: names for parameters, by the id of the value: those that the evaluated function gave them.
    `call`, `call_block`: the statement of the caller that calls it, and the block where that stands.
    """

    def __init__(self, module: nn.Module, caller: Method | None, name: str) -> None:
        self.module = module
        self.caller = caller
        self.name = name
        self.body: list[ast.stmt] = []
        self.blocks: list[list[ast.stmt]] = [self.body]
        self.parameters: dict[int, tuple[Dyn, str]] = {}
        self.results: dict[int, tuple[Dyn, Dyn]] = {}
        self.hints: dict[int, str] | None = None
        self.is_finished = False
        self.types: dict[str, t.Type] = {}
        self.call: ast.Assign | None = None
        self.call_block = caller.blocks[-1] if caller is not None else self.body
        # the generated text speaks of these itself
        self._taken: dict[str, int] = {"self": 1, "torch": 1, "F": 1, "math": 1}

    def fresh(self, hint: str) -> str:
        """A name that nothing in this method bears yet."""
        # a name that got a number from here before gets another one, not a second
        hint = re.sub(r"_\d+$", "", re.sub(r"\W", "_", hint)[:_LONGEST_NAME].strip("_")) or "value"
        if hint[0].isdigit() or keyword.iskeyword(hint) or hint in _COMPILER_NAMES:
            hint = f"{hint}_" if not hint[0].isdigit() else f"v{hint}"
        count = self._taken[hint] = self._taken.get(hint, 0) + 1
        return hint if count == 1 else f"{hint}_{count}"

    def ancestors(self) -> Iterator[Method]:
        """This method, its caller, the caller's caller."""
        method: Method | None = self
        while method is not None:
            yield method
            method = method.caller


_COMPILER_NAMES = frozenset(
    "int float bool str list dict tuple len range print Tensor List Dict Tuple Optional Device max min abs any all "
    "round sorted zip enumerate getattr".split()
)
