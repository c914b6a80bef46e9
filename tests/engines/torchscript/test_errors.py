"""A refused module: one `CompilationError`, a diagnostic per failing method, the user's places and words."""

import linecache
import os
import re
import sys
import traceback
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from torch import Tensor

import scriptkit
from scriptkit import ScriptableModule
from scriptkit.errors import CompilationError, ScriptkitError
from tests.scenarios.comparing import assert_same
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled

with mock.patch.dict(os.environ, SCRIPTKIT_CHECK="off"):  # the constructor is the matter here
    from tests.engines.torchscript import broken_models
    from tests.engines.torchscript.broken_models import Good, broken

HERE = Path(broken_models.__file__)


@pytest.fixture(autouse=True)
def _checks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The class statement lets everything pass: the constructor is the matter."""
    monkeypatch.setenv("SCRIPTKIT_CHECK", "off")


def line_of(text: str) -> int:
    """The number of the only line of the models with the text."""
    lines = [n for n, line in enumerate(HERE.read_text().splitlines(), 1) if text in line]
    assert len(lines) == 1, f"{text}: {lines}"
    return lines[0]


def test_every_failing_method_of_the_tree_in_source_order() -> None:
    with pytest.raises(CompilationError) as caught:
        broken()()
    diagnostics = caught.value.diagnostics
    wanted = [line_of(f"# {number} failing line") for number in ("first", "second", "third", "fourth")]
    assert [d.line for d in diagnostics] == wanted
    assert {d.path for d in diagnostics} == {str(HERE)}
    assert {d.severity for d in diagnostics} == {"error"}
    assert all(re.fullmatch(r"SK\d\d\d", d.code) and d.name for d in diagnostics)
    assert [(d.class_name, d.method) for d in diagnostics] == [
        ("", "free"), ("Inner", "forward"), ("Middle", "forward"), ("Middle", "helper"),
    ]  # fmt: skip
    assert "4" in caught.value.headline
    assert "Root" in caught.value.headline


def test_columns_point_at_the_expression() -> None:
    with pytest.raises(CompilationError) as caught:
        broken()()
    lines = HERE.read_text().splitlines()
    pointed = [lines[d.line - 1][d.column - 1 : d.end_column - 1] for d in caught.value.diagnostics]
    assert pointed[0].startswith("x.nosuch")
    assert pointed[1] == "self.missing"
    assert pointed[3].startswith('x + "a')


def test_messages_say_what_is_wrong_without_overload_dumps() -> None:
    with pytest.raises(CompilationError) as caught:
        broken()()
    first, second, _, fourth = caught.value.diagnostics
    assert "nosuch" in first.message
    assert "missing" in second.message
    assert "str" in fourth.message + fourth.note
    for diagnostic in caught.value.diagnostics:
        text = diagnostic.message + diagnostic.note
        assert "aten::" not in diagnostic.message
        assert "following variants are available" not in text
        assert len(text) < 400
        assert "\n" not in diagnostic.message
    assert len(str(caught.value).splitlines()) < 50


def test_the_traceback_ends_at_the_constructor_call_and_the_failing_line() -> None:
    with pytest.raises(CompilationError) as caught:
        broken()()
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert frames[0].line == "broken()()"
    assert (frames[-1].filename, frames[-1].lineno) == (str(HERE), line_of("# first failing line"))
    between = [f for f in frames[1:-1] if "torch" in Path(f.filename).parts]
    assert not between
    assert len(frames) <= 5
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_the_error_draws_every_place() -> None:
    with pytest.raises(CompilationError) as caught:
        broken()()
    text = str(caught.value)
    assert text.count("error[SK") == 4
    assert "return x.nosuch()" in text
    assert "^" in text


def test_two_attempts_say_the_same_and_good_classes_stay_usable() -> None:
    texts = set()
    for _ in range(3):
        with pytest.raises(CompilationError) as caught:
            broken()()
        texts.add(str(caught.value))
    assert len(texts) == 1
    assert_same(run_compiled(Good(), batch()), batch() + 1)


def test_a_module_that_failed_within_another_constructor_is_told_once_at_the_outermost() -> None:
    class Holder(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.root = broken()()

        def forward(self, x: Tensor) -> Tensor:
            return self.root(x)  # type: ignore[no-any-return]

    with pytest.raises(CompilationError) as caught:
        Holder()
    assert len(caught.value.diagnostics) == 4
    assert "Holder" in caught.value.headline


SOURCELESS = """
import torch
from scriptkit import ScriptableModule

