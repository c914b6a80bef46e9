"""Functions, constants and classes that the forms use."""

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


SCALE = 2.0
TABLE = {"a": 1}
LIMITS = (0, 5)


def helper(x, scale=2, *, bias=1):
    return x * scale + bias


def power_of(x, n):
    return x if n == 1 else x * power_of(x, n - 1)


@functools.lru_cache(maxsize=None)
def lru(n):
    return n * 2


@functools.cache
def cached(n):
    return n + 1


class Kind(enum.Enum):
    SMALL = 1
    BIG = 2


class Point(NamedTuple):
    a: Any
    b: Any = None


OldPoint = namedtuple("OldPoint", ["a", "b"])


@dataclasses.dataclass
class Pair:
    a: Any
    b: Any

    def total(self):
        return self.a + self.b


@dataclasses.dataclass
class Defaulted:
    a: Any
    scale: float = 2.0
    items: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: Any
    b: int = 3


class Plain:
    pass


class Truthy:
    def __init__(self, n):
        self.n = n

    def __bool__(self):
        return self.n > 0


class Sized:
    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)


class Equal:
    def __init__(self, n):
        self.n = n

    def __eq__(self, other):
        return self.n == other.n

    def __ne__(self, other):
        return self.n != other.n

    __hash__ = None


class Counter:
    def __init__(self, total):
        self.total = total

    def add(self, n):
        self.total += n

    @property
    def double(self):
        return self.total * 2

    @property
    def value(self):
        return self.total

    @value.setter
    def value(self, new):
        self.total = new

    @classmethod
    def made(cls):
        return cls(4)

    @staticmethod
    def twice(n):
        return n * 2


class Iterable:
    def __init__(self, items):
        self.items = items

    def __iter__(self):
        return iter(self.items)

    def __getitem__(self, index):
        return self.items[index]

    def __len__(self):
        return len(self.items)

    def __contains__(self, item):
        return item in self.items


class Caller:
    def __init__(self, n):
        self.n = n

    def __call__(self, x):
        return x * self.n


class Vector:
    def __init__(self, data):
        self.data = data

    def __add__(self, other):
        return Vector(self.data + other.data)

    def __rmul__(self, number):
        return Vector(self.data * number)


class Missing:
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return len(name)


class Slotted:
    __slots__ = ("n",)

    def __init__(self, n):
        self.n = n
