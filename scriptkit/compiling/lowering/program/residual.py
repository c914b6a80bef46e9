"""The residual program while it is being written: methods of modules, their blocks, and names for values.

A method sees its own module and what lies below it. A value of another method reaches it as a parameter, and what its
caller needs of it becomes a result, so that Python objects may carry values across modules.
"""

from __future__ import annotations

import ast
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from scriptkit.compiling.lowering.program import syntax
from scriptkit.compiling.lowering.world.refusing import CannotJoinError, RefusedError
from scriptkit.compiling.lowering.world.values import Dyn, Method, Parts, Sizes, Value, spelled, type_of
from scriptkit.language import types as t
from scriptkit.live.lives import OwnTensors

if TYPE_CHECKING:
    from collections.abc import Iterator


class Residual:
    """The program: its methods by module, and the tensors it holds that are no parameter or buffer."""

    def __init__(self, root: nn.Module, place: syntax.Place) -> None:
        self.root = root
        self.place = place
        self.methods: list[Method] = []
        self.constants: dict[str, torch.Tensor] = {}
        self.leaves: dict[int, nn.Module] = {}
        self._adopted: dict[int, tuple[list[ast.stmt], list[ast.stmt]]] = {}
        self._paths: dict[int, list[str]] = {}
        self._slots: dict[int, tuple[torch.Tensor, Dyn]] = {}
        self.kept_alive: list[Any] = []
        self.rewritten: set[tuple[str, str]] = set()
        self.kept: dict[tuple[int, str], Any] = {}
        """Plain attributes that the program keeps between calls."""
        for path, module in root.named_modules(remove_duplicate=False):
            self._paths.setdefault(id(module), []).append(path)
        self.method = Method(root, None, "forward")
        self.methods.append(self.method)

    # ---- statements

    def emit(self, statement: ast.stmt) -> None:
        """Append a statement to the block that is being written, at the user's place."""
        self.method.blocks[-1].append(self.place.mark(statement))

    def open_statements(self) -> list[ast.stmt]:
        """Everything the method does before the statement that comes next: in its block, and in those round it."""
        return [statement for block in self.method.blocks for statement in block]

    @contextmanager
    def block(self) -> Iterator[list[ast.stmt]]:
        """Write into a new block."""
        block: list[ast.stmt] = []
        method = self.method
        method.blocks.append(block)
        try:
            yield block
        finally:
            method.blocks.pop()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Forget what was written if what is tried cannot be joined."""
        block, length, count = self.method.blocks[-1], len(self.method.blocks[-1]), len(self.methods)
        try:
            yield
        except CannotJoinError:
            del block[length:]
            del self.methods[count:]
            raise

    def declare(self, type_: t.Type, example: Any, hint: str) -> Dyn:
        """A new value that a statement is about to define."""
        return Dyn(type_, example, self.method.fresh(hint), self.method, self.method.blocks[-1])

    def bind(self, expression: ast.expr, example: Any, hint: str, type_: t.Type | None = None) -> Dyn:
        """Give an expression a name."""
        value = self.declare(type_ or type_of(example), example, hint)
        if isinstance(value.type, t.List) and isinstance(expression, ast.List):
            self.emit(ast.AnnAssign(syntax.store(value.name), spelled(value.type), expression, 1))
        else:
            self.emit(ast.Assign([syntax.store(value.name)], expression))
        return value

    # ---- references

    def ref(self, value: Dyn, method: Method | None = None, hint: str = "") -> ast.expr:
        """How a method names a value; `hint` is the name it should have as a parameter."""
        method = method or self.method
        hint = hint or (method.hints or {}).get(id(value), value.name)
        if value.slot is not None:
            return self._slot_ref(value, method)
        # Three cases. It is computed in this method: its name. In a method that calls this one, directly or through
        # others: a parameter, which each method on the way passes on. In a method that is finished: a result of that,
        # for which the caller has a name. Python objects carry values anywhere, so that only the reference tells.
        if value.home is method:
            self._check_scope(value, method)
            return syntax.load(value.name)
        if any(value.home is above for above in method.ancestors()):
            self._check_scope(value, value.home)
            if id(value) not in method.parameters:
                method.parameters[id(value)] = (value, method.fresh(hint))
            return syntax.load(method.parameters[id(value)][1])
        return self.ref(self._result(value), method, hint)

    def splice(self, block: list[ast.stmt]) -> None:
        """Continue the current block with a finished one; its values are defined here from now on."""
        self.adopt(block)
        self.method.blocks[-1].extend(block)

    def adopt(self, block: list[ast.stmt]) -> None:
        """The values of a finished block are visible where this one goes on."""
        self._adopted[id(block)] = (block, self.method.blocks[-1])

    def _block_of(self, value: Dyn) -> list[ast.stmt]:
        block = value.block
        while id(block) in self._adopted:
            block = self._adopted[id(block)][1]
        return block

    @contextmanager
    def reopened(self, block: list[ast.stmt]) -> Iterator[None]:
        """Append to a block that was closed."""
        self.method.blocks.append(block)
        try:
            yield
        finally:
            self.method.blocks.pop()

    def _check_scope(self, value: Dyn, method: Method) -> None:
        # blocks are compared by identity: two may hold equal statements
        if not method.is_finished and not any(block is self._block_of(value) for block in method.blocks):
            raise RefusedError("value-left-its-branch", f"`{value.name}` is used outside the branch that computes it")

    def _result(self, value: Dyn) -> Dyn:
        """A value of a finished method, as its caller gets it."""
        home = value.home
        if home.caller is None or self._block_of(value) is not home.body:
            raise RefusedError("value-left-its-branch", f"`{value.name}` is used outside the method that computes it")
        if id(value) not in home.results:
            caller = home.caller
            got = Dyn(value.type, value.example, caller.fresh(value.name), caller, home.call_block)
            got.example_if_given = value.example_if_given
            home.results[id(value)] = (value, got)
        return home.results[id(value)][1]

    def _slot_ref(self, value: Dyn, method: Method) -> ast.expr:
        module, name = value.slot or (self.root, "")
        for above in method.ancestors():
            path = self.path(module, above)
            if path is None:
                continue
            expression = syntax.attribute(path, name)
            if _may_be_none(module, name):  # here it is a tensor, or the evaluation would have found None
                expression = syntax.call("torch.jit._unwrap_optional", [expression])
            if above is method:
                return expression
            held = Dyn(value.type, value.example, above.fresh(name), above, above.blocks[-1])
            above.blocks[-1].append(self.place.mark(ast.Assign([syntax.store(held.name)], expression)))
            return self.ref(held, method)
        raise RefusedError("module-out-of-reach", f"`{name}` belongs to a module outside the one that is compiled")

    def path(self, module: nn.Module, method: Method | None = None) -> ast.expr | None:
        """`self.a.b`: how a method names a module below its own; None where it cannot."""
        method = method or self.method
        for base in self._paths.get(id(method.module), []):
            for path in self._paths.get(id(module), []):
                if path == base or not base or path.startswith(f"{base}."):
                    expression: ast.expr = syntax.load("self")
                    for name in filter(None, path[len(base) :].split(".")):
                        expression = syntax.attribute(expression, name)
                    return expression
        return None

    def spoken_path(self, module: nn.Module) -> str:
        """The path of a module as its user writes it."""
        return next(iter(self._paths.get(id(module), [])), "") or type(module).__name__

    # ---- tensors of the user

    def slot(self, module: nn.Module, name: str, example: Any) -> Dyn:
        """An attribute that stays a run-time value: a parameter, a buffer, `training`."""
        value = Dyn(type_of(example), example, name, self.method, self.method.body)
        value.slot = (module, name)
        return value

    def tensor(self, tensor: torch.Tensor, module: nn.Module | None = None, name: str = "") -> Dyn:
        """A tensor the user's objects hold. One that was computed before must not become a constant."""
        known = self._slots.get(id(tensor))
        if known is not None and module is None:
            return known[1]
        if module is None:
            if tensor.grad_fn is not None:
                raise RefusedError(
                    "computed-tensor-frozen", "a tensor computed before the call would become a constant"
                )
            module, name = self.root, f"_constant_{len(self.constants)}"
            self.constants[name] = tensor
        # the example is a copy: operations in place run on examples, and this is the user's own tensor
        example = known[1].example if known is not None else OwnTensors().of(tensor).detach()
        value = self.slot(module, name, example)
        self._slots[id(tensor)] = (tensor, value)
        return value

    def was_read(self, tensor: torch.Tensor) -> bool:
        """Whether code refers to a tensor by its place."""
        return id(tensor) in self._slots

    def forget(self, tensor: torch.Tensor) -> None:
        """A buffer is about to be written: whoever reads it from now on gets something else."""
        self._slots.pop(id(tensor), None)

    # ---- literals

    def typed(self, value: Value) -> tuple[t.Type, ast.expr]:
        """A value as an item of a list: a tuple stays one."""
        if isinstance(value, Dyn):
            return value.type, self.expression(value)
        if type(value) is tuple and value:
            parts = [self.typed(item) for item in value]
            return t.Tuple([part for part, _ in parts]), ast.Tuple([part for _, part in parts], ast.Load())
        return type_of(value), self.expression(value)

    def argument(self, value: Value) -> ast.expr:
        """A value as an argument of a module: a tuple of tensors stays one, one of numbers is a list."""
        if type(value) is tuple and any(isinstance(item, (torch.Tensor, tuple)) or _is_tensor(item) for item in value):
            return ast.Tuple([self.argument(item) for item in value], ast.Load())
        return self.expression(value)

    def list_of(self, items: list[Value]) -> Dyn:
        """A list of the residual program with these items, which have one type."""
        parts = [self.typed(item) for item in items]
        if len({type_ for type_, _ in parts}) != 1:
            raise RefusedError("list-of-different-types", "a list holds values of different types, or none")
        examples = [_example_of(item) for item in items]
        return self.bind(ast.List([part for _, part in parts], ast.Load()), examples, "items", t.List(parts[0][0]))

    def expression(self, value: Value) -> ast.expr:
        """Any value as an expression: a name, or a literal."""
        if isinstance(value, Dyn):
            if value.is_int_or_float:
                raise RefusedError(
                    "branch-values-differ", f"`{value.name}` is an int in one branch, a float in another"
                )
            return self.ref(value)
        if isinstance(value, torch.Tensor):
            return self.ref(self.tensor(value))
        if type(value) in (list, tuple, Sizes, Parts) or isinstance(value, torch.Size):
            return ast.List([self.expression(item) for item in value], ast.Load())
        literal = syntax.literal(value)
        if literal is None:
            raise RefusedError(
                "type-without-counterpart", f"a `{type(value).__name__}` has no counterpart in TorchScript"
            )
        return literal


def _may_be_none(module: nn.Module, name: str) -> bool:
    """Whether a module of torch declares an attribute as one that may be None: the compiler believes it."""
    declared = [str(vars(base).get("__annotations__", {}).get(name, "")) for base in type(module).__mro__]
    return any("Optional[" in text or "None" in text for text in declared)


def _is_tensor(value: Value) -> bool:
    return isinstance(value, Dyn) and value.is_tensor


def _example_of(value: Value) -> Any:
    if type(value) is tuple:
        return tuple(_example_of(item) for item in value)
    return value.example if isinstance(value, Dyn) else value
