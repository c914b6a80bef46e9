"""Editors as `docs/editors.md` sets them up: Neovim runs what the page says, the extension for VS Code is packaged."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.cli.reports.projects import GOOD
from tests.packaging.environment import ROOT
from tools.blocks import blocks

EXTENSION = ROOT / "editors" / "vscode"
PAGE = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
REPAIRABLE = GOOD.replace("x + 1", "torch.cat([x, x], axis=0)")
ASK = """
vim.wait(30000, function() return #vim.diagnostic.get(0) > 0 end, 50)
for _, found in ipairs(vim.diagnostic.get(0)) do
  print(("%d:%d %s"):format(found.lnum + 1, found.col + 1, found.code))
end
local line = { line = 6, character = 0 }
local params = {
  textDocument = vim.lsp.util.make_text_document_params(),
  range = { start = line, ["end"] = line },
  context = { diagnostics = {} },
}
for _, answer in pairs(vim.lsp.buf_request_sync(0, "textDocument/codeAction", params, 30000)) do
  vim.lsp.util.apply_workspace_edit(answer.result[1].edit, "utf-16")
end
vim.cmd("write")
"""


def surroundings(folder: Path) -> dict[str, str]:
    """What an editor finds round it: this scriptkit, and a home of its own."""
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
    }


@pytest.mark.skipif(shutil.which("nvim") is None, reason="there is no Neovim here")
def test_neovim_shows_findings_and_repairs_them(tmp_path: Path) -> None:
    pytest.importorskip("pygls", reason="the language server needs pygls")
    (set_up,) = [block.text for block in blocks(PAGE) if block.language == "lua"]
    (tmp_path / "init.lua").write_text(set_up)
    (tmp_path / "ask.lua").write_text(ASK)
    (tmp_path / "net.py").write_text(REPAIRABLE)
    environment = surroundings(tmp_path)
    command = ["nvim", "--headless", "-u", "init.lua", "net.py", "-c", "luafile ask.lua", "-c", "qa!"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert "7:39 call-unknown-kwarg" in done.stderr
    assert (tmp_path / "net.py").read_text() == REPAIRABLE.replace("axis", "dim")


class Terminal:
    """A program in a terminal of tmux: keys go in, the screen comes out."""

    def __init__(self, folder: Path, command: str) -> None:
        self.tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        start = [*self.tmux, "new-session", "-d", "-x", "120", "-y", "30", command]
        subprocess.run(start, cwd=folder, env=surroundings(folder), check=True)

    def press(self, *keys: str) -> None:
        subprocess.run([*self.tmux, "send-keys", *keys], check=True)

    def wait_for(self, text: str) -> None:
        """Until the screen shows it."""
        ends = time.monotonic() + 60
        while text not in (screen := self.screen()):
            assert time.monotonic() < ends, screen
            time.sleep(0.1)

    def screen(self) -> str:
        show = [*self.tmux, "capture-pane", "-p"]
        return subprocess.run(show, capture_output=True, text=True, check=True).stdout

    def close(self) -> None:
        subprocess.run([*self.tmux, "kill-server"], check=False)


@pytest.mark.skipif(not (shutil.which("hx") and shutil.which("tmux")), reason="there is no Helix here, or no tmux")
def test_helix_shows_findings_and_repairs_them(tmp_path: Path) -> None:
    pytest.importorskip("pygls", reason="the language server needs pygls")
    (set_up,) = [block.text for block in blocks(PAGE) if block.language == "toml" and "language-server" in block.text]
    (tmp_path / "config" / "helix").mkdir(parents=True)
    (tmp_path / "config" / "helix" / "languages.toml").write_text(set_up)
    (tmp_path / "net.py").write_text(REPAIRABLE)
    terminal = Terminal(tmp_path, "hx net.py:7:39")
    try:
        terminal.wait_for("no parameter `axis`")
        terminal.press("Space", "a")
        terminal.wait_for("scriptkit: write `dim=`")
        terminal.press("Enter")
        terminal.wait_for("dim=0")
        terminal.press(":", "x", "Enter")
        ends = time.monotonic() + 30
        while "axis" in (tmp_path / "net.py").read_text() and time.monotonic() < ends:
            time.sleep(0.1)
    finally:
        terminal.close()
    assert (tmp_path / "net.py").read_text() == REPAIRABLE.replace("axis", "dim")


def test_the_tasks_of_zed_and_pycharm_print_places_that_become_links(tmp_path: Path) -> None:
    (task,) = [block.text for block in blocks(PAGE) if block.language == "json" and "$ZED_FILE" in block.text]
    (tool,) = re.findall(r"\| Arguments \| `(.*)` \|", PAGE)
    (pattern,) = re.findall(r"\| Output filters \| `(.*)` \|", PAGE)
    file = tmp_path / "net.py"
    file.write_text(REPAIRABLE)
    link = re.escape(pattern).replace(r"\$FILE_PATH\$", re.escape(str(file))).replace(r"\$LINE\$", "7")
    (zed,) = json.loads(task)
    for arguments in (zed["args"], tool.split()):
        named = [str(file) if one in {"$ZED_FILE", "$FilePath$"} else one for one in arguments]
        command = [sys.executable, "-m", "scriptkit", *named]
        done = subprocess.run(
            command, cwd=tmp_path, env=surroundings(tmp_path), capture_output=True, text=True, check=False
        )
        assert re.match(link.replace(r"\$COLUMN\$", "39"), done.stdout), done.stdout + done.stderr


def test_the_settings_of_the_extension_are_those_of_the_server() -> None:
    pytest.importorskip("pygls", reason="the language server needs pygls")
    from scriptkit.lsp.settings import Wishes

    package = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    settings = package["contributes"]["configuration"]["properties"]
    defaults = {name.removeprefix("scriptkit."): one["default"] for name, one in settings.items()}
    assert Wishes().changed(defaults) == Wishes()
    assert set(defaults) == {"python", "allModules", "modes", "debounce"}
    source = (EXTENSION / "src" / "extension.ts").read_text(encoding="utf-8")
    assert all(f'"{name}"' in source for name in defaults)
    for block in blocks(PAGE):
        if block.language == "json" and "scriptkit.python" in block.text:
            assert set(json.loads(block.text)) == set(settings)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("npm") is None, reason="there is no npm here")
def test_the_extension_is_packaged_by_its_own_tool(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("node_modules", "dist", "*.vsix")
    folder = Path(shutil.copytree(EXTENSION, tmp_path / "vscode", ignore=ignored))
    install = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"]
    installed = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False)
    if installed.returncode != 0:
        pytest.skip(f"npm installs nothing here: {installed.stderr.strip()[-200:]}")
    packaged = subprocess.run(["npm", "run", "package"], cwd=folder, capture_output=True, text=True, check=False)
    assert packaged.returncode == 0, packaged.stdout + packaged.stderr
    (file,) = folder.glob("*.vsix")
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        assert {"extension/package.json", "extension/dist/extension.js", "extension/LICENSE.txt"} <= names
        assert not [name for name in names if "node_modules" in name or name.endswith(".ts")]
        assert b'"scriptkit","lsp"' in archive.read("extension/dist/extension.js")
