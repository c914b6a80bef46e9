"""Lists of Python that a loop of a run-time length changes, under whatever name, and lists it binds anew."""

# as other people write them: neither typed nor linted
# mypy: ignore-errors


def appended_by_two_names(x):
    found = []
    other = found
    for row in x:
        other.append(row)
    return found, len(other)


def appended_by_bound_method(x):
    found = [x[0]]
    add = found.append
    for row in x:
        add(row)
    return found


def appended_in_dict(x):
    found = {"up": [], "down": [], "n": [1, 2]}
    for i, row in enumerate(x):
        if row.sum() > 0:
            found["up"].append(row)
        else:
            found["down"].append(row)
        found["n"].append(i)
    return found["up"], found["down"], found["n"]


def appended_in_tuple(x):
    pair = ([], [0.5])
    for row in x:
        pair[0].append(row)
        pair[1].append(row.sum().item())
    return pair


def appended_by_helper(x):
    def collect(into, rows):
        for row in rows:
            if row.sum() > 0:
                into.append(row)

    found = []
    collect(found, x)
    collect(found, x + 1)
    return found


def appended_by_closure(x):
    found = []

    def put(row, into=found):
        if row.sum() > 0:
            into.append(row)

    for row in x:
        put(row)
    return found, len(found)


class _Bag:
    def __init__(self):
        self.rows = []

    def put(self, row):
        self.rows.append(row)


def appended_in_object(x):
    bag = _Bag()
    for row in x:
        bag.put(row)
    return bag.rows


def appended_in_inner_loop(x):
    found, sizes = [], []
    for row in x:
        for value in row:
            if value > 0:
                found.append(value)
        sizes.append(len(found))
    return found, sizes


def extended_and_inserted(x):
    found = [x[0]]
    for row in x:
        found.extend([row, row * 2])
        found.insert(0, row + 1)
        found += [row]
    return found


def popped_from_front(x):
    window = [x[0]]
    for row in x:
        window.append(row)
        if len(window) > 2:
            window.pop(0)
    return window


def bound_anew(x):
    found, sizes = [], []
    for row in x:
        found = found + [row]
        sizes = [*sizes, len(found)]
    return found, sizes


def appended_then_bound_anew(x):
    first = [x[0]]
    found = first
    for row in x:
        found.append(row)
        found = found[-2:]
    return first, found


def appended_by_other_name_while_walked(x):
    found = list(x)
    other = found
    for row in x:
        if row.sum() > 100:
            other = other + [row]
    for i, row in enumerate(found):
        if i > 5:
            break
        other.append(row)
    return found


def appended_what_differs(x):
    found = [1, x]
    for row in x:
        found.append(row)
    return found


def appended_to_the_callers(x, into=[]):  # noqa: B006 - a list that outlives the call
    for row in x:
        into.append(row)
    return x


def popped_where_the_run_says(x):
    found = [x, x]
    for i in range(x.shape[0] - 1):
        found.append(x)
        found.pop(i)
    return found


def inserted_at_no_number(x):
    found = [x]
    for row in x:
        found.append(x)
        found.insert(row.sum(), x)
    return found


def appended_by_other_name_then_made_anew(x):
    found = [x[0]]
    for row in x:
        other = found
        other.append(row)
        found = [row]
    return found


def bound_anew_in_inner_loop(x):
    found = [x[0, 0]]
    for row in x:
        for value in row:
            found = found + [value]
    return found


def binds_anew_the_callers(x, into=[]):  # noqa: B006 - a list that outlives the call
    for row in x:
        into = into + [row]
    return into


def grows_while_an_expression_is_evaluated(x):
    found = [x[0]]

    def grown():
        for row in x:
            found.append(row)
        return [x[0]]

    joined = found + grown()
    pair = (found, grown(), len(found))
    return len(joined), len(pair[0]), pair[2]


def grows_after_it_was_put_into_a_list(x):
    groups = []
    for row in x:
        group = []
        groups.append(group)
        group.append(row)
    return [len(group) for group in groups]


def swapped_in_each_round(x):
    one, two = [x[0]], [x[0] * 2]
    for row in x:
        one.append(row)
        one, two = two, one
    return one, two


def bound_to_one_list_by_two_names(x):
    one = two = [x[0]]
    for row in x:
        one = two = [row]
        one.append(row)
    return one, two
