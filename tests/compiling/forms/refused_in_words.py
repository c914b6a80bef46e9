"""What cannot become TorchScript: the line that stands in the way ends with the words that tell why."""

# as other people write them: neither typed nor linted
# mypy: ignore-errors

import copy
import functools
import inspect
import itertools
import math
import operator
from contextvars import ContextVar
from enum import Enum

import numpy as np
import torch
import torch.nn.functional as F

from tests.compiling.forms.classes import *

CHOSEN = ContextVar("chosen")


def device_index(x):
    return x.device.index  # says: the index of a device may be None


def attribute_of_none(x):
    y = None if x.sum() < 1e9 else x
    return y.shape  # says: the call raises AttributeError: 'NoneType' object has no attribute 'shape'


def operator_on_none(x):
    y = None if x.sum() < 1e9 else x
    return y + x  # says: the call raises TypeError: None is used where a value is needed


def negated_optional(x):
    n = x.size(0) if x.sum() > -1e9 else None
    return -n  # says: the operand may be None here


def compared_with_none(x):
    y = x.size(0) if x.sum() < 1e9 else None
    return y == None  # says: a value that may be None is compared with None by `==`


def optionals_compared(x):
    y = x.size(0) if x.sum() < 1e9 else None
    z = x.size(1) if x.sum() < 1e9 else None
    return y == z  # says: two values that may be None are compared by `==`


def type_of_optional(x):
    y = x if x.sum() < 1e9 else None
    return type(y)  # says: `type` of a value that may be None


def to_none(x):
    return x.to(None)  # says: `to(None)`


def numel_of(x):
    return x.is_contiguous(memory_format=torch.contiguous_format)  # says: `is_contiguous` with arguments


def type_in_text(x):
    return x.type("torch.DoubleTensor")  # says: `type` with anything but a dtype


def type_asked(x):
    return x.type()  # says: `type` with anything but a dtype


def nonzero_as_asked(x):
    return x.nonzero(as_tuple=bool(x.sum() > 0))  # says: this form of `nonzero`


def gradients_of_another(x):
    y = torch.zeros(3)
    z = torch.ones(3)
    y.requires_grad_()  # says: `requires_grad_` of a tensor that others may hold
    return y + z


def bool_in_another_format(x):
    return x.bool(memory_format=torch.preserve_format)  # says: a conversion with arguments


def sparse_with_arguments(x):
    return x.to_sparse_coo(2)  # says: `to_sparse_coo` with arguments


def text_is_split(x):
    mode = "a" if x.sum() > 0 else "b"
    return mode.split()  # says: `split` of a `str` known only at run time


def text_is_measured(x):
    mode = "a" if x.sum() > 0 else "bc"
    return len(mode)  # says: `len` of a `str`


def text_is_found_in_text(x):
    mode = "a" if x.sum() > 0 else "bc"
    return "b" in mode  # says: `in` a `str` known only at run time


def text_is_walked(x):
    mode = "ab" if x.sum() > 0 else "bc"
    for letter in mode:  # says: a loop over a `str`
        x = x + 1
    return x


def text_is_a_number(x):
    mode = "1" if x.sum() > 0 else "2"
    return x + int(mode)  # says: `int` of a `str`


def text_is_unpacked(x):
    mode = "12" if x.sum() > 0 else "21"
    a, b = mode  # says: a `str` is unpacked
    return x


def text_is_negated(x):
    mode = "1" if x.sum() > 0 else "2"
    return -mode  # says: `USub` of a `str`


def bits_of_a_number(x):
    return x.size(0).bit_length()  # says: `bit_length` of a `int` known only at run time


def list_is_sorted(x):
    numbers = [index for index in range(x.size(0))]
    numbers.sort()  # says: `sort` of a `List[int]` known only at run time
    return numbers


def list_is_sorted_by_key(x):
    numbers = [index for index in range(x.size(0))]
    numbers.sort(reverse=True)  # says: `sort` with keywords
    return numbers


def list_gets_another_kind(x):
    numbers = [index for index in range(x.size(0))]
    numbers.append(x)  # says: a `List[int]` gets an item of another type
    return numbers


def list_is_popped_at_an_index_of_the_run(x):
    rows = [row for row in x]
    for i, row in enumerate(x):
        rows.pop(i - i)  # says: `pop` at an index of the run
    return rows


def list_is_popped_too_far(x):
    rows = [row for row in x]
    return rows.pop(90)  # says: the call raises IndexError: pop index out of range


def item_is_looked_for(x):
    rows = [row for row in x]
    return rows.index(x)  # says: `index` of a `Tensor` in a `List[Tensor]`


def item_beyond_the_example(x):
    rows = [index for index in range(x.size(0))]
    rows[90] = 2  # says: an item is written that the example does not have
    return rows


def item_of_another_kind(x):
    rows = [index for index in range(x.size(0))]
    rows[0] = 2.5  # says: an item of a `List[int]` becomes a `float`
    return rows


def lists_of_two_kinds(x):
    return [index for index in range(x.size(0))] + [2.5]  # says: a `List[int]` and a `List[float]` are joined


