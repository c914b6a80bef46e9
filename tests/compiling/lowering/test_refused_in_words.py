"""Each form of `refused_in_words` and `modules_refused` is refused at the line that says so, in the words it says."""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest

from scriptkit.compiling.lowering import LoweringError, lower
from tests.compiling.forms import modules_refused, refused_in_words
from tests.compiling.test_forms_of_python import Form, inputs

_MARK = "  # says: "
FORMS = [value for value in vars(refused_in_words).values() if inspect.getmodule(value) is refused_in_words]
FUNCTIONS = [value for value in FORMS if isinstance(value, FunctionType)]
MODULES = [value for value in vars(modules_refused).values() if isinstance(value, type) and "forward" in vars(value)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", [*FUNCTIONS, *MODULES], ids=lambda form: form.__name__)
def test_a_form_is_refused_at_its_line_in_its_words(form: Callable[..., Any]) -> None:
    model = form() if isinstance(form, type) else Form(form)
    with pytest.raises(LoweringError) as caught:
        lower(model, (inputs(form.__name__)[0],))
    [found] = caught.value.diagnostics
    line, _, words = linecache.getline(found.path, found.line).rstrip("\n").partition(_MARK)
    assert words, f"{found.path}:{found.line}: {line}: {found.message}"
    assert words in found.message
