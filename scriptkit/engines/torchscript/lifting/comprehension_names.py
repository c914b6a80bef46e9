"""Names that a comprehension binds: Python's end with it, the compiler's are those of the block round it.

`[n + 1 for n in ns]` where `n` is a tensor outside is refused, although nothing is wrong with it. Such a name gets
another one inside of the comprehension.
"""

from __future__ import annotations

import ast

from scriptkit.language.walking import names_bound_in

_COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def give_names_of_their_own(function: ast.FunctionDef) -> None:
    """Rename, in place, what comprehensions bind and something else of the function binds, too."""
    found = [node for node in ast.walk(function) if isinstance(node, _COMPREHENSIONS)]
    if found:
        bound = list(names_bound_in(function))
        for number, comprehension in reversed(list(enumerate(found))):  # inner ones first: they hide outer names
            names = {name for one in comprehension.generators for name in names_bound_in(one.target)}
            own = {name: f"{name}_of_{number}" for name in names if bound.count(name) > 1}
            if own:
                _rename(comprehension, own)


def _rename(comprehension: _COMPREHENSIONS, own: dict[str, str]) -> None:
    """All of it but the first iterable, which Python evaluates outside."""
    first = comprehension.generators[0]
    outside = set(map(id, ast.walk(first.iter)))
    for node in ast.walk(comprehension):
        if isinstance(node, ast.Name) and node.id in own and id(node) not in outside:
            node.id = own[node.id]
