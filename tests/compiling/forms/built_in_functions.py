"""Python's own functions, from `zip` to `itertools`. Each function takes one float tensor of rank 2."""

# as other people write them: neither typed nor linted
# mypy: ignore-errors

import collections
import contextlib
import copy
import dataclasses
import enum
import functools
import itertools
import math
import operator
from collections import OrderedDict, namedtuple
from typing import Any, NamedTuple, Optional, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


from tests.compiling.forms.classes import *


def zip_of_three(x):
    total = x
    for a, b, c in zip([x, x + 1], (1, 2), "ab"):
        total = total + a * b + (1 if c == "a" else 2)
    return total


def zip_strict(x):
    return sum(a * b for a, b in zip([x, x * 2], [1, 2], strict=True))


def map_of_two(x):
    return torch.stack(list(map(lambda a, b: a * b, [x, x + 1], [1.0, 2.0])))


def map_of_module_method(x):
    return torch.cat(tuple(map(torch.relu, (x, -x))))


def list_of_tuple(x):
    items = list((x, x + 1))
    items[0] = items[1] * 2
    return items[0] + items[1]


def dict_from_pairs(x):
    d = dict([("a", x), ("b", x + 1)], c=x * 2)
    return d["a"] + d["b"] * d["c"]


def dict_of_zip(x):
    d = dict(zip(["a", "b"], [x, x * 3]))
    return {key: value + 1 for key, value in d.items()}


def iter_next(x):
    it = iter([x, x + 1, x * 2])
    a = next(it)
    b = next(it)
    rest = list(it)
    return a + b * rest[0], next(it, None) is None


def next_of_generator(x):
    return next(y for y in (x, x + 1) if y is not x)


def abs_of_size(x):
    return x * abs(x.size(0) - 10)


def abs_of_float(x):
    return abs(x.sum().item()) + abs(-2.5)


def round_static(x):
    return x * round(2.567, 1) + round(3.5)


def sum_of_tensors(x):
    return sum([x, x, x * 2])


def sum_with_start(x):
    return sum([x.size(0), 2], 3) + x


def max_of_sizes(x):
    return x * max(x.size(0), 3) + min(x.shape)


def max_static(x):
    return x * max(1, 5, 3) + min([2, 7])


def max_key(x):
    return x * max([1, -5], key=abs)


def any_all(x):
    if any(n > 2 for n in x.shape) and all([x.dim() == 2, True]):
        return x + 1
    return x


def sorted_numbers(x):
    return x * sorted([3, 1, 2])[0] + sorted(["b", "a"], reverse=True).index("a")


def reduce_function(x):
    return functools.reduce(lambda a, b: a + b, [x, x * 2, x * 3])


def reduce_initial(x):
    return functools.reduce(torch.add, [x, x], x * 5)


def reduce_mul(x):
    return functools.reduce(operator.mul, x.shape, 1) * x


def prod_of_shape(x):
    return x * math.prod(x.shape)


def slice_object(x):
    s = slice(0, 1)
    return x[s], x[slice(None), 1]


def typing_cast(x):
    return cast(Tensor, x) + cast("int", 3)


def issubclass_known(x):
    return x + 1 if issubclass(nn.Linear, nn.Module) else x


def is_dataclass_known(x):
    return x + 1 if dataclasses.is_dataclass(Pair) else x


def enumerate_start(x):
    return sum(i * y for i, y in enumerate([x, x + 1], start=2))


def reversed_list(x):
    out = x
    for n in reversed([1, 2, 3]):
        out = out * n - n
    return out


def bool_of_int(x):
    if bool(x.size(0) - 2):
        return x + 1
    return x


def int_of_float(x):
    return x[: int(x.size(0) / 2)]


def float_of_size(x):
    return x / float(x.shape[0])


def str_of_things(x):
    return x + len(str(12)) + len(str(True))


def getattr_default(x):
    return x + getattr(torch, "no_such_thing", 3) + getattr(math, "pi")


def hasattr_of_tensor(x):
    return x + 1 if hasattr(x, "shape") and not hasattr(x, "nope") else x


def isinstance_many(x):
    if isinstance(x, (list, tuple)):
        return x[0]
    if isinstance(x.shape, torch.Size) and isinstance(x.size(0), int) and not isinstance(None, Tensor):
        return x + 1
    return x


def type_of_tensor(x):
    return x + 1 if type(x) is Tensor else x


def len_of_things(x):
    return x + len(x) + len([1, 2]) + len({"a": 1}) + len(x.shape) + len("abc")


def divmod_static(x):
    q, r = divmod(7, 2)
    return x * q + r


def pow_builtin(x):
    return pow(x, 2) + pow(2, 3)


def id_like(x):
    y = x
    return x + 1 if y is x else x


def callable_known(x):
    return x + 1 if callable(torch.relu) else x


def filter_none(x):
    return torch.stack([y for y in filter(None, [1, 0, 2]) if y] and [x, x])


def itertools_chain(x):
    return sum(itertools.chain([x], [x * 2, x * 3]))


def itertools_product(x):
    return sum(x * a + b for a, b in itertools.product([1, 2], [3, 4]))


def accumulate_sizes(x):
    return x * list(itertools.accumulate([1, 2, 3]))[-1]


def operator_functions(x):
    return operator.add(x, operator.mul(x, 2)) + operator.itemgetter(1)([1, 5])