def list_times_float(x):
    return [0] * x.sum().item()  # says: a list times something that is no whole number


def tuple_times_size(x):
    return (0, 1) * x.size(0)  # says: `Mult` of a `tuple` and a `int`


def list_times_in_place(x):
    rows = [index for index in range(x.size(0))]
    rows *= 2  # says: an augmented assignment to a list of the run, other than `+=`
    return rows


def known_list_times_in_place(x):
    rows = [x, x]
    rows *= 2  # says: an augmented assignment to a list
    return rows


def table_divided_in_place(x):
    table = {"a": x}
    table |= [("b", x)]  # says: `BitOr` in place of a `dict`
    return table


def mixed_comprehension(x):
    return [z for z in x if True] + [0 for _ in x]  # says: a `List[Tensor]` and a `List[int]` are joined


def list_in_a_dictionary(x):
    table = {"a": 1}
    return table[x.size(0)]  # says: a `dict` is indexed by a value known only at run time


def many_objects(x):
    functions = [torch.sin] * 500
    return functions[x.size(0)](x)  # says: one of 500 objects is picked at run time


def object_out_of_range(x):
    functions = [torch.sin, torch.cos]
    return functions[x.size(0) + 5](x)  # says: the call raises IndexError: list index out of range


def texts_of_two_numbers(x):
    table = torch.nn.ModuleDict()
    return table[f"{x.size(0)}_{x.size(1)}"](x)  # says: a key that is known only at run time


def item_of_a_number(x):
    return x.size(0)[0]  # says: an item of a `int`


def tensor_indexed_by_empty(x):
    return x[[]]  # says: a tensor is indexed by a `list`


def unpacked_wrongly(x):
    a, b, c, d, e, f = x  # says: the call raises ValueError: not enough values to unpack
    return a


def list_unpacked_wrongly(x):
    a, b, c, d, e, f = [row for row in x]  # says: the call raises ValueError: not 6 values to unpack
    return a


def number_times_object(x):
    return x * Plain()  # says: `Mult` of a `Tensor` and a `Plain`


def objects_multiplied(x):
    return Plain() * Plain()  # says: `Mult` of `Plain` objects


def object_negated(x):
    return -Plain()  # says: `USub` of a `Plain`


def objects_in_order(x):
    return Pair(1, 2) < Pair(2, 3)  # says: a `Pair` is compared with a `Pair`


def number_below_text(x):
    return x.size(0) < "3"  # says: a `int` is compared with a `str`


def number_and_enum(x):
    return x.size(0) == Kind.SMALL  # says: a `int` is compared with a `Kind`


def power_below_zero(x):
    return 2 ** (x.size(0) - 9)  # says: a power of two that is no whole number


def keyword_of_isinstance(x):
    return isinstance(lambda: x, str)  # says: `isinstance` of a function of the run


def signature_of_inner(x):
    def inner(y):
        return y

    return inspect.signature(inner)  # says: the signature of a function of the run


def next_of_something_else(x):
    return next(itertools.count())  # says: `count`


def next_of_a_table(x):
    return next({"a": x})  # says: `next` of a `dict`


def nothing_reduced(x):
    return functools.reduce(operator.add, [])  # says: the call raises TypeError: reduce() of empty iterable


def rounded_to_digits(x):
    return round(x.sum().item(), 2)  # says: `round` of a value known only at run time


def sorted_floats(x):
    return sorted([x.sum().item(), 2.0])  # says: `sorted` of anything but plain numbers and texts


def sorted_downwards(x):
    return sorted([x.size(0), 2], reverse=True)  # says: `sorted` of anything but plain numbers and texts


def limits_of_nothing(x):
    return x + torch.finfo("float32").eps  # says: the limits of something that is no dtype


def tensor_that_learns(x):
    return torch.tensor([1.0], requires_grad=True) + x  # says: `torch.tensor` with more than `dtype` and `device`


def numpy_of_texts(x):
    return np.char.add("a", "b")  # says: NumPy's `add`


def math_with_keywords(x):
    return math.isclose(x.size(0), 3)  # says: `math.isclose` of a value known only at run time


def device_of_the_run(x):
    return torch.device("cpu" if x.sum() > 0 else "meta")  # says: a device known only at run time


def number_before_whole_numbers(x):
    return torch.true_divide(2, x.long())  # says: a number beside a tensor of whole numbers


def variable_without_value(x):
    return x + CHOSEN.get()  # says: the call raises LookupError


def copied_in_its_own_way(x):
    return copy.copy(Copying(x)).x  # says: a copy of a `Copying`, which is copied in a way of its own


class Copying:
    def __init__(self, x):
        self.x = x

    def __copy__(self):
        return self


def set_item_deleted(x):
    parts = (x, x)
    del parts[0]  # says: an item of a `tuple` is deleted
    return parts


def list_compares(x):
    items = [x, x * 2]
    items.remove(x)  # says: `remove` compares values known only at run time
    return items


def list_is_sorted_in_place(x):
    items = [3, 1]
    items.sort()  # says: `list.sort`
    return items


def text_item_is_written(x):
    mode = "12" if x.sum() > 0 else "21"
    mode[0] = "a"  # says: an item of a `str` known only at run time is written
    return x


