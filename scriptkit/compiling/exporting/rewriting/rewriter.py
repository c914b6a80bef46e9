"""Statements of a lowered program: its branches and loops become functions and calls of `control_flow`."""

from __future__ import annotations

import ast
import copy
from typing import TYPE_CHECKING

from scriptkit.compiling.exporting.rewriting.expressions import Expressions
from scriptkit.compiling.exporting.rewriting.fronts import filled_at_the_end
from scriptkit.compiling.exporting.rewriting.jumps import without_jumps
from scriptkit.compiling.exporting.rewriting.lists_read import with_lists_readable
from scriptkit.compiling.exporting.rewriting.side_by_side import counted
from scriptkit.compiling.exporting.rewriting.syntax import (
    appended_to,
    appends,
    assign,
    flow,
    function,
    leaves,
    load,
    loaded,
    loads,
    store,
    stored,
    stores,
)
from scriptkit.compiling.exporting.rewriting.windows import with_windows
from scriptkit.compiling.exporting.rewriting.writes import Aliases, with_writes_behind
from scriptkit.language import types as t

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

_KINDS: dict[t.Type, str] = {t.TENSOR: "t", t.INT: "i", t.FLOAT: "f", t.BOOL: "b"}
_NUMBERS = frozenset("ifb")
_RAISED = "the program raises here"


def rewritten(method: ast.FunctionDef, types: Mapping[str, t.Type], *, numbers: bool) -> ast.FunctionDef:
    """A method of a lowered program as torch.export follows it.

    With `numbers`, whole numbers that a loop carries are numbers within it, too, otherwise tensors.
    """
    return _Rewriter(types, numbers=numbers).method(copy.deepcopy(method))


