"""Arms that cannot be joined: that of four rows, which the example has not, raises at run time and tells why."""

# as other people write them: neither typed nor linted
# mypy: ignore-errors

import torch
import torch.nn.functional as F
from torch import nn

from tests.compiling.forms.classes import *


def dtype_or_number(x):
    if x.size(0) == 4:  # says: a `int` or a `dtype`
        return 3
    return torch.float32


def jumps_out_of_a_block(x):
    for row in x:
        with torch.no_grad():
            if x.size(0) == 4:
                break  # says: `break` or `continue` leaves a `with` or `try` block
    return x