class Made(ScriptableModule):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + 1
"""


def test_a_class_without_source_is_refused_with_the_way_out() -> None:
    namespace: dict[str, type[ScriptableModule]] = {"__name__": "made_by_exec"}  # type: ignore[dict-item]
    exec(SOURCELESS, namespace)
    with pytest.raises(ScriptkitError, match=r"(?i)source") as caught:
        namespace["Made"]()
    assert "Made" in str(caught.value)
    assert re.search(r"file|linecache", str(caught.value))


def cell(number: int, text: str) -> str:
    """Register the text as Jupyter registers a cell; give its name."""
    name = f"<ipython-input-{number}-0123456789ab>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    return name


def test_a_class_in_a_notebook_cell_compiles() -> None:
    namespace: dict[str, type[ScriptableModule]] = {"__name__": "__main__"}  # type: ignore[dict-item]
    exec(compile(SOURCELESS, cell(1, SOURCELESS), "exec"), namespace)
    assert_same(run_compiled(namespace["Made"](), batch()), batch() + 1)


def test_a_cell_run_again_with_another_text_compiles_the_new_text() -> None:
    for number, change in ((2, "+ 2"), (3, "+ 3")):
        text = SOURCELESS.replace("+ 1", change)
        namespace: dict[str, type[ScriptableModule]] = {"__name__": "__main__"}  # type: ignore[dict-item]
        exec(compile(text, cell(number, text), "exec"), namespace)
        assert_same(run_compiled(namespace["Made"](), batch()), batch() + number)


def test_an_error_in_a_cell_points_into_the_cell() -> None:
    text = SOURCELESS.replace("x + 1", "x.nosuch()")
    name = cell(4, text)
    namespace: dict[str, type[ScriptableModule]] = {"__name__": "__main__"}  # type: ignore[dict-item]
    exec(compile(text, name, "exec"), namespace)
    with pytest.raises(CompilationError) as caught:
        namespace["Made"]()
    assert (caught.value.diagnostics[0].path, caught.value.diagnostics[0].line) == (name, 7)


def test_python_3_14_is_refused_in_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("major", "minor", "micro", "releaselevel", "serial")
    monkeypatch.setattr(sys, "version_info", namedtuple("Version", names)._make((3, 14, 0, "final", 0)))  # type: ignore[attr-defined]  # noqa: PYI024
    with pytest.raises(ScriptkitError, match=r"3\.14") as caught:
        Good()
    assert "torch.jit" in str(caught.value) or "TorchScript" in str(caught.value)


def test_disabled_by_the_environment_everything_is_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTKIT_DISABLE", "1")
    cls = broken()
    net = cls()
    assert not scriptkit.is_compiled(net)
    good = Good()
    assert_same(good(batch()), batch() + 1)
    assert not scriptkit.is_compiled(good)


SWITCHED_OFF = """
import torch, scriptkit
from tests.scenarios.models import Outer
net = Outer()
net(torch.ones(2, 4))
assert not scriptkit.is_compiled(net)
assert scriptkit.report(net).rows
"""


def test_torchs_own_switch_is_obeyed() -> None:
    import subprocess

    root = Path(__file__).parents[3]
    environment = {**os.environ, "PYTORCH_JIT": "0", "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-W", "error", "-c", SWITCHED_OFF], check=True, env=environment, timeout=120)


def test_the_public_errors_are_exported() -> None:
    names = SimpleNamespace(**{name: getattr(scriptkit, name) for name in ("CompilationError", "ScriptabilityError")})
    assert names.CompilationError is CompilationError
    assert issubclass(names.ScriptabilityError, ScriptkitError)
