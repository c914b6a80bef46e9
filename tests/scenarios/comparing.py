"""The plain twin of a scriptable class, and what two modules must have in common to count as equal."""

import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any, ParamSpec, TypeVar, cast
from unittest import mock

import torch
from torch import Tensor, nn

import scriptkit

P = ParamSpec("P")
M = TypeVar("M", bound=nn.Module)


def plain_module(module: ModuleType) -> ModuleType:
    """The same file executed with `nn.Module` in place of `ScriptableModule`."""
    name = f"{module.__name__}_plain"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, module.__file__)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        with mock.patch.object(scriptkit, "ScriptableModule", nn.Module):
            spec.loader.exec_module(sys.modules[name])
        _replace_imported_classes(sys.modules[name])
    return sys.modules[name]


def _replace_imported_classes(module: ModuleType) -> None:
    """Scriptable classes the file imports from other test files become their plain twins, too."""
    for name, value in list(vars(module).items()):
        if isinstance(value, type) and issubclass(value, scriptkit.ScriptableModule) and "tests" in value.__module__:
            setattr(module, name, plain_class(value))


def plain_class(cls: Callable[P, M]) -> Callable[P, M]:
    """The class of the same body that is a plain `nn.Module` (typed as the scriptable one: attributes are the same)."""
    twin = getattr(plain_module(sys.modules[cls.__module__]), cls.__name__)
    assert not issubclass(twin, scriptkit.ScriptableModule)
    return cast("Callable[P, M]", twin)


def twins(cls: Callable[P, nn.Module], *args: P.args, **kwargs: P.kwargs) -> tuple[Any, Any]:
    """An instance of the class and one of its plain twin, with equal parameters.

    Typed loosely: whatever a test does to the two, modules of torch give their members no types.
    """
    torch.manual_seed(0)
    net = cls(*args, **kwargs)
    torch.manual_seed(0)
    plain = plain_class(cls)(*args, **kwargs)
    assert not [m for m in plain.modules() if isinstance(m, scriptkit.ScriptableModule)]
    return net, plain


def assert_same(a: Any, b: Any, where: str = "value") -> None:
    """Equal in type, structure and values; tensors also in dtype, device, `requires_grad` and gradient presence."""
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        assert a.requires_grad == b.requires_grad, where
        torch.testing.assert_close(a, b, equal_nan=True, msg=lambda text: f"{where}: {text}")
    elif isinstance(a, dict):
        assert list(a) == list(b), f"{where}: {list(a)} and {list(b)}"
        for key in a:
            assert_same(a[key], b[key], f"{where}[{key!r}]")
    elif isinstance(a, list | tuple):
        assert type(a) is type(b), where
        assert len(a) == len(b), f"{where}: {a} and {b}"
        for index, (left, right) in enumerate(zip(a, b, strict=True)):
            assert_same(left, right, f"{where}[{index}]")
    else:
        assert type(a) is type(b), f"{where}: {a!r} and {b!r}"
        assert a == b, f"{where}: {a!r} and {b!r}"


def assert_same_state(net: nn.Module, plain: nn.Module) -> None:
    """Equal `state_dict`, tree, gradients and Python attributes."""
    assert_same(dict(net.state_dict(keep_vars=True)), dict(plain.state_dict(keep_vars=True)), "state_dict")
    ours, theirs = dict(net.named_modules()), dict(plain.named_modules())
    assert list(ours) == list(theirs)
    for path, module in ours.items():
        assert type(module).__name__ == type(theirs[path]).__name__, path
        assert_same(attributes(module), attributes(theirs[path]), path or "root")
    assert_same_gradients(net, plain)


def assert_same_gradients(net: nn.Module, plain: nn.Module) -> None:
    ours, theirs = ({name: p.grad for name, p in m.named_parameters()} for m in (net, plain))
    assert_same(ours, theirs, "gradients")


def attributes(module: nn.Module) -> dict[str, Any]:
    """The Python attributes a user sees: no private entry of torch, no runtime of scriptkit."""
    return {name: value for name, value in vars(module).items() if not name.startswith("_")}
