"""What the random sequences do to the structure: state dicts, surgery, hooks, parametrizations, copies."""

import copy
import io
import pickle
import random
from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

from tests.scenarios.models import Child, Counter
from tests.scenarios.mutations import WIDTH, Life
from tests.scenarios.operations import OPERATIONS, double, fresh, halve, inputs, kin, linears, operation

__all__ = ["OPERATIONS"]  # all of them: those of the other file, too

# state dicts


@operation
def load_state_dict(life: Life, choose: random.Random) -> Any:
    state = {k: v.clone() * 0.75 if v.is_floating_point() else v for k, v in life.net.state_dict().items()}
    return str(life.net.load_state_dict(state, assign=choose.random() < 0.5))


@operation
def load_part_of_a_state_dict(life: Life, choose: random.Random) -> Any:
    state = {k: v.clone() for k, v in life.net.state_dict().items() if choose.random() < 0.5}
    return str(life.net.load_state_dict({**state, "unknown": torch.ones(1)}, strict=choose.random() < 0.3))


@operation
def load_state_dict_of_a_child(life: Life, choose: random.Random) -> None:
    layer = choose.choice(linears(life.net))
    layer.load_state_dict({k: v.clone() * 0.5 for k, v in layer.state_dict().items()}, assign=choose.random() < 0.5)


# surgery


@operation
def replace_module(life: Life, choose: random.Random) -> None:
    fc = choose.choice([lambda: nn.Linear(WIDTH, WIDTH), lambda: nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ELU())])()  # type: ignore[no-untyped-call]
    life.net.fc = fresh(life, fc)


@operation
def replace_deep(life: Life, choose: random.Random) -> None:
    inner = life.net.plain[1]
    inner[0] = fresh(life, choose.choice([nn.Tanh, nn.Sigmoid, nn.ReLU])())
    if choose.random() < 0.3:
        inner.append(fresh(life, nn.Linear(WIDTH, WIDTH)))


@operation
def append_or_delete_block(life: Life, choose: random.Random) -> None:
    if len(life.net.blocks) > 1 and choose.random() < 0.5:
        del life.net.blocks[choose.randrange(len(life.net.blocks))]
    else:
        life.net.blocks.append(fresh(life, kin(life, Child)(WIDTH, scale=choose.random())))


@operation
def set_optional_module(life: Life, choose: random.Random) -> None:
    life.net.extra = choose.choice([None, fresh(life, nn.Linear(WIDTH, WIDTH)), fresh(life, kin(life, Child)(WIDTH))])


@operation
def share_a_module(life: Life, _: random.Random) -> None:
    life.net.extra = life.net.blocks[0] if len(life.net.blocks) else life.net.plain


@operation
def replace_counter(life: Life, _: random.Random) -> None:
    life.net.counter = fresh(life, kin(life, Counter)(WIDTH))


@operation
def exchange_modules(life: Life, _: random.Random) -> None:
    life.net.fc, life.net.plain[0] = life.net.plain[0], life.net.fc
    life.net.blocks = nn.ModuleList(reversed(list(life.net.blocks)))


@operation
def wrap_a_module(life: Life, _: random.Random) -> None:
    if not isinstance(life.net.norm, nn.Sequential):
        life.net.norm = nn.Sequential(life.net.norm, fresh(life, nn.Identity()))


# hooks


@operation
def hook_the_root(life: Life, choose: random.Random) -> None:
    if choose.random() < 0.5:
        life.handles.append(life.net.register_forward_hook(halve))
    else:
        life.handles.append(life.net.register_forward_pre_hook(double))


@operation
def hook_inside(life: Life, choose: random.Random) -> None:
    if choose.random() < 0.4:  # one such hook makes all later calls eager: not too many of them
        life.handles.append(choose.choice([life.net.norm, life.net.plain]).register_forward_hook(halve))


@operation
def remove_hooks(life: Life, _: random.Random) -> None:
    while life.handles:
        life.handles.pop().remove()


# parametrizations


@operation
def parametrize_a_layer(life: Life, choose: random.Random) -> None:
    layer = choose.choice(linears(life.net))
    if not parametrize.is_parametrized(layer):
        choose.choice([parametrizations.weight_norm, parametrizations.spectral_norm])(layer)  # type: ignore[operator]


@operation
def unparametrize(life: Life, choose: random.Random) -> None:
    for layer in linears(life.net):
        if parametrize.is_parametrized(layer):
            parametrize.remove_parametrizations(layer, "weight", leave_parametrized=choose.random() < 0.5)
            break


# copies


@operation
def deepcopy(life: Life, _: random.Random) -> None:
    life.net, life.optimizer, life.handles = copy.deepcopy(life.net), None, []


@operation
def shallow_copy(life: Life, _: random.Random) -> Any:
    twin = copy.copy(life.net)
    twin.scale = 3.0
    return twin(inputs(life.net)), life.net(inputs(life.net))


@operation
def copy_and_leave(life: Life, _: random.Random) -> Any:
    twin = copy.deepcopy(life.net)
    with torch.no_grad():
        next(twin.parameters()).zero_()
    return twin(inputs(life.net))


@operation
def pickle_and_back(life: Life, _: random.Random) -> None:
    if not any(parametrize.is_parametrized(m) for m in life.net.modules()):  # torch refuses to pickle those
        life.net, life.optimizer, life.handles = pickle.loads(pickle.dumps(life.net)), None, []


@operation
def save_and_load_state(life: Life, _: random.Random) -> None:
    file = io.BytesIO()
    torch.save(life.net.state_dict(), file)
    file.seek(0)
    life.net.load_state_dict(torch.load(file))
