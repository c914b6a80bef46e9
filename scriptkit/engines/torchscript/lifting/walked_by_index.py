"""Loops over lists that their body makes longer or shorter: Python asks for the length before each round."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from scriptkit.engines.torchscript.lifting.new_code import at

if TYPE_CHECKING:
    from scriptkit.language.walked_lists import Walk


def with_an_index(loop: ast.For, walk: Walk) -> list[ast.stmt]:
    """A loop over a list that grows, as a loop that asks for the length before each round."""
    suffix = f"{loop.lineno}_{loop.col_offset}"
    before: list[ast.stmt] = [at(loop, f"index_{suffix} = 0")]
    texts = []
    every = loop.iter.args if isinstance(loop.iter, ast.Call) else [loop.iter]
    for number, items in enumerate(every):
        texts.append(ast.unparse(items))
        if walk.is_rebound(loop, items):
            texts[-1] = f"walked_{suffix}_{number}"
            before.append(ast.copy_location(ast.Assign([ast.Name(texts[-1], ast.Store())], items), loop))
    tests = " and ".join(f"index_{suffix} < len({text})" for text in texts)
    loop_while: ast.While = at(loop, f"while {tests}: pass")
    taken = [f"index_{suffix}"] if walk.is_enumerated else []
    taken += [f"{text}[index_{suffix}]" for text in texts]
    take: ast.Assign = at(loop, f"item = {', '.join(taken)}{',' * (len(taken) == 1 and bool(walk.zipped))}")
    take.targets = [loop.target]
    loop_while.body = [take, at(loop, f"index_{suffix} += 1"), *loop.body]
    return [*before, loop_while]
