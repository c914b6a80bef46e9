"""Kinds of modules: what a mark or a hook makes another one."""

from torch import nn

import scriptkit
from scriptkit.compiling.plan.alike import Alike, kind_of


def test_a_marked_module_is_of_another_kind() -> None:
    plain, marked = nn.Linear(2, 2), scriptkit.traced(nn.Linear(2, 2), example_inputs=())
    assert kind_of(plain) != kind_of(marked)
    assert hash(kind_of(marked))


def test_one_of_each_kind_is_asked_for_each_question() -> None:
    asked: list[nn.Module] = []
    alike = Alike()
    parts = [nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()]

    def ask(module: nn.Module) -> str:
        asked.append(module)
        return type(module).__name__

    assert [alike.answer("what", part, ask) for part in parts] == ["Linear", "Linear", "ReLU"]
    assert asked == [parts[0], parts[2]]
    alike.answer("why", parts[0], ask)
    assert len(asked) == 3
