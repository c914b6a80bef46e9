"""One dotted name for one thing, whatever way it was imported."""

from __future__ import annotations

import builtins

BUILTIN_NAMES = frozenset(dir(builtins))
_EXACT = {
    "torch.nn.parameter.Parameter": "torch.nn.Parameter",
    "torch.nn.modules.module.Module": "torch.nn.Module",
    "torch._tensor.Tensor": "torch.Tensor",
    "collections.abc.Callable": "typing.Callable",
}


def canonical(dotted: str) -> str:
    """One name for one thing: `torch.nn.modules.conv.Conv2d` is `torch.nn.Conv2d`."""
    if dotted in _EXACT:
        return _EXACT[dotted]
    if dotted.startswith("typing_extensions."):
        return "typing." + dotted.rpartition(".")[2]
    if dotted.startswith("torch.nn.modules.") and dotted.rpartition(".")[2][:1].isupper():
        return "torch.nn." + dotted.rpartition(".")[2]
    return dotted
