"""Truth, comparison, identity and membership. Each function takes one float tensor of rank 2."""

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


def truth_of_size(x):
    if x.size(0) - 2:
        return x + 1
    return x


def truth_of_list(x):
    items = []
    if not items:
        items.append(x)
    return items[0] if items else x + 1


def truth_of_object(x):
    return x + 1 if Truthy(0) else x + 2


def truth_of_sized(x):
    return x + 1 if Sized([1]) and not Sized([]) else x + 2


def truth_of_plain_object(x):
    return x + 1 if Pair(1, 2) else x


def chained_comparison(x):
    if 1 < x.size(0) <= 3 < 5:
        return x + 1
    return x


def chained_of_run(x):
    if 0 < x.size(0) < x.size(1) < 100:
        return x + 1
    return x - 1


def compare_tuples_of_sizes(x):
    if x.shape == (2, 3):
        return x + 1
    return x


def compare_shape_slices(x):
    y = x * 2
    if x.shape[:-1] == y.shape[:-1] and x.shape != (1, 1):
        return x + y
    return x


def compare_lists_of_run(x):
    return x + 1 if [x.size(0), 3] == [4, 3] else x


def compare_lists_unequal_length(x):
    return x + 1 if [x.size(0)] == [1, 2] else x * 2


def compare_with_none(x):
    y = None
    return x + 1 if y == None and x is not None else x


def compare_strings(x):
    return x + 1 if "abc" < "abd" and "a" in "abc" else x


def compare_own_eq(x):
    return x + 1 if Equal(3) == Equal(3) and Equal(3) != Equal(4) else x


def compare_identity_objects(x):
    a, b = Pair(1, 2), Plain()
    return x + 1 if b == b and b != Plain() else x


def compare_dataclasses(x):
    return x + 1 if Pair(1, 2) == Pair(1, 2) else x


def compare_dtype(x):
    if x.dtype == torch.float32 and x.dtype is not torch.float64:
        return x + 1
    return x


def compare_device(x):
    return x + 1 if x.device.type == "cpu" and x.device == torch.device("cpu") else x


def in_shape(x):
    return x + 1 if 2 in x.shape else x * 2


def in_tuple_of_known(x):
    return x + 1 if "a" in ("a", "b") and 3 not in {1: 2} and 1 in [1] else x


def tensor_in(x):
    return x + 1 if 0.0 in x else x


def not_of_run(x):
    return x + 1 if not x.size(0) == 2 else x


def and_or_values(x):
    n = x.size(0) > 1 and x.size(1)
    m = None or 3
    return x * (1 if n else 2) + m


def conditional_expression(x):
    scale = 2.0 if x.size(0) > 3 else 0.5
    return x * scale


def is_true(x):
    flag = x.size(0) > 2
    return x + 1 if flag is True else x


def enum_members(x):
    kind = Kind.BIG
    if kind is Kind.BIG and kind == Kind.BIG and kind != Kind.SMALL:
        return x + kind.value
    return x


def enum_by_value(x):
    return x + Kind(1).value + Kind["BIG"].value + len(list(Kind))
