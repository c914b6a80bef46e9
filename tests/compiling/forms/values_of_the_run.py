"""Texts, lists, bools and values that may be None, which only a run knows: what Python does with them."""

# as other people write them: neither typed nor linted
# mypy: ignore-errors

import math
import operator
from functools import reduce

import numpy as np
import torch
import torch.nn.functional as F

from tests.compiling.forms.classes import *


def methods_of_text(x):
    mode = "Sum" if x.sum() > 0 else "mean"
    if mode.lower() == "sum" and mode.upper().startswith("SU") and not mode.strip().endswith("n"):
        return x.sum()
    return x.mean()


def truth_of_chosen_text(x):
    name = "large" if x.sum() > 0 else ""
    return x.sum() if name else x.mean()


def chosen_text_among_others(x):
    mode = "a" if x.sum() > 0 else "c"
    return x + 1 if mode in ("a", "b") else x - 1


def chosen_text_beside_other_kinds(x):
    mode = "a" if x.sum() > 0 else "c"
    n = x.size(0)
    return x, mode == 3, mode != 3.5, n == "a", n != "a", x.dtype == "float", mode == None, n != None


def lists_are_asked(x):
    numbers = [index * 2 for index in range(x.size(0))]
    copied = numbers.copy()
    copied.append(70)
    return numbers.count(2), len(copied), copied.index(70), 2 in numbers, 6 in numbers, 9 not in numbers, numbers


def empty_lists_are_joined(x):
    rows = [row for row in x]
    more = [] + rows
    more.append(x[0])
    return len(rows), len(more), torch.stack(rows + []), torch.stack([*rows, *more]), len([*rows])


def truth_of_a_list(x):
    large = [row for row in x if row.sum() > 0]
    return torch.stack(large) if large else x


def displays_with_tuples(x):
    rows = [row for row in x]
    pair = (x[0], x[1])
    return torch.stack([*pair, *rows, *pair])


def list_joined_with_known_items(x):
    rows = [row for row in x]
    return torch.stack([x[0] * 2] + rows + [x[1]]), [0] * x.size(0), x.size(0) * [1, 2]


def item_of_known_numbers(x):
    kernels = [3, 5, 7, 9]
    scales = (0.5, 2.0, 4.0, 8.0)
    at = x.size(0) - 1
    return x * kernels[at] * scales[at], kernels[-x.size(0)]


def item_of_known_tensors(x):
    parts = [x, x * 2, x * 3, x * 4]
    return parts[x.size(0) - 1]


def object_of_the_run(x):
    at = x.size(0) - 1
    functions = (torch.sin, torch.cos, torch.exp, torch.tanh)
    pairs = [Pair(1, x), Pair(2, x * 2), Pair(3, x), Pair(4, x - 1)]
    picked = pairs[at]
    return functions[at](x), picked.b + picked.a, picked.total()


def one_or_none_of_the_run(x):
    biases = [None, x * 2, None, x - 1]
    bias = biases[x.size(0) - 1]
    return x if bias is None else x + bias


def list_of_bools(x):
    flags = (x.sum(1) > 0).tolist()
    return len(flags), x + 1 if flags[0] else x, flags.count(True), any(flags), all(flags)


def shape_of_scalar(x):
    total = x.sum()
    return total.reshape(total.shape), total.new_zeros(total.shape), len(total.shape), total.expand(x.shape)


def missing_attributes(x):
    n = x.size(0)
    return x + getattr(n, "missing", 3) + getattr(x, "missing", 4), hasattr(n, "missing"), hasattr(x, "sum")


def optional_tensor_is_used(x):
    y = x * 2 if x.sum() > -100 else None
    return y.shape[0], y.sum(0), isinstance(y, torch.Tensor), y.mean() + 1


def kind_of_optional(x):
    y = x * 2 if x.sum() > 0 else None
    if isinstance(y, torch.Tensor):
        return y
    return x - 1


def kind_of_optional_number(x):
    n = None if x.sum() > 0 else x.size(0)
    return x + 1 if isinstance(n, (int, str)) else x, isinstance(n, (int, type(None))), isinstance(n, str)


def optional_beside_a_value(x):
    n = x.size(0) if x.sum() > 0 else None
    return n == 4, n != 4, 3 == n


def chain_of_known_and_unknown(x):
    n = x.size(0)
    return 1 < 2 < n, n > 2 > 1, 3 < 2 < n, 1 <= n <= 3 < 4, 0 < n < 3


def sizes_in_tensors(x):
    n = torch.tensor(x.size(0))
    return x.repeat(n, 1), x.new_zeros(n), x.sum(0, keepdim=True).expand(n, 3), x.new_ones(n, 2)


def zeros_of_a_list(x):
    sizes = [size * 2 for size in x.shape]
    return torch.zeros(sizes), torch.ones([row.size(0) for row in x][:2])


