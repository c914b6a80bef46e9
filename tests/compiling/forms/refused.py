"""What cannot become TorchScript."""

# as other people write them: neither typed nor linted
# mypy: ignore-errors

import contextlib
import contextvars
import copy
import math
import os
import random
import time
from operator import itemgetter

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from tests.compiling.forms.classes import *

STATE = []
CONTEXT = contextvars.ContextVar("context", default=0)


def impure_random(x):
    return x * random.random()


def impure_time(x):
    return x * time.time()


def module_made_in_call(x):
    return nn.Linear(3, 3)(x)


def seed_set(x):
    torch.manual_seed(0)
    return x


def global_written(x):
    STATE.append(1)
    return x


def global_statement(x):
    global STATE
    STATE = []
    return x


def truth_of_text(x):
    return x + 1 if f"{x.sum()}" else x


def attribute_of_run(x):
    return getattr(x, f"{x.sum()}")


def tensor_attribute_written(x):
    x.grad = None
    return x


def with_as(x):
    with contextlib.nullcontext(3) as n:
        return x + n


def with_own_manager(x):
    with contextlib.suppress(ValueError):
        return x + 1


def with_inference_mode(x):
    with torch.inference_mode():
        return x + 1


def numpy_array(x):
    return x + torch.from_numpy(np.ones(3))


def numpy_of_tensor(x):
    return np.sqrt(x.sum().item())


def to_numpy(x):
    return x.numpy().sum()


def math_of_run(x):
    return x * math.gamma(x.sum().item())


def round_of_run(x):
    return round(x.sum().item())


def item_of_complex(x):
    return torch.complex(x, x).sum().item()


def tolist_of_matrix(x):
    return x.tolist()


def deepcopy_tensor(x):
    return copy.deepcopy(x)


def deepcopy_memo(x):
    return copy.deepcopy([1], {})


def power_of_run(x):
    return x * (-x.size(0)) ** x.size(1)


def shift_of_run(x):
    return x * (x.size(0) << 1)


def identity_of_run(x):
    return x + 1 if x.sum() is x else x


def list_in_while(x):
    out = {}
    n = 0
    while n < x.sum():
        out[n] = x
        n += 1
    return out[0]


def index_by_list(x):
    return x[[True, False]]


def index_by_bool(x):
    return x[x.size(0) > 1]


def key_of_run(x):
    return {2: x, 4: x + 1}[x.size(0)]


def nested_enumerate(x):
    total = 0
    for i, (j, row) in enumerate(enumerate(x)):
        total = total + row * i * j
    return total


def delete_attribute(x):
    c = Counter(1)
    del c.total
    return x


def set_of_tensors(x):
    return len({x, x + 1}) * x


def type_of_own_making(x):
    return type("Made", (), {})().__class__.__name__


def star_of_object(x):
    return helper(x, **Plain())


def called_number(x):
    return x.size(0)(x)


def assigned_starred_of_run(x):
    first, *rest = x
    return first


def requires_grad_set(x):
    x.requires_grad_(True)
    return x


def hook_registered(x):
    x.register_hook(lambda g: g)
    return x


def backward_called(x):
    y = (x * torch.ones(3, requires_grad=True)).sum()
    y.backward()
    return y


def context_variable(x):
    CONTEXT.set(5)
    return x


def environment_written(x):
    os.environ["SCRIPTKIT_FORMS"] = "1"
    return x


def yields_from_run(x):
    def rows():
        for row in x:
            yield row

    return sum(rows())


def abstract_made(x):
    return x + len(abs)


def returned_function(x):
    return helper


def returned_type(x):
    return Counter


def async_defined(x):
    async def inner():
        return x

    return x


def class_defined(x):
    class Inner:
        n = 3

    return x + Inner.n


def vmapped(x):
    return torch.vmap(lambda row: row.sum())(x)


def checked_by_pattern(x):
    match x.dim():
        case 2:
            return x + 1
    return x
