"""Writes that torch's compiler drops, made right while scriptkit compiles.

`nn.Embedding(max_norm=...)` and `nn.EmbeddingBag(max_norm=...)` renormalise rows of their weight in each call. For the
compiler the function that does it is an operator that writes nothing and whose result nobody uses, so it goes, in every
scripted module (torch 2.6 to 2.15). While scriptkit compiles, that function is one of ours, whose write is declared;
what torch.jit compiled before or compiles by itself stays as it is.
"""

from __future__ import annotations

import contextlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from scriptkit.engines.torchscript.torch_names.table import PRIVATE_NAMES, look_up

if TYPE_CHECKING:
    from collections.abc import Iterator

_RENORM = look_up("renormalisation of embeddings")
_table, _cache = look_up("functions that are operators"), look_up("compiled functions by name")
_NEEDED = ("renormalisation of embeddings", "functions that are operators", "compiled functions by name")
_IS_KNOWN = all(PRIVATE_NAMES[name].exists for name in _NEEDED)
_CALLERS = (functional.embedding, functional.embedding_bag)
_own: dict[Any, Any] = {}
_MISSING = object()


def renormalised(weight: Tensor, input: Tensor, max_norm: float, norm_type: float) -> Tensor:
    """Compiled in the place of torch's function; Python never runs it.

    Nothing of a detached tensor is recorded for gradients, so there is no `torch.no_grad()` here: the compiler would
    make a class of it, which costs more than the rest of a small module.
    """
    return torch.embedding_renorm_(weight.detach(), input, max_norm, norm_type)


class _CompiledWhenAsked(str):
    """The name of `renormalised` among compiled functions, which is compiled when torch asks whether there is a name.

    Hardly a module renormalises, and to compile the function beforehand took as long as a fifth of a small one.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        return bool(_compiled())


@lru_cache(maxsize=1)
def _compiled() -> str:
    return str(torch.jit.script(renormalised).qualified_name)


_COMPILED_WHEN_ASKED = _CompiledWhenAsked(f"__torch__.{__name__}.{renormalised.__name__}")


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Whatever is compiled in here keeps these writes; call this under the compile lock."""
    if not _IS_KNOWN or id(_RENORM) not in _table():
        yield
        return
    table, cache = _table(), _cache
    operator = table.pop(id(_RENORM))
    before = {function: cache.get(function, _MISSING) for function in (_RENORM, *_CALLERS)}
    try:
        for function in before:
            cache.pop(function, None)
        cache.update(_own)
        cache[_RENORM] = _COMPILED_WHEN_ASKED
        yield
    finally:
        table[id(_RENORM)] = operator
        _own.update({function: cache[function] for function in _CALLERS if function in cache})
        for function, known in before.items():
            cache.pop(function, None)
            if known is not _MISSING:
                cache[function] = known
