"""Loops of a run-time length that end before their time: `return`, `break` with an `else`, loops in loops."""

# as other people write them: neither typed nor linted
# mypy: ignore-errors

import contextlib

import torch


def loop_else_of_run(x):
    for row in x:
        if row.sum() > 0:
            break
    else:
        x = x + 1
    return x


def while_else_of_run(x):
    n = 0
    while n < x.shape[0]:
        if x[n].sum() > 1:
            break
        n += 1
    else:
        return x * 0, -5
    return x, n


def return_in_loop_of_run(x):
    for row in x:
        if row.sum() > 100:
            return row
    return x


def returns_or_none(x):
    for row in x:
        if row.sum() > 1:
            return row * 2


def returns_none_or_row(x):
    for row in x:
        if row.sum() > 2:
            return None
        if row.sum() > 0:
            return row
    return x[0]


def returns_numbers_and_texts(x):
    for i, row in enumerate(x):
        if row.sum() > 1:
            return i, "large", True
        if row.sum() < -1:
            return -i, "small", False
    return 0, "none", True


def returns_structures(x):
    n = 0
    for row in x:
        n += 1
        if row.sum() > 0:
            return {"row": row, "at": [n, n + 1], "kind": "one", "size": x.shape}
    return {"row": x[0], "at": [0, 1], "kind": "one", "size": x.shape}


def returns_one_object_twice(x):
    for row in x:
        if row.sum() > 0:
            made = [row]
            pair = made, made
            return pair
    made = [x[0]]
    return made, made


def returns_in_while(x):
    n = 0
    while x.abs().sum() < 100:
        x = x.abs() * 2 + 1
        n += 1
        if n > 3:
            return x, n
    return x * 0, n


def returns_from_endless_loop(x):
    n = 0
    while True:
        x = x.abs() * 2 + 1
        n += 1
        if x.sum() > 50:
            return x, n


def returns_from_inner_loop(x):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > 1:
                return x[i, j], i, j
    return x.sum(), -1, -1


def returns_on_both_sides(x):
    for row in x:
        if row.sum() < 0:
            return row
        else:
            return row * 2
    return x[0]


def returns_what_it_gathered(x):
    seen = []
    for row in x:
        if row.sum() > 1:
            return seen
        seen.append(row)
    return seen


def returns_what_it_has_stacked(x):
    seen = []
    for row in x:
        seen.append(row)
        if row.sum() > 1:
            return torch.stack(seen)
    return torch.stack(seen) * 2


def returns_from_helper_in_loop(x):
    def first_above(limit):
        for row in x:
            if row.sum() > limit:
                return row
        return x[0]

    out = []
    for limit in range(x.shape[0]):
        out.append(first_above(limit))
    return torch.stack(out)


def returns_from_unrolled_in_loop(x):
    for row in x:
        for factor in (1, 2, 3):
            if row.sum() > factor:
                return row * factor
    return x[0]


def returns_from_loop_in_unrolled(x):
    for factor in (1, 2, 3):
        for row in x:
            if row.sum() > factor:
                return row * factor
    return x[0]


def returns_from_loop_in_branch(x):
    y = x + 1
    if x.sum() > 0:
        for row in x:
            if row.sum() > 1:
                return row * 2
        y = y + 1
    return y.sum(0)


def returns_from_loop_without_gradient(x):
    with torch.no_grad():
        for row in x:
            if row.sum() > 1:
                return row
        return x[0]


def returns_from_nothing_in_loop(x):
    for row in x:
        with contextlib.nullcontext():
            if row.sum() > 1:
                return row
    return x[0]


def while_in_for(x):
    y = x[0]
    for row in x:
        n = 0
        while row.sum() > 1 and n < 5:
            row = row / 2
            n += 1
            if n > 3:
                return row, y
        y = y + row
    return y, y


def returns_int_or_tensor(x):
    for i, row in enumerate(x):
        if row.sum() > 1:
            return i
        if row.sum() < -1:
            return row
    return x


def returns_lists_of_two_lengths(x):
    for row in x:
        if row.sum() > 1:
            return [row]
        if row.sum() < -1:
            return [row, row]
    return [x[0]]


def returns_one_list_twice_at_times(x):
    for row in x:
        one, two = [row], [row]
        if row.sum() > 1:
            return one, one
        if row.sum() < -1:
            return one, two
    return None


def returns_from_no_grad_in_loop(x):
    for row in x:
        with torch.no_grad():
            if row.sum() > 1:
                return row
    return x[0]


def returns_from_try_in_loop(x):
    for row in x:
        try:
            if row.sum() > 1:
                return row
        except ValueError:
            return x
    return x[0]


def returns_from_try_with_finally_in_loop(x):
    for row in x:
        try:
            if row.sum() > 1:
                return row
        finally:
            x = x + 1
    return x[0]


def breaks_inside_a_block_of_an_unrolled_loop(x):
    y = x[0]
    for row in x:
        for factor in (1, 2, 3):
            y = y + row * factor
            with contextlib.nullcontext():
                break
    return y
