"""What the random sequences do to a module; each operation works on the scriptable and on the plain module alike.

Those on the structure are in `structural_operations`.
"""

import random
from collections.abc import Callable
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.utils import parametrize
from torch.utils.checkpoint import checkpoint

from tests.scenarios.comparing import plain_class
from tests.scenarios.mutations import WIDTH, Life

Operation = Callable[[Life, random.Random], Any]
OPERATIONS: dict[str, Operation] = {}


def operation(act: Operation) -> Operation:
    """Add to the operations a sequence chooses from."""
    OPERATIONS[act.__name__] = act
    return act


def kin(life: Life, cls: type[nn.Module]) -> Callable[..., nn.Module]:
    """The class as the module's own kind: scriptable, or its plain twin."""
    return cls if life.is_scriptable else plain_class(cls)


def linears(net: nn.Module) -> list[nn.Linear]:
    return [m for m in net.modules() if isinstance(m, nn.Linear)]


def norm_of(life: Life) -> nn.BatchNorm1d:
    return next(m for m in life.net.modules() if isinstance(m, nn.BatchNorm1d))


def dtype_of(net: nn.Module) -> torch.dtype:
    return next(net.parameters()).dtype


def inputs(net: nn.Module, rows: int = 3) -> Tensor:
    return torch.randn(rows, WIDTH, dtype=dtype_of(net))


def fresh(life: Life, module: nn.Module) -> nn.Module:
    """A new module in the mode and dtype of the net it goes into."""
    return module.to(dtype_of(life.net)).train(life.net.training)


def halve(_module: nn.Module, _args: Any, output: Tensor) -> Tensor:
    return output / 2