def sparse_and_back(x):
    return x.to_sparse_coo().to_dense()


def default_dtype(x):
    return x.to(torch.get_default_dtype()), torch.zeros(2, dtype=torch.get_default_dtype())


def functions_in_place(x):
    y, z = x * 2, x - 1
    F.relu_(y)
    made = torch.sigmoid_(z)
    return y, z, made


def made_to_be_differentiated(x):
    y = torch.zeros(3)
    z = torch.ones(3).requires_grad_()
    return y + z + x


def reduced(x):
    return (
        reduce(operator.add, [x, x * 2], 1),
        reduce(operator.mul, (x.size(0), 3)),
        math.prod(x.shape),
        reduce(torch.maximum, [x, -x, x * 2]),
    )


def rounded(x):
    return round(x.size(0)), round(x.sum().item()), round(2.567, 1), round(-0.5)


def extremes_of_known(x):
    return max([3, 1, 2]), min((), default=x.size(0)), max([], default=4), max(3, 2.5), max(x.size(0), 2)


def ordered(x):
    a, b, c = sorted((x.size(0), x.size(1), 2))
    return a, b, c, sorted([3.5, 1, 2], reverse=True), sorted("bca")


def first_of_iterators(x):
    numbers = iter([x, x * 2])
    first = next(numbers)
    second = next(numbers, None)
    third = next(numbers, x - 1)
    return first, second, third


def ended_iterator(x):
    empty = iter([])
    try:
        return next(empty)
    except StopIteration:
        return x - 1


def bools_in_numbers(x):
    big = bool(x.sum() > 0)
    return int(big), float(big), x + big, big + 1, -x.size(0), +x, ~(x > 0), not big


def kinds(x):
    class_ = type(x.size(0))
    return (
        class_ is int,
        type(x.shape) is torch.Size,
        type(x).__name__,
        issubclass(class_, int),
        isinstance(x.shape, tuple),
    )


def swapped(x):
    a, b, *rest = x.size(0), 2, *x.shape
    first, *middle, last = [x, x * 2, x * 3, x * 4]
    return a + b, rest, first + last, middle


def too_few_values(x):
    try:
        first, second, *rest = (x,)
    except ValueError:
        first = x + 1
    try:
        one, two = (x, x, x)
    except ValueError:
        one = x + 2
    return first, one


def wrong_arguments(x):
    def inner(y, scale=2):
        return y * scale

    made = x
    for arguments in ((), (x, 2, 3)):
        try:
            made = inner(*arguments)
        except TypeError:
            made = made + 1
        try:
            made = helper(*arguments, unknown=3)
        except TypeError:
            made = made - 3
    try:
        made = inner(made, **{"scale": 2}, **{"scale": 3})
    except TypeError:
        made = made * 3
    try:
        made = Pair(x)
    except TypeError:
        made = made * 5
    try:
        made = Pair(x, x, x)
    except TypeError:
        made = made * 7
    return made


def missing_imports(x):
    try:
        import torch_that_nobody_has
    except ImportError:
        y = x + 1
    try:
        from torch import nothing_of_this_name
    except ImportError:
        y = y + 2
    try:
        y = y + no_such_name
    except NameError:
        y = y * 3
    return y


def raised_within(x):
    try:
        try:
            return x + {}["key"]
        except ValueError:
            return x
    except KeyError as error:
        return x + len(error.args)


def caches_with_the_run(x):
    return x * lru(x.size(0)) + cached(2), lru(x.size(1))


def containers_change(x):
    table = {"a": x}
    table.update({"b": x * 2})
    table |= {"c": x * 3}
    names = {"a", "b"}
    names.update({"c"})
    names |= {"d"}
    items = [x]
    items.extend({"z": 1})
    del items[1], table["a"]
    return table, len(names), len(items), sorted(names)


def text_with_the_run(x):
    name = "size {}".format(x.size(0))
    text = f"{x.sum()}" + name
    if len(x.shape) > 5:
        raise ValueError(text % 2)
    torch._check(x.size(0) > 0, lambda: f"got {x.size(0)}")
    torch._assert(x.dim() == 2, "two")
    return x


def checked_in_advance(x):
    torch._check_is_size(x.size(0), max=9)
    torch._check_with(ValueError, x.size(0) > 0, lambda: "none")
    torch._check_tensor_all(x == x, lambda: "nan")
    torch._check_tensor_all_with(ValueError, x == x, lambda: "nan")
    torch._check_index(x.size(0) > 0, lambda: "index")
    torch._check_value(x.size(0) > 0, lambda: "value")
    torch._check_type(x.size(0) > 0, lambda: "type")
    torch._check_not_implemented(x.size(0) > 0, lambda: "missing")
    return x