def shifted_in_place(x):
    y = x.long()
    y <<= 2  # says: `LShift` in place
    return y


def bool_in_place(x):
    y = x * 2
    y += bool(x.sum() > 0)  # says: a bool in arithmetic in place
    return y


def far_too_many_rounds(x):
    for number in range(10**6):  # says: a loop of 1000000 rounds would be unrolled
        x = x + number
    return x


def endless(x):
    number = 0
    while number < 10**6:  # says: a `while` loop would be unrolled too often
        number += 1
    return x


def deep(x):
    return Deeper().call(x, 200)


class Deeper:
    def call(self, x, n):
        return x if n == 0 else self.call(x, n - 1)  # says: calls or expressions are nested too deeply


def raises_on_both_sides(x):
    def fails():
        raise ValueError("fails")  # says: the call raises ValueError: fails

    return fails() if x.sum() > 0 else fails()


def function_added(x):
    def inner(y):
        return y

    return x + inner  # says: `Add` of a `Tensor` and a function made in the call


TOKEN = CHOSEN.set(3)
CHOSEN.reset(TOKEN)


def token_of_others(x):
    CHOSEN.reset(TOKEN)  # says: `reset` of a context variable
    return x


def no_round_is_seen(x):
    return [row for row in x if 1 > 2]  # says: a comprehension of which no round is seen


def comprehension_of_two_kinds(x):
    return [item for row in x for item in (row, 1)]  # says: a comprehension gives a `Tensor` and a `int`


def grad_mode_of_the_run(x):
    mode = bool(x.sum() > 0)
    with torch.set_grad_enabled(mode):  # says: `with torch.set_grad_enabled` of a value known only at run time
        return x * 2


def raises_on_every_path(x):
    if x.sum() > 1e9:
        raise ValueError("large")
    else:
        raise ValueError("small")  # says: the call raises ValueError: small


def function_is_an_operand(x):
    return torch.add(x, lambda: 3)  # says: a function or a range is the operand of an operation


def list_of_two_kinds(x):
    return [1, "a"] * x.size(0)  # says: a list holds values of different types, or none


class Giving:
    def parts(self, x):
        for number in range(2):
            yield x * number

    def written(self, x):
        x = x * 2
        x[0] = 1
        yield x


def loop_over_a_generator_writes(x):
    found = [x, x]
    for part in Giving().parts(x):  # says: a loop over a generator writes what the generator may read
        found[0] = part
    return found[0]


def generator_writes(x):
    return list(Giving().written(x))  # says: a generator changes something that others can see


def enumerate_from_the_run(x):
    for number, row in enumerate(x, x.size(0)):  # says: `enumerate` from a start known only at run time
        x = x + number
    return x


def empty_is_walked(x):
    for row in x[:0]:  # says: a loop over something that is empty in the example
        x = x + row
    return x


def empty_is_summed(x):
    return sum([row for row in x][9:])  # says: a sum of something that is empty in the example


def zip_of_ranges(x):
    for a, b in zip(range(x.size(0)), x, strict=True):  # says: `zip(strict=True)` of anything but tensors and lists
        x = x + a
    return x


def numbered_list(x):
    return list(enumerate(x, 3))  # says: a list of `enumerate` from another start than zero


def grad_enabled(x):
    with torch.set_grad_enabled(True):  # says: `with torch.set_grad_enabled(True)`
        return x * 2


def attribute_of_metaclass(x):
    return Metered.size  # says: `size` of the class `Metered`


class Meter(type):
    @property
    def size(cls):
        return 3


class Metered(metaclass=Meter):
    pass


def descriptor_read(x):
    return Described().value  # says: `Described.value` is a `Descriptor`


class Descriptor:
    def __get__(self, owner, cls):
        return 3


class Described:
    value = Descriptor()


def list_of_own_iteration(x):
    return [item for item in ITEMS]  # says: `OwnList.__iter__` is Python code


class OwnList(list):
    def __iter__(self):
        return iter([3])


ITEMS = OwnList([1, 2])


def super_in_a_function(x):
    return super().total()  # says: `super()` outside a method


def cached_object(x):
    return make_once(2).total() + x  # says: `make_once` is cached and gives a `Pair`


@functools.cache
def make_once(n):
    return Pair(n, n)


def checked_known(x):
    torch._check(x.dim() == 3, lambda: f"not {x.dim()}")  # says: the call raises RuntimeError
    return x


def text_from_run_in_assert(x):
    torch._assert(x.dim() == 3, f"got {x.size(0)} rows")  # says: the call raises AssertionError: got
    return x


def object_changes_kind_in_a_loop(x):
    first, second = [x], [x * 2]
    for row in x:
        if x.size(0) == 4:
            first = second
        x = x + row  # says: `first` is a `List[Tensor]` first and another type later
    return first[0]


def set_in_a_loop_only(x):
    for row in x:
        made = row
    return made  # says: `made` is written in a loop of run-time length


def returns_from_a_block(x):
    for number in range(3):
        with torch.no_grad():
            if x.size(0) == 4:  # says: a branch returns from inside a loop, `with` or `try` block
                return x
    return x