class _Rewriter:
    def __init__(self, types: Mapping[str, t.Type], *, numbers: bool) -> None:
        self.numbers = numbers
        self.types = types
        self.kinds = {name: _KINDS.get(type_, "?") for name, type_ in types.items()}
        self.count = 0
        self.aliases = Aliases()

    def method(self, definition: ast.FunctionDef) -> ast.FunctionDef:
        names = [argument.arg for argument in definition.args.args]
        definition.body = with_windows(filled_at_the_end(definition.body))
        self.aliases = Aliases.of(definition.body)
        definition.body = self.block(definition.body, set(names), set())
        for argument in definition.args.args:
            argument.annotation = None
        made: ast.FunctionDef = Expressions(self.kinds, numbers=self.numbers).visit(definition)
        return _placed(made)

    def fresh(self, hint: str, kind: str = "?") -> str:
        self.count += 1
        name = f"_{hint}_{self.count}"
        self.kinds[name] = kind
        return name

    def letters(self, names: Sequence[str], *, loop: bool = False) -> ast.Constant:
        kinds = "".join(self.kinds.get(name, "?") for name in names)
        return ast.Constant(kinds.replace("i", "I").replace("f", "F") if loop and not self.numbers else kinds)

    def block(self, statements: Sequence[ast.stmt], known: AbstractSet[str], later: AbstractSet[str]) -> list[ast.stmt]:
        """Statements rewritten; `known` are the names before them, `later` those read after them."""
        made: list[ast.stmt] = []
        names = set(known)
        for statement, rest in zip(statements, _read_behind(statements, later), strict=True):
            new = self.statement(statement, names, rest)
            made += [_like(one, statement) for one in new]
            names |= stored([statement])
        return made

    def statement(self, statement: ast.stmt, known: set[str], rest: set[str]) -> list[ast.stmt]:
        if not isinstance(statement, (ast.If, ast.For, ast.While)):
            return self._statement(statement, known, rest)
        rows = with_lists_readable(statement, known, self.types, self.fresh)
        known = known | stored(rows)
        moved = with_writes_behind(statement, known, self.kinds, self.aliases, self.fresh)
        if moved is None:
            return [*rows, *self._statement(statement, known, rest)]
        inner = self._statement(moved.statement, known | moved.names, rest | moved.names)
        return [*rows, *moved.before, *inner, *moved.after]

    def _statement(self, statement: ast.stmt, known: set[str], rest: set[str]) -> list[ast.stmt]:
        match statement:
            case ast.If():
                return self.branch(statement, known, rest)
            case ast.For(target=ast.Name() as target) if self._can_loop(statement.body):
                match statement.iter:
                    case ast.Call(func=ast.Name(id="range"), args=[first, last, *more]) if _step(more):
                        before, shifted = self._from_zero(target, (first, last, _step(more)), statement.body)
                        return [*before, *self.for_each(shifted, known | stored(before), rest)]
                return self.for_each(statement, known, rest)
            case ast.For() if self._can_loop(statement.body) and (made := counted(statement, self.fresh)):
                before, loop = made
                return [*before, *self.for_each(loop, known | stored(before), rest)]
            case ast.While() if not appends(statement.body):
                return self.repeated(statement, known, rest)
            case ast.While() if self._can_grow(statement.body, known):
                return self.grown(statement, known, rest)
            case ast.With():
                statement.body = self.block(statement.body, known, rest)
            case ast.Assert(test=test, msg=message):
                said = message if isinstance(message, ast.Constant) else ast.Constant(_RAISED)
                return [ast.Expr(flow("refuse_if", ast.UnaryOp(ast.Not(), test), said))]
            case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
                return [ast.Assign([target], value)]
        return [statement]

    # ---- branches

    def branch(self, statement: ast.If, known: set[str], rest: set[str]) -> list[ast.stmt]:
        """`if`: an arm that only raises becomes a check, others become functions of what they assign."""
        for arm, other, is_turned in (
            (statement.body, statement.orelse, False),
            (statement.orelse, statement.body, True),
        ):
            if arm and isinstance(arm[-1], ast.Raise) and not leaves(arm[:-1]):
                test = ast.UnaryOp(ast.Not(), statement.test) if is_turned else statement.test
                check = ast.Expr(flow("refuse_if", test, _message(arm[-1])))
                return [check, *self.block(other, known, rest)]
        arms = [*statement.body, *statement.orelse]
        if leaves(arms) or any(name in known for name in appends(arms)):
            return [self._kept(statement, known, rest)]
        outs = sorted(((stored(statement.body) & stored(statement.orelse)) | (stored(arms) & known)) & rest)
        (yes, taken), (no, untaken) = (self._arm(arm, outs, known) for arm in (statement.body, statement.orelse))
        call = flow("cond", statement.test, taken, untaken, self.letters(outs))
        return [yes, no, ast.Assign([stores(outs)], call)]

    def _kept(self, statement: ast.If, known: set[str], rest: set[str]) -> ast.If:
        """A branch that has to be known while the program is exported."""
        body = self.block(statement.body, known, rest)
        return ast.If(statement.test, body or [ast.Pass()], self.block(statement.orelse, known, rest))

    def _arm(self, block: Sequence[ast.stmt], outs: list[str], known: set[str]) -> tuple[ast.FunctionDef, ast.expr]:
        """What the arm assigns is its own; a name from outside that it assigns comes in as a default."""
        name = self.fresh("arm")
        made, called = self._function(name, [], self.block(block, known, set(outs)), loads(outs), known)
        given = [argument.arg for argument in made.args.args]
        own = sorted((stored(block) & known) - set(given))
        made.args.args += [ast.arg(one) for one in own]
        made.args.defaults = [load(one) for one in own]
        return made, called

    def _function(
        self, name: str, parameters: Sequence[str], body: Sequence[ast.stmt], result: ast.expr, known: AbstractSet[str]
    ) -> tuple[ast.FunctionDef, ast.expr]:
        """A function within the method, and what is called: numbers from outside are given to it.

        Torch follows a function into an operator with the tensors that it sees, and not with numbers of the run.
        """
        seen = loaded([*body, result]) & known - set(parameters)
        numbers = sorted(one for one in seen if self.kinds.get(one, "?") in _NUMBERS)
        made = function(name, [*parameters, *numbers], body, result)
        if not numbers:
            return made, load(name)
        return made, flow("with_numbers", load(name), loads(numbers), self.letters(numbers, loop=True))

    # ---- loops

    @staticmethod
    def _can_loop(body: Sequence[ast.stmt]) -> bool:
        """Whether a loop appends at most once to each list, in every round."""
        every = appends(body)
        top = [appended_to(one.value) for one in body if isinstance(one, ast.Expr) and appended_to(one.value)]
        return len(top) == len(every) and not (every and leaves(body))

    def _from_zero(
        self, target: ast.Name, bounds: tuple[ast.expr, ast.expr, int], body: Sequence[ast.stmt]
    ) -> tuple[list[ast.stmt], ast.For]:
        """`for i in range(*bounds)` as a loop that counts from zero: how often may be known to a run only."""
        first, last, step = bounds
        start, index = self.fresh("first", "i"), self.fresh("index", "i")
        count = ast.Call(load("range"), [flow("rounds", load(start), last, ast.Constant(step))], [])
        further = load(index) if step == 1 else ast.BinOp(load(index), ast.Mult(), ast.Constant(step))
        moved = assign(target.id, ast.BinOp(load(start), ast.Add(), further))
        return [assign(start, first)], ast.For(store(index), count, [moved, *body], [])

    def for_each(self, statement: ast.For, known: set[str], rest: set[str]) -> list[ast.stmt]:
        """`for`: one call of `each`, or a `while` where it has jumps."""
        assert isinstance(statement.target, ast.Name)  # noqa: S101 - asked by the caller
        target, source = statement.target.id, _rounds(statement.iter)
        if leaves(statement.body):
            return self._counted(target, statement, known, rest)
        lists = [name for name in appends(statement.body) if name in known]
        if len(lists) != len(appends(statement.body)):
            return [statement]
        items = {name: self.fresh("item") for name in lists}
        body = [_without_append(one, items) for one in statement.body]
        carried = sorted((stored(body) & known) - {target})
        name = self.fresh("body")
        inner = self.block(body, known | {target}, rest | set(carried) | set(items.values()))
        result = ast.Tuple([loads(carried), loads(items[one] for one in lists)], ast.Load())
        made, called = self._function(name, [target, *carried], inner, result, known)
        call = flow(
            "each",
            source,
            called,
            loads(carried),
            self.letters(carried, loop=True),
            ast.List([load(one) for one in lists], ast.Load()),
        )
        given = ast.Tuple([stores(carried), stores(lists)], ast.Store())
        return [made, ast.Assign([given], call)]

    def _counted(self, target: str, statement: ast.For, known: set[str], rest: set[str]) -> list[ast.stmt]:
        """A `for` with jumps, as a `while` that counts."""
        go, index, last = self.fresh("go", "b"), self.fresh("index", "i"), self.fresh("last", "i")
        source = self.fresh("source")
        is_range = _is_range(statement.iter)
        item: ast.expr = load(index) if is_range else flow("item_of", load(source), load(index))
        before = [
            assign(source, _rounds(statement.iter)),
            assign(last, load(source) if is_range else flow("length", load(source))),
            assign(go, ast.Constant(value=True)),
            assign(index, ast.Constant(0)),
        ]
        body = [
            assign(target, item),
            *without_jumps(statement.body, go),
            assign(index, ast.BinOp(load(index), ast.Add(), ast.Constant(1))),
        ]
        test = ast.BoolOp(ast.And(), [load(go), ast.Compare(load(index), [ast.Lt()], [load(last)])])
        return [*before, *self._loop(test, body, known | {go, index, last, source}, rest)]

    def repeated(self, statement: ast.While, known: set[str], rest: set[str]) -> list[ast.stmt]:
        """`while True: head; if done: break; tail` as a test and a body; any other with a flag."""
        place = next((n for n, one in enumerate(statement.body) if _is_exit(one)), None)
        before, after = statement.body[:place], statement.body[place + 1 :] if place is not None else []
        if place is None or leaves(before) or leaves(after):
            go = self.fresh("go", "b")
            body = without_jumps(statement.body, go)
            return [assign(go, ast.Constant(value=True)), *self._loop(load(go), body, known | {go}, rest)]
        exit_ = statement.body[place]
        assert isinstance(exit_, ast.If)  # noqa: S101 - as it was found
        carried = sorted(stored(statement.body) & known)
        test, body_name = self.fresh("test"), self.fresh("body")
        head = self.block(copy.deepcopy(before), known, loaded([exit_]))
        whole = self.block([*before, *after], known, rest | set(carried))
        stays = ast.UnaryOp(ast.Not(), copy.deepcopy(exit_.test))
        asks, asked = self._function(test, carried, head, stays, known)
        does, done = self._function(body_name, carried, whole, loads(carried), known)
        return [asks, does, self._looped(asked, done, carried)]

    def _can_grow(self, body: Sequence[ast.stmt], known: set[str]) -> bool:
        """Whether a `while` has one exit, before all it appends, and appends once to each list in every round."""
        place = next((number for number, one in enumerate(body) if _is_exit(one)), None)
        if place is None or leaves(body[:place]) or leaves(body[place + 1 :]) or appends(body[:place]):
            return False
        return self._can_loop(body[place + 1 :]) and set(appends(body)) <= known

    def grown(self, statement: ast.While, known: set[str], rest: set[str]) -> list[ast.stmt]:
        """`while` that appends: a test and a body that are told of the lists."""
        place = next(number for number, one in enumerate(statement.body) if _is_exit(one))
        exit_ = statement.body[place]
        assert isinstance(exit_, ast.If)  # noqa: S101 - as it was found
        lists = appends(statement.body)
        items = {name: self.fresh("item") for name in lists}
        before = statement.body[:place]
        whole = [_without_append(one, items) for one in (*before, *statement.body[place + 1 :])]
        carried = sorted(stored(whole) & known)
        test, body = self.fresh("test"), self.fresh("body")
        head = self.block(copy.deepcopy(before), known, loaded([exit_]))
        inner = self.block(whole, known, rest | set(carried) | set(items.values()))
        result = ast.Tuple([loads(carried), loads(items[one] for one in lists)], ast.Load())
        given = ast.Tuple([stores(carried), stores(lists)], ast.Store())
        kinds = self.letters(carried, loop=True)
        names: list[ast.expr] = [load(one) for one in lists]
        stays = ast.UnaryOp(ast.Not(), copy.deepcopy(exit_.test))
        asks, asked = self._function(test, [*carried, *lists], head, stays, known)
        does, done = self._function(body, [*carried, *lists], inner, result, known)
        call = flow("growing", asked, done, loads(carried), kinds, ast.List(names, ast.Load()))
        return [asks, does, ast.Assign([given], call)]

    def _loop(self, test: ast.expr, body: Sequence[ast.stmt], known: set[str], rest: set[str]) -> list[ast.stmt]:
        carried = sorted(stored(body) & known)
        name, body_name = self.fresh("test"), self.fresh("body")
        inner = self.block(body, known, rest | set(carried) | loaded([test]))
        asks, asked = self._function(name, carried, [], test, known)
        does, done = self._function(body_name, carried, inner, loads(carried), known)
        return [asks, does, self._looped(asked, done, carried)]

    def _looped(self, test: ast.expr, body: ast.expr, carried: list[str]) -> ast.stmt:
        call = flow("loop", test, body, loads(carried), self.letters(carried, loop=True))
        return ast.Assign([stores(carried)], call)


