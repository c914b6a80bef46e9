"""Random small programs in the language that lowering keeps: branches, loops, early returns, lists, aliases."""

from __future__ import annotations

import random

HEAD = """import torch
from torch import nn


class Model(nn.Module):
    limit = 2

    def forward(self, x, y):
"""


class Program:
    """Writes the body of a `forward(self, x, y)`; every variable that is read has a value on every path."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.tensors = ["x", "y"]
        self.count = 0

    def text(self) -> str:
        self.write(2, "n = x.shape[0]", "xs = [x]", "d = {'a': y}")
        self.block(2, self.random.randint(2, 5), in_loop=False)
        self.write(2, "return x, y, n, len(xs), xs[0], xs[-1], d['a']")
        return HEAD + "\n".join(self.lines) + "\n"

    def write(self, depth: int, *lines: str) -> None:
        self.lines += ["    " * depth + line for line in lines]

    def one_of(self, *choices: str) -> str:
        return self.random.choice(choices)

    def new(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def tensor(self) -> str:
        a, b = self.one_of(*self.tensors), self.one_of(*self.tensors)
        plain = (f"{a} + {b}", f"{a} * 2", f"torch.relu({a})", f"{a} - n", "xs[-1]", "d['a']", f"{a} if n > 2 else {b}")
        return self.one_of(*plain)

    def condition(self) -> str:
        a = self.one_of(*self.tensors)
        return self.one_of(
            f"{a}.sum() > 0",
            f"n > {self.random.randint(0, 5)}",
            "self.training",
            f"{a}.max() > 1 and n > 1",
            f"not {a}.mean() < 0",
            f"len(xs) > {self.random.randint(1, 3)}",
            "self.limit > 1",
            f"{a}.min() < -1 or n == 2",
        )

    def block(self, depth: int, length: int, *, in_loop: bool) -> None:
        for _ in range(length):
            self.statement(depth, in_loop=in_loop)

    def statement(self, depth: int, *, in_loop: bool) -> None:
        kinds = ["assign", "assign", "number", "append", "in_place", "item", "alias", "new", "count", "list", "held"]
        if depth < 5:
            kinds += ["if", "if", "if_else", "for", "dynamic_for", "while", "helper", "zip"]
        kinds += ["break_if", "continue_if", "return_if"] if in_loop else ["return_if"]
        getattr(self, f"_{self.random.choice(kinds)}")(depth)

    def _assign(self, depth: int) -> None:
        self.write(depth, f"{self.one_of('x', 'y')} = {self.tensor()}")

    def _new(self, depth: int) -> None:
        name = self.new()
        self.write(depth, f"{name} = {self.tensor()}")
        if depth == 2:
            self.tensors.append(name)

    def _number(self, depth: int) -> None:
        self.write(depth, self.one_of("n = n + 1", "n += 2", "n = n * 2 - 1", "n = min(n, 7)", "n = -n"))

    def _append(self, depth: int) -> None:
        self.write(depth, f"xs.append({self.tensor()})")

    def _count(self, depth: int) -> None:
        """Comprehensions and reductions over what has a length of the run."""
        rows = self.one_of("x", "y", "xs", "range(x.shape[0])", "zip(x, y)", "enumerate(y)")
        name = "_, row" if rows.startswith(("zip", "enumerate")) else "row"
        measure = "row" if rows.startswith("range") else "row.sum()"
        chosen = self.one_of(f"1 for {name} in {rows} if {measure} > 0", f"i * 2 for {name} in {rows} for i in (1, 2)")
        self.write(depth, f"n = n + {self.one_of('len', 'sum')}([{chosen}])")

    def _list(self, depth: int) -> None:
        new = self.tensor()
        self.write(
            depth,
            self.one_of(
                f"xs.extend([{new}, y])",
                "xs = xs[::-1]",
                f"xs = [*xs, {new}]",
                "xs = [v * 2 for v in xs]",
                "xs = (xs * 2)[:9]",
                "xs = [x, *[row for row in y if row.mean() > 0]]",
                "xs = list(x) + [y]",
                "n = max(n, len(xs))",
            ),
        )

    def _held(self, depth: int) -> None:
        """Lists changed by another name, in a dictionary, by a function, at the front."""
        new = self.tensor()
        name = self.new()
        self.write(
            depth,
            *self.random.choice(
                [
                    [
                        f"{name} = {{'xs': xs, 'n': [n]}}",
                        "for row in y:",
                        f"    {name}['n'].append(n)",
                        f"n = len({name}['n'])",
                    ],
                    [
                        f"{name} = ([{new}], xs)",
                        "for row in y:",
                        f"    {name}[0].append(row)",
                        f"n = n + len({name}[0])",
                    ],
                    [f"{name} = xs.append", "for row in y:", f"    {name}(y)"],
                    [f"def {name}(a):", "    xs.append(a)", "for row in y:", f"    {name}(row)"],
                    [
                        f"{name} = xs",
                        "for row in y:",
                        f"    {name}.insert(0, row)",
                        "    if len(xs) > 6:",
                        "        break",
                    ],
                    [f"{name} = xs", "for row in y:", f"    {name} = {name} + [row]", f"n = n + len({name})"],
                    [
                        f"{name} = [n]",
                        "for row in y:",
                        "    if row.sum() > 0:",
                        f"        {name} += [n]",
                        f"n = len({name})",
                    ],
                    [
                        f"{name} = [{new}]",
                        "while n < 4:",
                        "    n += 1",
                        f"    {name}.extend([x, y])",
                        f"x = {name}.pop(0)",
                    ],
                ]
            ),
        )

    def _zip(self, depth: int) -> None:
        over = self.one_of("a, b in zip(x, y)", "i, (a, b) in enumerate(zip(y, xs))", "a, b in zip(x, range(n))")
        self.write(depth, f"for {over}:")
        if "xs" in over:  # the body may append to what it walks
            self.write(depth + 1, "if i > 4:", "    break")
        self.write(depth + 1, self.one_of("x = x + a * b", "xs.append(a * b)", "y = y - b"))
        self.block(depth + 1, 1, in_loop=True)

    def _in_place(self, depth: int) -> None:
        self.write(depth, self.one_of("x = x.clone()", "y = x", "x += 1", "y *= 2", "y.add_(1)", "x[0] = 0.5"))

    def _item(self, depth: int) -> None:
        new = self.tensor()
        self.write(depth, self.one_of(f"xs[0] = {new}", f"d['a'] = {new}", "xs = xs + [y]", "xs += [x]"))

    def _alias(self, depth: int) -> None:
        name = self.new()
        self.write(depth, f"{name} = xs", f"{name}.append(y)")
        self.write(depth, self.one_of("xs = [y]", "pass", f"xs = [x] + {name}", "d = {'a': x}"))

    def _if(self, depth: int) -> None:
        self.write(depth, f"if {self.condition()}:")
        self.block(depth + 1, self.random.randint(1, 2), in_loop=False)

    def _if_else(self, depth: int) -> None:
        self._if(depth)
        self.write(depth, "else:")
        self.block(depth + 1, self.random.randint(1, 2), in_loop=False)

    def _for(self, depth: int) -> None:
        self.write(depth, f"for i in range({self.random.randint(1, 3)}):")
        self.block(depth + 1, self.random.randint(1, 2), in_loop=True)

    def _dynamic_for(self, depth: int) -> None:
        over = self.one_of("for i in range(x.shape[0]):", "for row in x:", "for i, v in enumerate(xs):")
        self.write(depth, over)
        if over.endswith("(xs):"):  # the body may append to what it walks
            self.write(depth + 1, "if i > 4:", "    break")
        self.block(depth + 1, self.random.randint(1, 2), in_loop=True)
        self._maybe_else(depth)

    def _maybe_else(self, depth: int) -> None:
        if self.random.random() < 0.2:
            self.write(depth, "else:", f"    {self.one_of('x = x + 1', 'n = n - 1', 'return y, x, n, 1, y, y, x')}")

    def _while(self, depth: int) -> None:
        name = self.new()
        start = self.one_of("0", "x.shape[0] - 2")
        self.write(depth, f"{name} = {start}", f"while {name} < 3:", f"    {name} += 1")
        self.block(depth + 1, 1, in_loop=True)
        self._maybe_else(depth)

    def _helper(self, depth: int) -> None:
        name = self.new()
        self.write(depth, f"def {name}(a, into=xs):", f"    if {self.condition()}:")
        self.write(depth + 2, "into.append(a)", "return a")
        self.write(depth, "    return a * 3", f"x = {name}({self.tensor()})")

    def _return_if(self, depth: int) -> None:
        values = self.one_of("x, y, n, len(xs), y, xs[0], xs[-1]", "y, x, n, 0, x, x, x", "y, y, n, 1, x, xs[0], x")
        self.write(depth, f"if {self.condition()}:", f"    return {values}")

    def _break_if(self, depth: int) -> None:
        self.write(depth, f"if {self.condition()}:", "    break")

    def _continue_if(self, depth: int) -> None:
        self.write(depth, f"if {self.condition()}:", "    continue")
