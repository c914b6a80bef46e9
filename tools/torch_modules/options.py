"""Modules that write to themselves: the options of torch's modules that make them, hooks, observers, lazy ones."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.ao import quantization
from torch.nn.utils import parametrizations, prune

from tools.torch_modules.cases import Case

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_Made = tuple[str, str, "Callable[[], nn.Module]", tuple[Any, ...]]
_BY_RANK = {1: (3, 4, 6), 2: (3, 4, 6, 6), 3: (2, 4, 6, 6, 6)}


def all_options(names: frozenset[str]) -> Iterator[Case]:
    """Every option in evaluation and in training."""
    for group, name, make, args in itertools.chain(
        _renormalised(), _normalised(), _reparametrised(), _lazy(), _observing(), _recurrent(), _random(), _by_hand()
    ):
        if not names or group in names:
            for training in (False, True):
                yield Case(group, name, make, args, {}, training)


def _indices() -> Tensor:
    return torch.arange(12).reshape(3, 4) % 8


def _input(*sizes: int) -> Tensor:
    return torch.randn(*sizes, generator=torch.Generator().manual_seed(1))


def _renormalised() -> Iterator[_Made]:
    for norm in (1.0, 2.0):
        make: Callable[[], nn.Module] = functools.partial(nn.Embedding, 8, 4, max_norm=0.5, norm_type=norm)
        yield "max_norm", f"Embedding, norm {norm}", make, (_indices(),)
    for mode in ("sum", "mean", "max"):
        make = functools.partial(nn.EmbeddingBag, 8, 4, max_norm=0.5, mode=mode)
        yield "max_norm", f"EmbeddingBag, {mode}", make, (_indices(),)
    yield "max_norm", "Embedding, result unused", lambda: Statement(nn.Embedding(8, 4, max_norm=0.5)), (_indices(),)


def _normalised() -> Iterator[_Made]:
    kinds = [(getattr(nn, f"{what}Norm{rank}d"), rank) for what in ("Batch", "Instance") for rank in (1, 2, 3)]
    for (kind, rank), tracked, momentum in itertools.product(kinds, (True, False), (None, 0.3)):
        if momentum is None and kind.__name__.startswith("Instance"):
            continue  # it has no cumulative average
        make = functools.partial(kind, 4, track_running_stats=tracked, momentum=momentum, affine=tracked)
        x = _input(*_BY_RANK[rank])
        yield "statistics", f"{kind.__name__}, tracked {tracked}, momentum {momentum}", make, (x,)
        yield "statistics", f"{kind.__name__}, tracked {tracked}, unused", _unused(make), (x,)
    yield "statistics", "SyncBatchNorm", functools.partial(nn.SyncBatchNorm, 4), (_input(3, 4, 6),)


def _unused(make: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    return lambda: Statement(make())


def _reparametrised() -> Iterator[_Made]:
    flat, image = (_input(3, 4),), (_input(2, 4, 6, 6),)
    layers: tuple[tuple[Callable[[], nn.Module], tuple[Any, ...]], ...] = (
        (lambda: nn.Linear(4, 4), flat),
        (lambda: nn.Conv2d(4, 4, 3), image),
    )
    changes: dict[str, Callable[[Any], nn.Module]] = {
        "spectral norm, old": nn.utils.spectral_norm,
        "spectral norm, old, twice": functools.partial(nn.utils.spectral_norm, n_power_iterations=2),
        "spectral norm": parametrizations.spectral_norm,
        "spectral norm, other dimension": functools.partial(parametrizations.spectral_norm, dim=1),
        "weight norm, old": nn.utils.weight_norm,
        "weight norm": parametrizations.weight_norm,
        "orthogonal": parametrizations.orthogonal,
        "pruned": functools.partial(prune.l1_unstructured, name="weight", amount=0.3),
    }
    for layer, args in layers:
        for name, change in changes.items():
            make = functools.partial(lambda of, made: of(made()), change, layer)
            yield "parametrised", f"{name}, {type(layer()).__name__}", make, args
            yield "parametrised", f"{name}, {type(layer()).__name__} inside", _nested(make), args


def _nested(make: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(make(), nn.ReLU())


def _lazy() -> Iterator[_Made]:
    for kind, arguments, x in _lazy_kinds():
        make = functools.partial(kind, *arguments)
        yield "lazy", kind.__name__, make, (x,)
        yield "lazy", f"{kind.__name__} after a call", functools.partial(_after_a_call, make, x), (x,)


def _lazy_kinds() -> Iterator[tuple[Any, tuple[int, ...], Tensor]]:
    yield nn.LazyLinear, (3,), _input(3, 4)
    for rank, sizes in _BY_RANK.items():
        for name, arguments in (("Conv", (3, 3)), ("ConvTranspose", (3, 3)), ("BatchNorm", ()), ("InstanceNorm", ())):
            yield getattr(nn, f"Lazy{name}{rank}d"), arguments, _input(*sizes)


def _after_a_call(make: Callable[[], nn.Module], x: Tensor) -> nn.Module:
    """A lazy module that knows its shapes."""
    made = make().eval()
    made(x)
    return made


def _observing() -> Iterator[_Made]:
    kinds = (
        "MinMaxObserver MovingAverageMinMaxObserver PerChannelMinMaxObserver MovingAveragePerChannelMinMaxObserver "
        "HistogramObserver PlaceholderObserver NoopObserver RecordingObserver FixedQParamsFakeQuantize "
        "FakeQuantize FusedMovingAvgObsFakeQuantize"
    )
    for name in kinds.split():
        kind = getattr(quantization, name)
        if name == "FixedQParamsFakeQuantize":
            kind = functools.partial(kind, quantization.default_fixed_qparams_range_0to1_observer)
        yield "observers", name, kind, (_input(3, 4),)
        yield "observers", f"{name} between layers", _between(kind), (_input(3, 4),)


def _between(make: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    return lambda: nn.Sequential(nn.Linear(4, 4), make(), nn.Linear(4, 4))


def _recurrent() -> Iterator[_Made]:
    for kind, flattened in itertools.product((nn.RNN, nn.LSTM, nn.GRU), (True, False)):
        options: dict[str, Any] = {"num_layers": 2, "bidirectional": True, "dropout": 0.2}
        name = f"{kind.__name__}, weights in one memory {flattened}"
        yield "recurrent", name, functools.partial(_recurrence, kind, flattened, options), (_input(5, 2, 4),)
    yield "recurrent", "LSTM, projected", functools.partial(nn.LSTM, 4, 6, proj_size=3), (_input(5, 2, 4),)


def _recurrence(kind: Callable[..., nn.Module], flattened: bool, options: dict[str, Any]) -> nn.Module:  # noqa: FBT001
    made = kind(4, 6, **options)
    if not flattened:
        for parameter in made.parameters():
            parameter.data = parameter.data.clone()
    return made


def _random() -> Iterator[_Made]:
    for kind in (nn.RReLU, nn.Dropout, nn.AlphaDropout, nn.FeatureAlphaDropout):
        yield "random", kind.__name__, kind, (_input(3, 4, 6),)
        yield "random", f"{kind.__name__}, in place", functools.partial(_in_place, kind), (_input(3, 4, 6),)
        yield "random", f"{kind.__name__}, unused", _unused(kind), (_input(3, 4, 6),)
    for rank, sizes in _BY_RANK.items():
        kind = getattr(nn, f"Dropout{rank}d")
        yield "random", kind.__name__, kind, (_input(*sizes),)


def _in_place(kind: Callable[..., nn.Module]) -> nn.Module:
    return nn.Sequential(nn.Linear(6, 6), kind(inplace=True))


def _by_hand() -> Iterator[_Made]:
    for make in (clamped_before, counted_after, normalised_before, scaled_result):
        yield "hooks", make.__name__.replace("_", " "), make, (_input(3, 4),)
        yield "hooks", f"{make.__name__.replace('_', ' ')}, inside", _nested(make), (_input(3, 4),)


class Statement(nn.Module):
    """Calls a module and uses nothing of what it gives."""

    def __init__(self, called: nn.Module) -> None:
        super().__init__()
        self.called = called

    def forward(self, x: Tensor) -> Tensor:
        """`x`: whatever the module takes."""
        self.called(x)
        return x * 2


def clamped_before() -> nn.Module:
    """The weight is clamped before each call."""
    made = nn.Linear(4, 4)

    def clamp(module: nn.Module, _: tuple[Tensor, ...]) -> None:
        with torch.no_grad():
            module.weight.clamp_(-0.3, 0.3)  # type: ignore[operator]

    made.register_forward_pre_hook(clamp)
    return made


def normalised_before() -> nn.Module:
    """The weight is scaled to length one in training."""
    made = nn.Linear(4, 4)

    def normalise(module: nn.Module, _: tuple[Tensor, ...]) -> None:
        if module.training:
            module.weight.data = nn.functional.normalize(module.weight.data)  # type: ignore[arg-type]

    made.register_forward_pre_hook(normalise)
    return made


def counted_after() -> nn.Module:
    """A buffer counts the calls."""
    made = nn.Linear(4, 4)
    made.register_buffer("calls", torch.zeros(()))

    def count(module: nn.Module, _: tuple[Tensor, ...], __: Tensor) -> None:
        module.calls += 1  # type: ignore[assignment, operator]

    made.register_forward_hook(count)
    return made


def scaled_result() -> nn.Module:
    """The result is divided by a moving average of its size."""
    made = nn.Linear(4, 4)
    made.register_buffer("size", torch.ones(()))

    def scale(module: nn.Module, _: tuple[Tensor, ...], result: Tensor) -> Tensor:
        with torch.no_grad():
            module.size.mul_(0.9).add_(result.abs().mean(), alpha=0.1)  # type: ignore[operator]
        return result / module.size  # type: ignore[operator]

    made.register_forward_hook(scale)
    return made
