"""`scriptkit_form` runs a test with the model as Python, compiled, and saved and loaded."""

from __future__ import annotations

import torch

import scriptkit
from scriptkit.artifact.loaded import LoadedModule
from scriptkit.testing import Form, scriptkit_form
from tests.testing.models import Net, Plain

assert scriptkit_form is not None  # a fixture is found by its name in this module


def test_a_module_computes_the_same_in_each_form(scriptkit_form: Form) -> None:
    torch.manual_seed(0)
    net = scriptkit_form(Net().eval())
    chances = net(torch.ones(2, 4))["chances"]
    assert chances.sum(1).allclose(torch.ones(2))
    assert net.scores(torch.ones(2, 4)).shape == (2, 2)


def test_each_form_is_what_its_name_says(scriptkit_form: Form) -> None:
    made = scriptkit_form(Net())
    assert isinstance(made, LoadedModule) == (scriptkit_form.name == "loaded")
    assert scriptkit.switches.is_eager() == (scriptkit_form.name == "eager")
    assert repr(scriptkit_form) == f"Form({scriptkit_form.name!r})"


def test_a_plain_module_is_compiled(scriptkit_form: Form) -> None:
    made = scriptkit_form(Plain(), (torch.rand(1, 4),))
    assert made(torch.rand(3, 4)).shape == (3, 2)
    if scriptkit_form.name == "compiled":
        assert scriptkit.is_compiled(made)