def double(_module: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(arg * 2 for arg in args)


# modes


@operation
def train(life: Life, _: random.Random) -> None:
    life.net.train()


@operation
def evaluate(life: Life, _: random.Random) -> None:
    life.net.eval()


@operation
def evaluate_a_child(life: Life, choose: random.Random) -> None:
    choose.choice([life.net.norm, life.net.drop, life.net.plain, life.net.blocks, life.net.counter]).eval()


@operation
def toggle_requires_grad(life: Life, choose: random.Random) -> None:
    layer = choose.choice(linears(life.net))
    for parameter in layer.parameters(recurse=False):
        parameter.requires_grad_(not parameter.requires_grad)


# calls


@operation
def call_without_gradients(life: Life, choose: random.Random) -> Any:
    with choose.choice([torch.no_grad, torch.inference_mode])():
        return life.net(inputs(life.net)) if choose.random() < 0.7 else life.net.fc(inputs(life.net))


@operation
def call_another_batch_size(life: Life, choose: random.Random) -> Any:
    return life.net(inputs(life.net, choose.randint(2, 6)))


@operation
def call_a_child(life: Life, choose: random.Random) -> Any:
    children = [*life.net.blocks, life.net.counter, life.net.plain, life.net.fc]
    return choose.choice(children)(inputs(life.net))


@operation
def call_exported(life: Life, _: random.Random) -> Any:
    return life.net.encode(inputs(life.net))


@operation
def call_with_wrong_shape(life: Life, _: random.Random) -> Any:
    return life.net(torch.ones(3, WIDTH + 1, dtype=dtype_of(life.net)))


@operation
def call_functional(life: Life, _: random.Random) -> Any:
    given = {name: p.detach() * 0.5 for name, p in life.net.named_parameters()}
    return functional_call(life.net, given, (inputs(life.net),))


@operation
def backward(life: Life, _: random.Random) -> None:
    out = life.net(inputs(life.net))
    if out.requires_grad:
        out.sum().backward()


@operation
def optimizer_step(life: Life, choose: random.Random) -> None:
    if life.optimizer is None or choose.random() < 0.3:
        life.optimizer = torch.optim.SGD(life.net.parameters(), lr=0.01, momentum=choose.choice([0.0, 0.9]))
    out = life.net(inputs(life.net))
    if out.requires_grad:
        out.square().mean().backward()
    life.optimizer.step()
    life.optimizer.zero_grad(set_to_none=choose.random() < 0.5)


@operation
def call_under_autocast(life: Life, _: random.Random) -> Any:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return life.net(inputs(life.net)).float()


@operation
def call_with_a_patched_method(life: Life, _: random.Random) -> Any:
    with mock.patch.object(type(life.net), "encode", lambda self, x: x * 2 + self.scale):
        return life.net.encode(inputs(life.net)), life.net(inputs(life.net))


@operation
def call_with_checkpointing(life: Life, _: random.Random) -> Any:
    return checkpoint(life.net, inputs(life.net).requires_grad_(), use_reentrant=False)


# attributes


@operation
def set_number(life: Life, choose: random.Random) -> None:
    life.net.scale = choose.choice([0.5, 1.0, 2.0])
    life.net.calls = choose.randrange(5)


@operation
def set_text(life: Life, choose: random.Random) -> None:
    life.net.mode = choose.choice(["plus", "none"])


@operation
def set_attribute_of_a_child(life: Life, choose: random.Random) -> None:
    if life.net.blocks:
        choose.choice(list(life.net.blocks)).scale = choose.choice([0.25, 1.5])
    life.net.drop.p = choose.choice([0.0, 0.25, 1.0])
    norm_of(life).momentum = choose.choice([0.1, 0.5])


@operation
def change_containers_in_place(life: Life, choose: random.Random) -> None:
    life.net.history.append(choose.randrange(9))
    life.net.table["gain"][0] = choose.random()
    if choose.random() < 0.3:
        life.net.table["gain"].append(0.5)
    if choose.random() < 0.3:
        life.net.counter.history.clear()


@operation
def replace_containers(life: Life, choose: random.Random) -> None:
    life.net.history = [choose.randrange(9)]
    life.net.table = {"gain": [choose.random()], "other": []}


@operation
def add_and_delete_attributes(life: Life, choose: random.Random) -> None:
    if hasattr(life.net, "note"):
        del life.net.note
    else:
        life.net.note = choose.choice(["text", 3, 2.5])


@operation
def set_final(life: Life, _: random.Random) -> None:
    """An error on the scriptable module alone, so tried on it alone; it must change nothing."""
    if life.is_scriptable:
        try:
            life.net.rounds = 3
        except AttributeError:
            return
        raise AssertionError("a Final was assigned")


# tensors


@operation
def assign_buffer(life: Life, choose: random.Random) -> None:
    life.net.offset = torch.full((WIDTH,), choose.random(), dtype=dtype_of(life.net))
    norm_of(life).running_mean = torch.full((WIDTH,), choose.random(), dtype=dtype_of(life.net))


@operation
def write_tensors_in_place(life: Life, choose: random.Random) -> None:
    with torch.no_grad():
        for layer in linears(life.net):
            if not parametrize.is_parametrized(layer):
                layer.weight.mul_(choose.uniform(0.5, 1.0))
        life.net.offset.add_(1.0)


@operation
def write_data(life: Life, choose: random.Random) -> None:
    layer = choose.choice(linears(life.net))
    if layer.bias is not None:
        layer.bias.data = torch.full_like(layer.bias, choose.random())


@operation
def assign_parameter(life: Life, choose: random.Random) -> None:
    layer = choose.choice(linears(life.net))
    if not parametrize.is_parametrized(layer):
        layer.weight = nn.Parameter(torch.randn_like(layer.weight))


@operation
def drop_bias(life: Life, choose: random.Random) -> None:
    choose.choice(linears(life.net)).register_parameter("bias", None)


@operation
def tie_weights(life: Life, _: random.Random) -> None:
    first, last = life.net.fc, life.net.plain[0]
    if (
        isinstance(first, nn.Linear)
        and not parametrize.is_parametrized(first)
        and not parametrize.is_parametrized(last)
    ):
        last.weight = first.weight


@operation
def register_tensors(life: Life, choose: random.Random) -> None:
    name = choose.choice(["late_a", "late_b"])
    if hasattr(life.net, name):
        delattr(life.net, name)
    elif choose.random() < 0.5:
        life.net.register_buffer(name, torch.ones(2), persistent=choose.random() < 0.5)
    else:
        life.net.register_parameter(name, nn.Parameter(torch.ones(2)))


@operation
def apply_init(life: Life, _: random.Random) -> None:
    life.net.apply(_normal_weight)


def _normal_weight(module: nn.Module) -> None:
    if type(module) is nn.Linear:
        nn.init.normal_(module.weight)


@operation
def convert(life: Life, choose: random.Random) -> None:
    life.net.to(choose.choice([torch.float32, torch.float64]))
