"""Lists, dictionaries, tuples, copies, and objects of classes of one's own. Each function takes one float tensor of rank 2."""

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


def shallow_copy(x):
    a = [x, [1]]
    b = copy.copy(a)
    b[0] = x + 1
    b[1].append(2)
    return a[0] + b[0] + len(a[1])


def deep_copy(x):
    a = {"k": [1, 2], "t": (3, {4})}
    b = copy.deepcopy(a)
    b["k"].append(3)
    return x + len(a["k"]) + len(b["k"])


def copy_object(x):
    a = Plain()
    a.n = 1
    b = copy.copy(a)
    b.n = 5
    return x + a.n + b.n


def list_methods(x):
    a = [1, 2]
    a.append(3)
    a.extend([4, 5])
    a.insert(0, 9)
    last = a.pop()
    a.remove(2)
    a.reverse()
    return x + a[0] + last + a.index(9) + a.count(1) + len(a)


def list_slices(x):
    a = [x, x + 1, x + 2, x + 3]
    b = a[1:3] + a[-1:] + a[::2]
    del a[0]
    return sum(b) + a[0] * len(a)


def list_times(x):
    return torch.cat([x] * 3) + sum([1] * 4)


def augmented_list(x):
    a = [x]
    a += [x + 1]
    return torch.cat(a)


def augmented_item(x):
    a = [1, 2]
    a[0] += 5
    d = {"k": 1}
    d["k"] *= 4
    return x * a[0] + d["k"]


def augmented_tensor_item(x):
    y = x.clone()
    y[0] += 1
    y[:, 1] *= 2
    y[..., -1] -= 3
    return y


def dict_methods(x):
    d = {"a": 1}
    d.update(b=2)
    d.setdefault("c", 3)
    v = d.pop("a")
    w = d.get("zz", 7)
    ks = list(d.keys())
    vs = list(d.values())
    return x * v + w + len(ks) + sum(vs)


def dict_merge(x):
    d = {**{"a": 1}, "b": 2} | {"c": 3}
    return x * d["a"] + d["b"] + d["c"]


def dict_items_change(x):
    d = OrderedDict()
    d["a"] = x
    d["b"] = x + 1
    del d["a"]
    return d["b"]


def ordered_dict_args(x):
    d = OrderedDict([("a", x), ("b", 2)])
    return d["a"] * d["b"]


def default_dict(x):
    d = collections.defaultdict(list)
    d["a"].append(x)
    return d["a"][0] + len(d["b"])


def set_operations(x):
    s = {1, 2} | {3}
    return x + len(s) + (1 if 2 in s else 0)


def starred_assignment(x):
    first, *middle, last = [x, x + 1, x + 2, x + 3]
    return first + sum(middle) * last


def starred_shape(x):
    *rest, last = x.shape
    return x.reshape(*rest, 1, last)


def starred_call(x):
    args = (0, 1)
    return torch.transpose(x, *args)


def star_star_call(x):
    kwargs = {"dim": 0, "keepdim": True}
    return torch.sum(x, **kwargs)


def nested_unpacking(x):
    (a, b), c = (x, x + 1), 3
    [d, e] = [a * 2, b * c]
    return d + e


def unpack_tensor(x):
    a, b, c = x.t().contiguous().t()[0]
    return a + b * c


def swap(x):
    a, b = x, x + 1
    a, b = b, a
    return a * 2 - b


def delete_name(x):
    y = x + 1
    z = y
    del y
    return z


def named_tuple(x):
    p = Point(x, x + 1)
    q = p._replace(b=x * 2)
    a, b = q
    return a + b + p.b + len(p)


def old_named_tuple(x):
    p = OldPoint(a=x, b=3)
    return p.a * p.b + p[1]


def data_class(x):
    p = Pair(x, 3)
    p.b = 4
    return p.a * p.b + p.total()


def data_class_default(x):
    p = Defaulted(x)
    p.items.append(x + 1)
    return p.items[0] * p.scale + p.a


def frozen_data_class(x):
    p = Frozen(x)
    return p.a + p.b


def data_class_replace(x):
    return dataclasses.replace(Frozen(x), b=9).b + x


def own_class(x):
    c = Counter(3)
    c.add(x.size(0))
    c.add(1)
    return x * c.total + c.double


def own_class_of_classmethod(x):
    return x + Counter.made().total + Counter.twice(2)


def own_iterable(x):
    return sum(y for y in Iterable([x, x + 1]))


def own_getitem(x):
    return x * Iterable([1, 5])[1]


def own_call(x):
    return Caller(3)(x)


def own_operators(x):
    return (Vector(x) + Vector(x * 2)).data + (2 * Vector(x)).data


def own_len_contains(x):
    it = Iterable([1, 2])
    return x + len(it) + (1 if 2 in it else 0)


def own_property_setter(x):
    c = Counter(1)
    c.value = 7
    return x + c.total


def own_getattr(x):
    return x + Missing().anything


def own_slots(x):
    s = Slotted(5)
    return x + s.n


def returns_object(x):
    return Pair(x, x + 1)


def returns_nested(x):
    return {"a": [x, (x + 1, 3)], "b": None, "c": "text", "d": 2.5}


def returns_named_tuple(x):
    return Point(x, [x + 1])


def returns_ordered(x):
    return OrderedDict(a=x, b=x + 1)


def returns_numbers(x):
    return x.size(0), x.size(1) * 2.0, x.dim() == 2


def returns_shape(x):
    return x.shape, x.size()


def returns_dtype(x):
    return x.dtype


def returns_none(x):
    return None


def returns_empty(x):
    return (), [], {}
