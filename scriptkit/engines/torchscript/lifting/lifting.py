"""A user's function rewritten so that accidents of the compiler's front end no longer matter.

Lifted are: constants of modules and closures, `super()` and `Base.method(self, ...)`, private names (`self.__x`),
gradient-mode decorators, comments that look like type comments. Positions stay those of the user's file, so that every
error points there.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import types
from typing import TYPE_CHECKING, Any, cast

import torch

from scriptkit import log
from scriptkit.engines.torchscript.lifting.annotations import UNRESOLVED
from scriptkit.engines.torchscript.lifting.augmented import in_place
from scriptkit.engines.torchscript.lifting.autocasts import as_today, switches_off
from scriptkit.engines.torchscript.lifting.calls_in_source import (
    dotted_names,
    mark_of,
    module_classes_checked,
    object_named,
)
from scriptkit.engines.torchscript.lifting.chained import middle_once
from scriptkit.engines.torchscript.lifting.comprehension_names import give_names_of_their_own
from scriptkit.engines.torchscript.lifting.decorators import Decoration, read_decorators
from scriptkit.engines.torchscript.lifting.dependencies import TORCH_NAME, Dependencies, FunctionState, literal
from scriptkit.engines.torchscript.lifting.function_source import FunctionSource, closure_of, function_source, mangled
from scriptkit.engines.torchscript.lifting.given_back import ONE_OF_TWO, tie_what_may_be_given_back
from scriptkit.engines.torchscript.lifting.handed_on import hide_what_loops_hand_on
from scriptkit.engines.torchscript.lifting.held_names import hide_what_containers_hold
from scriptkit.engines.torchscript.lifting.new_code import at
from scriptkit.engines.torchscript.lifting.without_a_round import keep_what_loops_leave
from scriptkit.engines.torchscript.torch_names import private
from scriptkit.engines.torchscript.torch_names.copied_functions import compiled_once
from scriptkit.engines.torchscript.torch_names.returned_inputs import one_of_two
from scriptkit.language.walking import names_bound_in
from scriptkit.live.type_aliases import is_alias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FunctionType

_SIGNATURE_COMMENT = "# type: ("
_PADDING = "\n" * 10 + "#" * 200  # torch looks for the name of an attribute behind the old code that new code replaced


class LiftedFunction(private.ParsedDef):  # type: ignore[misc]
    """A parsed definition that passes for a function wherever the compiler looks names up."""

    original: FunctionType
    function_source: FunctionSource
    parents_called: dict[str, tuple[type, str]]
    decoration: Decoration

    def __call__(self, *_: object) -> None:
        """Exist so that the compiler takes this for a method; it is never called."""
        raise NotImplementedError


def lift(
    function: FunctionType,
    dependencies: Dependencies,
    *,
    mro: tuple[type, ...] = (),
    is_compiled_apart: Callable[[object], FunctionType | None] = lambda _: None,
    drop_body: bool = False,
) -> LiftedFunction:
    """Rewrite a function for the compiler.

    `mro` is that of the module's class, for `super()`; `is_compiled_apart` gives the stand-in for a function the engine
    compiles itself; `drop_body` keeps the signature only, so that callers can be checked although this function fails.
    """
    inner = cast("FunctionType", inspect.unwrap(function))
    source = function_source(inner)
    decoration = read_decorators(function, source.tree)
    dependencies.states.append(FunctionState.of(inner))
    rewriter = _Rewriter(inner, mro, dependencies, is_compiled_apart)
    tree = rewriter.rewrite(source.tree, decoration, drop_body=drop_body)
    first_line = source.first_line
    if not drop_body:
        _tell(inner, source, tree)
    context = private.source_context(source.text + _PADDING, source.path, first_line, 0, function.__name__)
    signature = source.text if _has_signature_comment(source) else ""
    lifted = LiftedFunction(ast.Module([tree], []), context, signature, source.path, first_line)
    lifted.__dict__.update(
        _function_face(inner, rewriter.names),
        original=function,
        function_source=source,
        parents_called=rewriter.parents_called,
        decoration=decoration,
    )
    return lifted


def _tell(function: FunctionType, source: FunctionSource, tree: ast.FunctionDef) -> None:
    if log.is_heard(log.lifted):
        place = f"{source.path}:{source.first_line}"
        log.lifted.debug("`%s` (%s)%s", function.__qualname__, place, log.block(ast.unparse(tree)))


def _function_face(function: FunctionType, names: dict[str, Any]) -> dict[str, Any]:
    return {
        "__name__": function.__name__,
        "__qualname__": function.__qualname__,
        "__module__": function.__module__,
        "__globals__": {**function.__globals__, **_local_types(function), **closure_of(function), **names},
        "__code__": _no_free_variables.__code__,
        "__closure__": None,
        "__signature__": inspect.signature(function),
    }


def _no_free_variables() -> None: ...


def _local_types(function: FunctionType) -> dict[str, Any]:
    """Classes and aliases named in annotations only: a function does not close over them."""
    return {
        value.__name__: value
        for value in function.__annotations__.values()
        if is_alias(value) or (isinstance(value, type) and value.__module__ != "builtins")
    }


def _has_signature_comment(source: FunctionSource) -> bool:
    """Whether the function is typed by a `# type: (...) -> ...` comment; any other comment is only a comment."""
    return any(line.strip().startswith(_SIGNATURE_COMMENT) for line in source.text.splitlines()[:20])


class _Rewriter(ast.NodeTransformer):
    """Rewrite one function; `names` are the values its new names stand for."""

    def __init__(
        self,
        function: FunctionType,
        mro: tuple[type, ...],
        dependencies: Dependencies,
        is_compiled_apart: Callable[[object], FunctionType | None],
    ) -> None:
        self.function = function
        self.mro = mro
        self.dependencies = dependencies
        self.is_compiled_apart = is_compiled_apart
        self.names: dict[str, Any] = {TORCH_NAME: torch}
        self.parents_called: dict[str, tuple[type, str]] = {}
        self.closure = closure_of(function)
        self.locals: set[str] = set()
        self.is_in_autocast = False
        self.self_name = next(iter(inspect.signature(function).parameters), "")

    def rewrite(self, tree: ast.FunctionDef, decoration: Decoration, *, drop_body: bool) -> ast.FunctionDef:
        tree.decorator_list = []
        give_names_of_their_own(tree)
        self.locals = set(names_bound_in(tree))
        self.is_in_autocast = decoration.is_autocast
        if drop_body:
            tree.body = [at(tree.body[0], f"raise RuntimeError({tree.name!r})")]
            _keep_plain_parameters(tree.args)
            tree.returns = tree.returns or at(tree.body[0], "Tensor")
        else:
            self.dependencies.backwards += self._own_backwards(tree)
            keep_what_loops_leave(tree)
            hide_what_containers_hold(tree)
            if tie_what_may_be_given_back(tree):
                self.names[ONE_OF_TWO] = compiled_once(one_of_two)
            hide_what_loops_hand_on(tree)
            self._visit_body(tree)
        for mode in reversed(decoration.grad_modes):
            block = at(tree.body[0], f"with {TORCH_NAME}.{mode}(): pass")
            assert isinstance(block, ast.With)  # noqa: S101 - it was just written above
            block.body = tree.body
            tree.body = [block]
        return ast.fix_missing_locations(tree)

    def _visit_body(self, tree: ast.FunctionDef) -> None:
        """Visit the statements alone: parameters and annotations stay as they are."""
        visited = (self.visit(statement) for statement in tree.body)
        tree.body = [one for made in visited for one in (made if isinstance(made, list) else [made])]

    def visit_With(self, node: ast.With) -> ast.AST | list[ast.stmt]:
        """Autocast switched off changes nothing, but within autocast that the same function switched on."""
        called = [(item, self._autocast_of(item)) for item in node.items]
        if not self.is_in_autocast:
            node.items = [item for item, cls in called if cls is None or not switches_off(item.context_expr, cls)]
        before = self.is_in_autocast
        self.is_in_autocast |= any(cls is not None and not switches_off(i.context_expr, cls) for i, cls in called)
        self.generic_visit(node)
        self.is_in_autocast = before
        return node if node.items else node.body

    def _autocast_of(self, item: ast.withitem) -> type[torch.autocast] | None:
        """The class of autocast that an item calls."""
        call = item.context_expr
        if item.optional_vars is not None or not isinstance(call, ast.Call):
            return None
        found = object_named(call.func, self.locals, self._look_up)
        return found if isinstance(found, type) and issubclass(found, torch.autocast) else None

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """`a < f() < b`: the compiler calls `f` twice."""
        self.generic_visit(node)
        return middle_once(node) if len(node.ops) > 1 else node

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        self.generic_visit(node)
        return in_place(node, TORCH_NAME)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        node.target = self.visit(node.target)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if not isinstance(node.ctx, ast.Load) or node.id in self.locals:
            return node
        value = self._look_up(node.id)
        stand_in = self.is_compiled_apart(value)
        if stand_in is not None:
            self._depend_on(node.id, value)
            self.dependencies.functions.append(stand_in)
            self.names[node.id] = stand_in
            return node
        return self._constant(node, node.id, value)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        node.attr = mangled(node.attr, self.function)
        path = dotted_names(node)
        if path is None or path[0] in self.locals:
            return self.generic_visit(node)
        owner = self._look_up(path[0])
        for name in path[1:-1]:
            owner = vars(owner).get(name) if isinstance(owner, types.ModuleType) else None
        if not isinstance(owner, types.ModuleType) or owner.__name__.split(".")[0] in ("torch", "math"):
            return node
        return self._member(node, owner, path[-1])

    def _member(self, node: ast.Attribute, owner: types.ModuleType, name: str) -> ast.AST:
        """`module.name`: a constant, a function compiled apart, or what torch makes of it."""
        value = vars(owner).get(name)
        stand_in = self.is_compiled_apart(value)
        if stand_in is not None:
            self.dependencies.globals.append((vars(owner), name, value))
            self.dependencies.functions.append(stand_in)
            alias = f"_{owner.__name__.replace('.', '_')}_{name}"
            self.names[alias] = stand_in
            return ast.copy_location(ast.Name(alias, ast.Load()), node)
        if (text := literal(value)) is None:
            return node
        self.dependencies.globals.append((vars(owner), name, value))
        log.facts.debug("`%s`: `%s.%s` is %s", self.function.__qualname__, owner.__name__, name, text)
        new: ast.AST = at(node, text)
        return new

    def visit_Call(self, node: ast.Call) -> ast.AST:
        checked = module_classes_checked(node, self.locals, self._look_up)
        if checked:
            return self._membership_test(node, checked)
        autocast = as_today(node, object_named(node.func, self.locals, self._look_up), TORCH_NAME)
        if autocast is not None:
            return self.generic_visit(cast("ast.Call", at(node, autocast)))
        match node.func:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=args), attr=name) if self.mro:
                return self._parent_call(node, self._class_of_super(args), name, node.args)
            case ast.Attribute(value=text, attr="rsplit") if not (node.args or node.keywords):
                return self.generic_visit(cast("ast.Call", at(node, f"({ast.unparse(text)}).split()")))
            case ast.Attribute(value=base, attr=name) if (cls := self._base_called(base, node)) is not None:
                return self._parent_call(node, cls, name, node.args[1:], include=True)
            case _:
                return self.generic_visit(node)

    def _membership_test(self, node: ast.Call, checked: list[type]) -> ast.AST:
        """`isinstance(module, Class)`: torch compares the names of compiled types, and no subclass is ever equal."""
        subject = ast.unparse(self.visit(node.args[0]))
        return cast("ast.AST", at(node, " or ".join(f"hasattr({subject}, {mark_of(cls)!r})" for cls in checked)))

    def _parent_call(
        self,
        node: ast.Call,
        cls: type | None,
        name: str,
        arguments: list[ast.expr],
        *,
        include: bool = False,
    ) -> ast.AST:
        """`super().name(...)` becomes a call of a method of its own that holds the parent's code."""
        name = mangled(name, self.function)
        owner = _next_with(self.mro, cls, name, include=include) if cls is not None else None
        if owner is None:
            return self.generic_visit(node)
        own_name = f"_{owner.__name__}_{name}".replace("__", "_")
        self.parents_called[own_name] = (owner, name)
        function = at(node.func, f"{self.self_name}.{own_name}")
        assert isinstance(function, ast.Attribute)  # noqa: S101 - it was just written above
        call = ast.Call(function, [self.visit(a) for a in arguments], [self.visit(k) for k in node.keywords])
        return ast.copy_location(call, node)

    def _class_of_super(self, arguments: list[ast.expr]) -> type | None:
        if not arguments:
            value = self.closure.get("__class__")
        else:
            value = self._look_up(arguments[0].id) if isinstance(arguments[0], ast.Name) else None
        return value if isinstance(value, type) else None

    def _base_called(self, base: ast.expr, call: ast.Call) -> type | None:
        """The base class of `Base.method(self, ...)` or `package.Base.method(self, ...)`."""
        match call.args:
            case [ast.Name(id=first), *_] if first == self.self_name:
                value = object_named(base, self.locals, self._look_up)
                return value if isinstance(value, type) and value in self.mro else None
            case _:
                return None

    def _own_backwards(self, tree: ast.FunctionDef) -> Iterator[str]:
        """The functions with a backward of their own that are called, also where compiled code never comes."""
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(value=function, attr="apply")):
                    value: object = self
                    for name in dotted_names(function) or ():
                        value = self._look_up(name) if value is self else getattr(value, name, UNRESOLVED)
                    if isinstance(value, type) and issubclass(value, torch.autograd.Function):
                        yield value.__name__
                case _:
                    pass

    def _look_up(self, name: str) -> object:
        if name in self.closure:
            return self.closure[name]
        return self.function.__globals__.get(name, UNRESOLVED)

    def _constant(self, node: ast.expr, name: str, value: object) -> ast.AST:
        text = literal(value)
        if text is None or hasattr(builtins, name):
            return node
        self._depend_on(name, value)
        log.facts.debug("`%s`: `%s` is %s", self.function.__qualname__, name, text)
        new: ast.AST = at(node, text)
        return new

    def _depend_on(self, name: str, value: object) -> None:
        code = self.function.__code__
        if name in code.co_freevars:
            cell = (self.function.__closure__ or ())[code.co_freevars.index(name)]
            self.dependencies.cells.append((cell, value))
        else:
            self.dependencies.globals.append((self.function.__globals__, name, value))


def _keep_plain_parameters(arguments: ast.arguments) -> None:
    """Drop what the compiler refuses in any signature, so that the callers of a failing function can be checked."""
    arguments.vararg = arguments.kwarg = None
    arguments.kwonlyargs, arguments.kw_defaults = [], []


def _next_with(mro: tuple[type, ...], cls: type, name: str, *, include: bool) -> type | None:
    """The class after `cls` in the MRO (or `cls` itself) whose body holds a Python function `name`."""
    if cls not in mro:
        return None
    start = mro.index(cls) + (0 if include else 1)
    return next((c for c in mro[start:] if isinstance(vars(c).get(name), types.FunctionType)), None)
