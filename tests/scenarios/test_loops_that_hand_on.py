"""What a loop makes in one round and changes in the next is new in every round: live, and in the file, at any call."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit.errors import VerificationError

X = torch.arange(18.0).view(9, 2)


def nothing() -> list[int]:
    empty: list[int] = []
    return empty


class ResetInABranch(nn.Module):
    def forward(self, x: Tensor) -> list[int]:
        out: list[int] = []
        word: list[int] = []
        for i in range(x.size(0)):
            if i % 3 == 2:
                out.append(len(word))
                word = []
            else:
                word.append(i)
        return out


class ResetByAFunction(nn.Module):
    def forward(self, x: Tensor) -> list[int]:
        out: list[int] = []
        word: list[int] = []
        for i in range(x.size(0)):
            if i % 3 == 2:
                out.append(len(word))
                word = nothing()
            else:
                word.append(i)
        return out


class ResetAtTheEndOfARound(nn.Module):
    def forward(self, x: Tensor) -> list[int]:
        out: list[int] = []
        word = [1]
        for i in range(x.size(0)):
            word.append(i)
            out.append(len(word))
            word = [2]
        return out


class DictionaryReset(nn.Module):
    def forward(self, x: Tensor) -> list[int]:
        out: list[int] = []
        seen = {"a": 1}
        i = 0
        while i < x.size(0):
            for j in range(2):
                seen[str(i + j)] = i
                if (i + j) % 3 == 1:
                    seen = {"b": 1}
            out.append(len(seen))
            i += 1
        return out


class ListInATuple(nn.Module):
    def forward(self, x: Tensor) -> list[int]:
        out: list[int] = []
        state: tuple[list[int], int] = ([0], 1)
        for i in range(x.size(0)):
            state[0].append(i)
            out.append(len(state[0]) + state[1])
            state = ([1], i)
        return out


class TensorsSwapped(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y, z, total = torch.zeros(2), x + 1, torch.zeros(())
        for _ in range(3):
            before = z.sum()
            y.add_(1)
            total = total + before * 2 + z.sum() * 3
            y = z
        return total


class WriteIntoWhatIsHandedOn(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x = x.clone()
        y = torch.zeros(2)
        for i in range(3):
            y[0] += 1
            if i == 1:
                y = x[0]
        return x


class ManyNames(nn.Module):
    def forward(self, x: Tensor, todo: dict[str, list[int]]) -> list[int]:
        out: list[int] = []
        current: list[int] = []
        kept: list[list[int]] = []
        for name, items in todo.items():
            current.extend(items)
            kept.append(current)
            current = items if len(name) > 1 else nothing()
        for one in kept:
            out += [len(one)]
        return out


CASES = [
    ResetInABranch,
    ResetByAFunction,
    ResetAtTheEndOfARound,
    DictionaryReset,
    ListInATuple,
    TensorsSwapped,
    WriteIntoWhatIsHandedOn,
]


def loaded(module: nn.Module) -> torch.jit.ScriptModule:
    """As a program in C++ has it: torch's own loader, torch's default executor."""
    file = io.BytesIO()
    scriptkit.save(module, file)
    file.seek(0)
    return torch.jit.load(file)  # type: ignore[no-any-return]


def same(one: object, other: object) -> bool:
    return torch.equal(one, other) if isinstance(one, Tensor) and isinstance(other, Tensor) else one == other


@pytest.mark.parametrize("cls", CASES, ids=lambda cls: cls.__name__)
def test_every_call_gives_what_python_gives(cls: type[nn.Module]) -> None:
    expected = cls()(X.clone())
    compiled = scriptkit.compile(cls())
    file = loaded(compiled)
    for _ in range(4):
        assert same(compiled(X.clone()), expected)
        assert same(file(X.clone()), expected)


def test_a_list_of_the_callers_is_handed_on_and_changed() -> None:
    def fresh() -> dict[str, list[int]]:
        return {"a": [1], "bb": [2, 3], "cc": [4]}

    expected_in = fresh()
    expected = ManyNames()(X, expected_in)
    compiled, file = scriptkit.compile(ManyNames()), loaded(scriptkit.compile(ManyNames()))
    for _ in range(3):
        given = fresh()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", scriptkit.errors.ScriptkitEagerWarning)
            assert compiled(X, given) == expected
        assert given == expected_in
        assert file(X, fresh()) == expected


class GrowsInItsFile(nn.Module):
    """What torch's own compiler makes of it keeps its list from call to call."""

    def forward(self, x: Tensor) -> Tensor:
        return x


def test_save_calls_the_file_more_than_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is right in its first call only is found before it is written."""
    from scriptkit.artifact import measuring

    calls: list[str] = []
    true_run: Any = vars(measuring)["_run"]

    def wrong_in_the_second_call(module: nn.Module, *more: Any) -> Any:
        is_file = isinstance(module, torch.jit.ScriptModule)
        calls.append("file" if is_file else "python")
        made = true_run(module, *more)
        return replace(made, result=made.result + 1) if is_file and calls.count("file") > 2 else made

    monkeypatch.setattr(measuring, "_run", wrong_in_the_second_call)
    with pytest.raises(VerificationError, match=r"(reloaded|compiled) differs"):
        scriptkit.save(scriptkit.compile(GrowsInItsFile()), io.BytesIO(), example_inputs=(X,))
