"""Statements, functions inside functions, and operators of numbers and texts. Each function takes one float tensor of rank 2."""

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


def with_no_grad(x):
    with torch.no_grad():
        y = x + 1
    return y * 2


def with_enable_grad(x):
    with torch.no_grad(), torch.enable_grad():
        return x * 2


def with_set_grad(x):
    with torch.set_grad_enabled(False):
        y = x * 2
    return y


def with_null(x):
    with contextlib.nullcontext():
        return x + 1


def with_profiler(x):
    with torch.autograd.profiler.record_function("part"):
        return x + 1


def with_autocast_off(x):
    with torch.autocast("cpu", enabled=False):
        return x @ x.t()


def try_except(x):
    try:
        d = {}["missing"]
    except KeyError as error:
        d = len(error.args)
    else:
        d = 100
    finally:
        x = x + 1
    return x + d


def try_else(x):
    try:
        y = x + 1
    except (ValueError, TypeError):
        y = x
    else:
        y = y * 2
    return y


def try_bare(x):
    try:
        raise ValueError("no")
    except:
        return x + 1


def try_attribute(x):
    try:
        n = math.no_such
    except AttributeError:
        n = 3
    return x * n


def assert_statement(x):
    assert x.dim() == 2, "two dimensions"
    assert x.size(1) == 3
    return x


def raise_by_size(x):
    if x.size(0) > 100:
        raise ValueError(f"too many: {x.size(0)}")
    return x


def for_else(x):
    for n in [1, 2]:
        if n == 5:
            break
    else:
        x = x + 1
    return x


def for_break(x):
    for n in range(10):
        if n == 3:
            break
        if n % 2:
            continue
        x = x + n
    return x


def while_static(x):
    n = 0
    while n < 4:
        x = x + n
        n += 1
        if n == 3:
            break
    else:
        x = x * 100
    return x


def while_of_run(x):
    n = 0
    while n < x.size(0):
        x = x + n
        n += 1
    return x


def for_over_run(x):
    out = []
    for i in range(x.size(0)):
        out.append(x[i] * i)
    return torch.stack(out)


def for_over_rows(x):
    total = torch.zeros(3)
    for row in x:
        total = total + row * total.sum()
    return total


def for_over_rows_enumerated(x):
    total = torch.zeros(3)
    for i, row in enumerate(x):
        total = total + row * i
    return total


def comprehension_over_rows(x):
    return torch.stack([row * 2 for row in x])


def comprehension_nested(x):
    return torch.stack([x * a + b for a in (1, 2) for b in (3, 4) if a != b - 2])


def set_and_dict_comprehension(x):
    s = {n % 2 for n in range(5)}
    d = {n: n * n for n in range(3) if n}
    return x + len(s) + sum(d.values())


def generator_sum(x):
    return sum(x * n for n in range(4))


def walrus(x):
    if (n := x.size(0)) > 2:
        return x * n
    return x + n


def lambda_default(x):
    f = lambda a, b=2, *rest, **more: a * b + len(rest) + len(more)
    return f(x) + f(x, 3, 4, z=5)


def closure_changes(x):
    count = 0

    def step(y):
        nonlocal count
        count += 1
        return y + count

    return step(step(x)) * count


def inner_function_star(x):
    def inner(*args, scale=1.0, **kwargs):
        return sum(args) * scale + kwargs.get("bias", 0)

    return inner(x, x + 1, scale=2.0, bias=3)


def decorated_inner(x):
    def twice(function):
        def wrapped(*args):
            return function(*args) * 2

        return wrapped

    @twice
    def inner(y):
        return y + 1

    return inner(x)


def wraps_inner(x):
    @functools.wraps(helper)
    def inner(*args, **kwargs):
        return helper(*args, **kwargs) + 1

    return inner(x)


def partial_function(x):
    f = functools.partial(helper, scale=3)
    return f(x)


def cached_function(x):
    return x * cached(3) + lru(2)


def recursion(x):
    return power_of(x, 3)


def global_constant(x):
    return x * SCALE + TABLE["a"] + LIMITS[1]


def import_inside(x):
    import math as m
    from torch.nn import functional as G

    return G.relu(x) * m.sqrt(4)


def match_statement(x):
    return x


def f_string(x):
    name = f"{'a'}{1:02d}"
    return x + {"a01": 4}[name]


def format_strings(x):
    return x + len("%s-%d" % ("ab", 3)) + len("{}:{}".format(1, "x")) + len(",".join(["a", "b"]))


def string_methods(x):
    s = "Layer.Norm".lower().replace("layer", "l").split(".")
    return x + len(s) + (1 if s[0].startswith("l") else 0)


def bit_operators(x):
    return x * ((5 & 3) | (1 << 2)) + (~2 ^ 1) + (7 >> 1)


def floor_and_mod(x):
    return x * (x.size(0) // 2) + x.size(0) % 3


def negative_and_plus(x):
    return -x + (+x) + -x.size(0)


def matmul_operator(x):
    return x @ x.t()


def power_operator(x):
    return x**2 + 2 ** x.size(1) + 2.0**x


def division_of_sizes(x):
    return x * (x.size(0) / 4) + x.size(0) // 3


def bool_arithmetic(x):
    return x * True + (1 if True + 1 == 2 else 0)


def tuple_arithmetic(x):
    return x.reshape((x.size(0),) + (3, 1)).expand(*((-1,) * 3))


def bitwise_tensors(x):
    a = (x > 0) & (x < 1) | (x < -1)
    return torch.where(~a, x, -x) + (a ^ a)