def numbers_before_tensors(x):
    return (
        torch.add(2, x),
        torch.rsub(x, 2),
        torch.mul(2.5, x, out=None) if False else torch.mul(2.5, x),
        torch.maximum(torch.tensor(2), x.long()),
        torch.where(x > 0, 1.0, x),
        torch.pow(2.0, x),
    )


def numpy_of_numbers(x):
    return x * np.prod([2, 3]) + float(np.sqrt(x.size(0))) + np.floor(2.5), int(np.ceil(x.size(0) / 2))


def grad_modes(x):
    with torch.set_grad_enabled(False):
        y = x * 2
    with torch.autocast("cpu", enabled=False):
        return y + 1


def broken_loops(x):
    total = x
    for index in range(10):
        if index == 3:
            break
        if index % 2:
            continue
        total = total + index
    else:
        total = total * 100
    count = 0
    while count < 5:
        count += 1
        if count == 4:
            break
    else:
        total = total * 100
    return total, count


def loops_with_bools(x):
    seen = False
    last = True
    for row in x:
        last = seen
        seen = bool(row.sum() > 0)
    return x + 1 if seen else x, last, seen


def constants_joined(x):
    if x.sum() > 0:
        dtype, device, region, pair = torch.float64, x.device, slice(0, 1), (x, 2)
    else:
        dtype, device, region, pair = torch.float32, x.device, slice(1, 2), (x * 2, 3)
    return x.to(device)[region], pair[0] * pair[1], pair


def points_joined(x):
    if x.sum() > 0:
        point, made = Point(x, 2), Pair(x, 1)
    else:
        point, made = Point(x * 2, 3), Pair(x * 3, 2)
    return point.a * point.b, made.total()


def results_joined(x):
    found = x.max(1) if x.sum() > 0 else x.min(1)
    return found.values, found[1]


def methods_joined(x):
    act = x.abs
    pair = Pair(x, 2)
    function = pair.total if x.sum() > 0 else pair.total
    return act() + function()


def sets_written_in_an_arm(x):
    names = {"a"}
    if x.sum() > 0:
        names.add("b")
        names.discard("b")
        y = x + len(names)
    else:
        y = x
    return y + len(names)


def own_iteration(x):
    total = x
    for number in Countdown(3):
        total = total + number
    for kind in Kind:
        total = total + kind.value
    return total, len(list(Kind)), [kind.name for kind in Kind], Kind.__name__, Kind.__members__["BIG"].value


class Countdown:
    def __init__(self, start):
        self.start = start

    def __iter__(self):
        for number in range(self.start, 0, -1):
            yield number


def private_names(x):
    return Hidden(x).read()


class Hidden:
    __factor = 3

    def __init__(self, x):
        self.__x = x
        self.__count = 1
        self.__count += 2

    def read(self, __scale=2):
        import math as __math

        def __inner(__y):
            return __y * __scale

        __local = __inner(self.__x) * self.__factor
        return __local + self.__count * __math.floor(2.5) + self.__doubled() + self._Hidden__count

    def __doubled(self, **options):
        class_ = type(self)
        return self.__x * class_.__factor + helper(self.__x, scale=2)


def parents(x):
    return Derived(x).total(), Derived(x).doubled(), Derived.scale


class Ancestor:
    scale = 2
    limit = 7

    def __init__(self, x):
        self.x = x

    def total(self):
        return self.x * self.scale

    @property
    def size(self):
        return self.x.size(0)


class Derived(Ancestor):
    scale = 3

    def total(self):
        return super().total() + super().scale + super().limit + super().size

    def doubled(self):
        def inner(y):
            return y * super(Derived, self).scale

        return inner(self.x) + getattr(super(), "missing", 5)


def truth_of_a_pair(x):
    pairs = [(row, row) for row in x]
    return x if pairs[0] else x + 1


def two_lengths(x):
    def split(y):
        for _ in y[:1]:
            if x.size(0) == 4:
                parts = (x, x, x)
            else:
                parts = (x, x)
            y = y + parts[0][0]
        return y

    return split(x)


def functions_of_the_arms(x):
    total = x
    for row in x:
        if x.size(0) == 4:

            def act(y):
                return y + 1
        else:

            def act(y):
                return y - 1

        total = total + act(row)
    return total


def none_or_objects(x):
    total = x
    for row in x:
        if x.size(0) == 4:
            made = Pair(x, 2)
        else:
            made = Point(x, 2)
        total = total + made.a
    return total


def sets_of_the_arms(x):
    total = x
    for row in x:
        if x.size(0) == 4:
            names = {"a", "b"}
        else:
            names = {"c"}
        total = total + len(names)
    return total


def shared_objects(x):
    total = x
    for row in x:
        if x.size(0) == 4:
            one = [x]
            two = one
        else:
            one = [x]
            two = [x * 2]
        total = total + one[0] + two[0]
    return total
