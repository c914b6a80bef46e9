"""No source ends a check: what cannot be read is one finding, and the other files are still told."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scriptkit.checking import check_paths, check_source
from scriptkit.checking.judging import judge_text
from scriptkit.cli import main
from scriptkit.rules.examples import forward, program

HEAD = """from torch import Tensor
from scriptkit import ScriptableModule
class M(ScriptableModule):
    def forward(self, x: Tensor) -> Tensor:
"""
DEEP = {
    "a sum outside classes": "x = " + " + ".join(["1"] * 5000) + "\n",
    "a sum in a forward": HEAD + "        return " + " + ".join(["x"] * 3000) + "\n",
    "a chain of calls": HEAD + "        return x" + ".t()" * 2000 + "\n",
    "a chain of subscripts": HEAD + "        return x" + "[0]" * 2000 + "\n",
    "a chain of `not`": HEAD + "        y = " + "not " * 2000 + "True\n        return x\n",
    "a chain of minus signs": HEAD + "        return " + "-" * 3000 + "x\n",
    "brackets": "x = " + "(" * 150 + "1" + ")" * 150 + "\n" + "y = " + "[" * 5000 + "]" * 5000 + "\n",
    "many `elif`": HEAD
    + "        if x is None:\n            y = 1\n"
    + "".join(f"        elif x.size(0) == {i}:\n            y = {i}\n" for i in range(1500))
    + "        return x\n",
    "a dictionary in a dictionary": "x = " + "{1: " * 3000 + "1" + "}" * 3000 + "\n",
    "lambdas": "x = " + "lambda: " * 3000 + "1\n",
}
CODINGS = [
    "rot13",
    "punycode",
    "utf-16",
    "utf-32",
    "undefined",
    "idna",
    "hex",
    "zlib",
    "no-such-coding",
    "unicode_escape",
]
WRONG = program(forward("return torch.cat([x, x], axis=0)"))


@pytest.mark.parametrize("what", DEEP)
def test_what_nests_deep_is_checked_or_one_finding(what: str) -> None:
    found = check_source(DEEP[what], all_modules=True)
    unreadable = [finding for finding in found if finding.name == "unreadable-file"]
    assert len(unreadable) <= 1
    assert all("internal error" not in finding.message for finding in found)


@pytest.fixture
def pythons_own_depth() -> Iterator[None]:
    """The recursion limit a process starts with: mypy and torch.compile raise it for good where they run."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("pythons_own_depth")
def test_a_finding_about_depth_says_what_to_do() -> None:
    [finding] = check_source(DEEP["a sum in a forward"])
    assert finding.message == "an expression or a block of the file nests too deep to be checked"
    assert "break the deepest expression" in (finding.help or "")


@pytest.mark.parametrize("coding", CODINGS)
def test_a_coding_line_without_a_coding_of_text_is_one_finding(
    coding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.py").write_text(f"# coding: {coding}\nx = 'y'\n")
    (tmp_path / "b.py").write_text(WRONG)
    found = check_paths([tmp_path], all_modules=True)
    assert [finding.name for finding in found if finding.path.endswith("a.py")] in (["unreadable-file"], [])
    assert "call-unknown-kwarg" in {finding.name for finding in found} or any(f.path.endswith("b.py") for f in found)
    with pytest.raises(SystemExit) as ended:
        main(["check", "--all-modules", "--fix", str(tmp_path)])
    assert ended.value.code in (0, 1, 2)
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "data", [b"\xff\xfe", b"x = '\0'\n", b"\xef\xbb\xbf# coding: latin-1\n", b"\x80", b"'''", b"\\"]
)
def test_bytes_that_are_no_text_are_one_finding(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(data)
    assert [finding.name for finding in check_paths([tmp_path])] == ["unreadable-file"]


def test_a_failure_of_ours_is_told_as_one_and_the_other_files_are_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scriptkit.checking import paths

    judging = judge_text

    def failing(text: str, *arguments: object, **keywords: object) -> object:
        if "fails" in text:
            raise AttributeError("of ours")
        return judging(text, *arguments, **keywords)  # type: ignore[arg-type]

    monkeypatch.setattr(paths, "judge_text", failing)
    (tmp_path / "a.py").write_text("fails = 1\n")
    (tmp_path / "b.py").write_text("x = (\n")
    found = check_paths([tmp_path])
    assert [finding.message.partition(":")[0] for finding in found] == [
        "internal error",
        "the file cannot be read as Python",
    ]


def test_a_class_statement_whose_code_nests_deep_is_left_to_the_constructor(tmp_path: Path) -> None:
    from tests.rules.loading import load_file

    path = tmp_path / "deep_class.py"
    path.write_text(HEAD + "        return " + " + ".join(["x"] * 600) + "\n")
    assert load_file(path).M.__name__ == "M"
