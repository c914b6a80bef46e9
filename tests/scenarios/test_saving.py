"""Files: a plain `.pt` for any LibTorch program, written whole or not at all."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import scriptkit
from scriptkit import ScriptableModule
from tests.scenarios.comparing import assert_same, twins
from tests.scenarios.matrix import row
from tests.scenarios.models import Counter, Encoder, Net, Outer
from tests.scenarios.test_running import batch
from tests.scenarios.watching import run_compiled

BARE = """
import sys, torch
model = torch.jit.load(sys.argv[1])
assert "scriptkit" not in sys.modules and "tests" not in sys.modules
torch.save(model(torch.load(sys.argv[2])), sys.argv[3])
"""


@row("save_load")
def test_a_saved_file_loads_without_scriptkit_and_without_the_class(tmp_path: Path) -> None:
    net, plain = twins(Outer)
    run_compiled(net.eval(), batch())
    torch.save(batch(), tmp_path / "in.pt")
    net.save(tmp_path / "model.pt")
    files = [str(tmp_path / name) for name in ("model.pt", "in.pt", "out.pt")]
    subprocess.run([sys.executable, "-W", "ignore", "-c", BARE, *files], check=True, cwd=tmp_path, timeout=120)
    assert_same(torch.load(tmp_path / "out.pt"), plain.eval()(batch()))
    assert_same(scriptkit.load(tmp_path / "model.pt")(batch()), plain(batch()))
    assert_same(run_compiled(net, batch()), plain(batch()))


def test_save_to_a_file_object_and_to_a_string_path(tmp_path: Path) -> None:
    net, plain = twins(Encoder)
    file = io.BytesIO()
    scriptkit.save(net, file)
    file.seek(0)
    scriptkit.save(net, str(tmp_path / "model.pt"))
    for loaded in (scriptkit.load(file), scriptkit.load(str(tmp_path / "model.pt"))):
        assert_same(loaded(batch()), plain(batch()))
        assert_same(loaded.encode(batch(), 2), plain.encode(batch(), 2))


def test_a_saved_file_has_the_state_of_now(tmp_path: Path) -> None:
    net, plain = twins(Counter)
    for _ in range(2):
        run_compiled(net, batch())
        plain(batch())
    net.save(tmp_path / "model.pt")
    loaded = scriptkit.load(tmp_path / "model.pt")
    assert_same(loaded(batch()), plain(batch()))
    assert net.calls == 2
    assert list(torch.jit.load(tmp_path / "model.pt").state_dict()) == list(net.state_dict())


def test_to_torchscript_is_complete_and_shares_its_weights() -> None:
    net, plain = twins(Outer)
    script = scriptkit.to_torchscript(net)
    assert isinstance(script, torch.jit.ScriptModule)
    assert_same(script(batch()), plain(batch()))
    with torch.no_grad():
        net.head.weight.zero_()
        plain.head.weight.zero_()
    assert_same(script(batch()), plain(batch()))
    with torch.no_grad():
        assert_same(torch.jit.freeze(script.eval())(batch()), plain.eval()(batch()))


@pytest.mark.parametrize("training", [True, False])
def test_saving_dropout_or_batch_norm_in_training_mode_warns_and_names_them(training: bool, tmp_path: Path) -> None:
    net, _ = twins(Net)
    net.train(training)
    if training:
        with pytest.warns(scriptkit.errors.ScriptkitWarning, match=r"(?s)(norm.*drop|drop.*norm)"):
            net.save(tmp_path / "model.pt")
    else:
        net.save(tmp_path / "model.pt")
    assert scriptkit.load(tmp_path / "model.pt") is not None


def test_a_module_without_such_layers_is_saved_in_training_mode_without_a_word(tmp_path: Path) -> None:
    net, _ = twins(Outer)
    net.train().save(tmp_path / "model.pt")


def test_a_failing_save_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    """`/dev/full` takes every write with "no space left": a full disk."""
    net, plain = twins(Outer)
    path = tmp_path / "model.pt"
    net.save(path)
    before = path.read_bytes()
    with pytest.raises(OSError, match=r"(?i)space|full"), open_full() as full:
        scriptkit.save(net, full)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.pt"]
    assert_same(run_compiled(net, batch()), plain(batch()))


def open_full() -> io.BufferedWriter:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    return open("/dev/full", "wb")  # noqa: PTH123 the caller closes it


def test_a_disk_that_is_full_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net, _ = twins(Outer)
    path = tmp_path / "model.pt"
    net.save(path)
    before = path.read_bytes()

    def no_space(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("replace", "rename"):
        monkeypatch.setattr(os, name, no_space)
        monkeypatch.setattr(Path, name, no_space)  # which on Python 3.10 has kept the functions of `os`
    with pytest.raises((OSError, scriptkit.ArtifactError), match="space"):
        net.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.pt"]


def test_a_target_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    net, _ = twins(Outer)
    for target in (tmp_path / "missing" / "model.pt", tmp_path):
        with pytest.raises((OSError, scriptkit.ArtifactError)) as caught:
            net.save(target)
        assert str(target) in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_keeps_its_file(tmp_path: Path) -> None:
    net, _ = twins(Outer)
    path = tmp_path / "model.pt"
    net.save(path)
    before = path.read_bytes()
    tmp_path.chmod(0o500)
    try:
        with pytest.raises((OSError, scriptkit.ArtifactError), match=r"model\.pt"):
            net.save(path)
    finally:
        tmp_path.chmod(0o700)
    assert path.read_bytes() == before


@pytest.fixture
def _checks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCRIPTKIT_CHECK", "off")


def ignoring_class() -> type[ScriptableModule]:
    class Logs(ScriptableModule):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        @scriptkit.ignore
        def log(self, x: Tensor) -> None:
            print("seen", x.shape)  # noqa: T201 what compiled code cannot do is the matter

        def forward(self, x: Tensor) -> Tensor:
            self.log(x)
            out: Tensor = self.fc(x)
            return out

    return Logs


@pytest.mark.usefixtures("_checks_off")
def test_reaching_an_ignored_method_warns_at_construction_and_fails_at_save(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cls = ignoring_class()
    with pytest.warns(scriptkit.errors.ScriptkitWarning, match="log"):
        net = cls()
    assert run_compiled(net, batch()).shape == (8, 4)
    assert "seen" in capsys.readouterr().out
    with pytest.raises(scriptkit.ArtifactError, match="log"):
        net.save(tmp_path / "model.pt")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("_checks_off")
def test_the_save_check_can_be_switched_off() -> None:
    class Silent(ignoring_class(), check_save=False):  # type: ignore[call-arg, misc]
        pass

    assert run_compiled(Silent(), batch()).shape == (8, 4)
