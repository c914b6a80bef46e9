"""Chained comparisons: Python computes what stands in the middle once, the compiler once for each side."""

from __future__ import annotations

import ast


def middle_once(node: ast.Compare) -> ast.expr:
    """The same comparison, with what is called in the middle called once: `[a < m and m < b for m in [f()]][0]`."""
    middle = node.comparators[0]
    if len(node.ops) == 1 or not any(isinstance(part, ast.Call) for part in ast.walk(middle)):
        return node
    name = f"middle_{middle.lineno}_{middle.col_offset}"
    first = ast.Compare(node.left, node.ops[:1], [ast.Name(name, ast.Load())])
    rest = middle_once(
        ast.copy_location(ast.Compare(ast.Name(name, ast.Load()), node.ops[1:], node.comparators[1:]), node)
    )
    both = ast.BoolOp(ast.And(), [first, rest])
    loop = ast.comprehension(ast.Name(name, ast.Store()), ast.List([middle], ast.Load()), [], is_async=0)
    made = ast.Subscript(ast.ListComp(both, [loop]), ast.Constant(0), ast.Load())
    for part in ast.walk(made):
        if "lineno" in part._attributes and not hasattr(part, "lineno"):
            ast.copy_location(part, node)
    return made