def _read_behind(statements: Sequence[ast.stmt], later: AbstractSet[str]) -> list[set[str]]:
    """For each statement the names that are read after it, in one walk from the end."""
    behind = [set(later)]
    for statement in reversed(statements[1:]):
        behind.append(behind[-1] | loaded([statement]))
    return behind[::-1][: len(statements)]


def _message(raised: ast.stmt) -> ast.expr:
    match raised:
        case ast.Raise(exc=ast.Call(args=[ast.Constant() as said, *_])):
            return said
    return ast.Constant(_RAISED)


def _is_exit(statement: ast.stmt) -> bool:
    match statement:
        case ast.If(body=[ast.Break()], orelse=[]):
            return True
    return False


def _is_range(source: ast.expr) -> bool:
    match source:
        case ast.Call(func=ast.Name(id="range"), args=[_]):
            return True
    return False


def _step(more: Sequence[ast.expr]) -> int:
    """The step of a `range`, as far as it is known; 0 where it is not."""
    match more:
        case []:
            return 1
        case [ast.Constant(value=int() as step)]:
            return step
        case [ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as step))]:
            return -step
    return 0


def _rounds(source: ast.expr) -> ast.expr:
    """What `each` takes: the number of rounds of a `range`, or the list itself."""
    match source:
        case ast.Call(func=ast.Name(id="range"), args=[count]):
            return count
        case ast.Call(func=ast.Name(id="range")):
            return ast.Call(load("list"), [source], [])
    return source


def _without_append(statement: ast.stmt, items: Mapping[str, str]) -> ast.stmt:
    """`xs.append(item)` as an assignment of what is appended."""
    match statement:
        case ast.Expr(value=ast.Call(args=[item]) as call) if appended_to(call) in items:
            return assign(items[appended_to(call)], item)
    return statement


def _like(made: ast.stmt, statement: ast.stmt) -> ast.stmt:
    """A new statement at the line of the one it stands for."""
    for node in ast.walk(made):
        if "lineno" in node._attributes and not hasattr(node, "lineno"):
            ast.copy_location(node, statement)
    return made


def _placed(made: ast.FunctionDef) -> ast.FunctionDef:
    return ast.fix_missing_locations(made)


__all__ = ["rewritten", "store"]
