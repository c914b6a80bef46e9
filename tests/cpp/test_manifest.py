"""A file with a manifest: programs chosen by size and mode, arguments by name, refusals in the words of the file.

`net.pt2` was written by `tests/cpp/files/make.py`; the calls are recorded here: the last bits are up to a processor.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

import scriptkit
from scriptkit.cpp.recording import write_recording
from tests.cpp.files.make import calls_of
from tests.cpp.running import needs_compiler, run
from tests.cpp.test_models import rewritten

pytestmark = [pytest.mark.slow, needs_compiler]
FILES = Path(__file__).parent / "files"
MODEL = FILES / "net.pt2"
MANIFEST = "extra/scriptkit.json"


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `scriptkit.load` answers."""
    recording = tmp_path_factory.mktemp("calls") / "net.zip"
    write_recording(recording, calls_of(scriptkit.load(MODEL)))
    return recording


def test_every_call_is_answered_as_by_scriptkit_load(driver: Path, calls: Path) -> None:
    with zipfile.ZipFile(calls) as archive:
        refused = [call["refused"] for call in json.loads(archive.read("recording/calls.json"))]
    said = run(driver, "replay", MODEL, calls).stdout.splitlines()
    assert [line.split()[0] for line in said] == ["refused" if one else "equal" for one in refused]
    assert refused.count(True) == 7


def test_the_refusals_are_those_of_the_manifest(driver: Path, calls: Path) -> None:
    said = [line for line in run(driver, "replay", MODEL, calls).stdout.splitlines() if line.startswith("refused")]
    for words in (
        "`scale` must be",
        "dimension 1 of `x` must be 4, not 5",
        "`x` must be float32, not float64",
        "`x` must have 2 dimensions, not 1",
        "the argument `x` is missing",
        "`k` is missing",
        "a dictionary of 1 is expected, not a list of 1",
    ):
        assert any(words in line for line in said), words


def test_methods_are_listed(driver: Path) -> None:
    assert run(driver, "methods", MODEL).stdout.split() == ["forward", "encode"]


def test_another_mode_runs_another_program(driver: Path, calls: Path) -> None:
    said = run(driver, "modes", MODEL, calls).stdout.splitlines()
    assert said[0] == "equal"
    assert said[1].startswith("different")  # the second call again, in train(): normalised by its own statistics


def test_an_entry_that_is_changed_added_or_lost_is_found(driver: Path, tmp_path: Path) -> None:
    def changed(entries: dict[str, bytes]) -> None:
        entries["models/model.json"] += b" "

    def added(entries: dict[str, bytes]) -> None:
        entries["data/more"] = b""

    def lost(entries: dict[str, bytes]) -> None:
        del entries["data/weights/weight_0"]

    for change, words in ((changed, "its checksum is another"), (added, "was added"), (lost, "is missing")):
        done = run(driver, "methods", rewritten(MODEL, tmp_path / "model.pt2", change))
        assert done.returncode == 2
        assert words in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"manifest_version": "1.0"', '"manifest_version": "2.0"', "a newer runtime"),
        ('"format": "scriptkit-pt2"', '"format": "another"', "another format"),
        ('"kind": "either"', '"kind": "strange"', "a parameter of kind `strange`"),
    ],
)
def test_a_manifest_that_is_not_understood_is_refused(
    old: str, new: str, words: str, driver: Path, tmp_path: Path
) -> None:
    def change(entries: dict[str, bytes]) -> None:
        text = entries[MANIFEST].decode()
        assert old in text
        entries[MANIFEST] = text.replace(old, new).encode()

    done = run(driver, "methods", rewritten(MODEL, tmp_path / "model.pt2", change))
    assert done.returncode == 2, done.stdout
    assert words in done.stdout
