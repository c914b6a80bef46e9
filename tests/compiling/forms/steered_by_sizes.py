"""Branches, loops and jumps that the sizes of a tensor decide. Each function takes one float tensor of rank 2."""

# as other people write them: neither typed nor linted
# mypy: ignore-errors

import torch


def breaks_out_of_a_range(x):
    total = x * 0
    for index in range(x.size(0)):
        if index > 2:
            break
        total = total + x[index] * index
    return total


def breaks_out_of_rows(x):
    total = x[0]
    for row in x:
        if total.size(0) > 9:
            break
        total = torch.cat([total, row])
    return total


def skips_in_a_range(x):
    total = x * 0
    for index in range(1, x.size(0)):
        if index % 2 == 0:
            continue
        total = total + x[index]
    return total


def skips_and_breaks(x):
    total = x.sum()
    count = 0
    for index in range(x.size(0) * 2):
        if index == 1:
            continue
        if index > 5:
            total = total * 2
            break
        else:
            count = count + index
        total = total + index
    return total, count


def jumps_in_nested_branches(x):
    total = x.sum()
    for index in range(x.size(0)):
        if index > 1:
            if x.size(1) > 2:
                total = total - 1
                continue
            else:
                break
        total = total + index
    return total


def jump_in_the_other_arm(x):
    total = x.sum()
    for index in range(x.size(0) + 1):
        if index < 3:
            total = total + index
        else:
            break
        total = total * 2
    return total


def list_in_a_loop_with_jumps(x):
    rows = []
    for index in range(x.size(0)):
        if index == 1:
            continue
        rows.append(x[index] * index)
    return torch.stack(rows)


def counts_down(x):
    n = x.size(0) * 3
    total = x
    while n > 1:
        n = n // 2
        total = total + n
    return total, n


def counts_and_breaks(x):
    n = x.size(0)
    total = x
    while True:
        n = n + 2
        if n > 9:
            break
        total = total * n
    return total


def counts_and_skips(x):
    n = 0
    total = x
    while n < x.size(0) * 2:
        n = n + 1
        if n % 3 == 0:
            continue
        total = total + n
    return total


def grows_while_it_counts(x):
    rows = [x[0]]
    while len(rows) < x.size(0):
        rows.append(rows[-1] + x[len(rows)])
    return torch.stack(rows)


def appends_in_an_arm(x):
    rows = [row for row in x]
    if x.size(0) > 3:
        rows.append(x[0] * 2)
    return torch.stack(rows)


def tests_of_several(x):
    n, m = x.size(0), x.size(1)
    y = x + 1 if n > 2 and m > 2 else x
    z = y * 2 if n < 3 or m > 5 or n == 4 else y
    return z, not n > 2, n > 2 and m > 2 and n < 9


def refuses_a_size(x):
    if x.size(0) > 100:
        raise ValueError("too many rows")
    assert x.size(1) < 50, "too many columns"
    assert x.size(1) != 51
    if x.size(0) < 60:
        y = x + 1
    else:
        raise NotImplementedError
    return y


def walks_unbound(x):
    total = x[0] * 0
    for part in x.unbind(0):
        total = total + part
    for part in x.split(1, 0):
        total = total + part.sum()
    return total, x.unbind(1)[1]


def writes_and_reads_items(x):
    y = x * 2
    y[0] = 3
    y[:, 1] += 1
    y[x.size(0) - 1, 2] = 7
    return y, y[x.size(0) - 1], y[-1, :2], y[..., 0], y[None]


def optional_by_size(x):
    y = x * 2 if x.size(0) > 2 else None
    if y is None:
        return x
    return y + 1


def numbers_by_size(x):
    n = x.size(0)
    half = n / 2
    scale = half if n > 2 else 0.5
    count = n if half > 1.5 else -n
    return x * scale + count, int(half), float(n), half


def loops_in_loops(x):
    total = x * 0
    for i in range(x.size(0)):
        for j in range(i):
            if j == 2:
                break
            total[i] += x[j]
        if i == 3:
            break
    return total


def loops_with_branches(x):
    total = x[0]
    for index in range(x.size(0)):
        if index == 0:
            total = total + 5
        elif index < 2:
            total = total * 2
        else:
            total = total + x[index]
    return total


def rows_behind_rows(x):
    rows = [x[-1]]
    for row in x:
        rows.append(row * 2)
    rows.append(x[0])
    total = x[0] * 0
    for row in rows:
        total = total * 2 + row
    return torch.stack(rows), total


def lists_of_rows_are_joined(x):
    rows = [row + 1 for row in x]
    more = [x[0]] + rows
    twice = rows + [row * 2 for row in x]
    for row in x:
        rows.append(row)
    copied = rows.copy()
    copied.append(x[0])
    return torch.stack(rows), torch.stack(more), torch.stack([x[0]] + twice), torch.stack(copied)


def counts_from_another_start(x):
    n, total = x.size(0), x.sum()
    index = 7
    for index in range(1, n):
        total = total * 2 + index
    for later in range(n - 2, n + 3):
        if later == 4:
            continue
        total = total + later
    for never in range(n + 2, n):
        total = total * 0
    for inner in range(2, n):
        for again in range(inner, n):
            total = total + again
    return total, index


def jump_deep_in_one_arm(x):
    total = x.sum()
    for index in range(x.size(0)):
        if index > 0:
            if x.size(1) > 5 or index == 3:
                break
            if index == 2:
                total = total - 1
                continue
            total = total + 1
        total = total * 2 + index
    return total


def lists_within_rounds(x):
    total = x[0].sum()
    for index in range(x.size(0)):
        parts = []
        for place in range(x.size(1)):
            parts.append(x[index] * place)
        total = total + torch.stack(parts).sum()
    return total


def grows_in_an_arm(x):
    rows = [x[0]]
    while len(rows) < x.size(0):
        if len(rows) % 2 == 1:
            rows.append(x[1])
        else:
            rows.append(x[0] * 2)
    return torch.stack(rows)


def counts_in_steps(x):
    total = x.sum()
    for index in range(0, x.size(0), 2):
        total = total * 2 + index
    return total


def from_the_end(x):
    total = x.sum()
    rows = []
    for index in reversed(range(x.size(0))):
        total = total * 2 + index
        rows.insert(0, x[index] * total)
    for index in range(x.size(0) - 1, -1, -1):
        total = total - x[index].sum() * index
    for index in reversed(range(1, x.size(0), 3)):
        total = total * index
    for row in reversed(x):
        total = total + row[0] * total
    return total, torch.stack(rows)


def turned_round(x):
    rows = [row * 2 for row in x]
    total = x.sum()
    for number, row in enumerate(reversed(rows)):
        total = total * 3 + row.sum() * number
    rows.reverse()
    for row, other in zip(rows, rows[::-1]):
        total = total * 2 + (row - other).sum()
    return torch.stack(rows), torch.cat(rows[::-1]), total


def windows(x):
    rows = []
    for index in range(x.size(0)):
        rows.append(x[index : index + 1] * index)
    for part in x.split(1):
        rows.append(part)
    return torch.cat(rows)
