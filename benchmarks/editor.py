"""The language server: how soon after a change its findings are there, and how much memory many changes leave behind.

The server runs as editors start it, in a process of its own; time is that of a clock, from the change being sent to
its diagnostics being read, the silence that the server waits for included.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any, cast

from benchmarks import model_file
from benchmarks.interleaving import ROOT
from benchmarks.measurements import Effort, Measurement, Row

LINES = 300
EDITS = 2000
WARM = 200
URI = "file:///benchmark/models.py"
GOAL_MS = 200.0
GOAL_GROWTH = 1.05


class Server:
    """`scriptkit lsp`, spoken to in its own protocol."""

    def __init__(self, debounce: float | None) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "scriptkit", "lsp"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self._input, self._output = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        options = {"allModules": True} | ({} if debounce is None else {"debounce": debounce})
        self._send("initialize", {"capabilities": {}, "initializationOptions": options}, number=1)
        self._read(lambda message: message.get("id") == 1)
        self._send("initialized", {})
        self._version = 0

    def show(self, text: str) -> int:
        """Open or change the document, wait for its diagnostics; how many there are."""
        self._version += 1
        if self._version == 1:
            document = {"uri": URI, "languageId": "python", "version": 1, "text": text}
            self._send("textDocument/didOpen", {"textDocument": document})
        else:
            document = {"uri": URI, "version": self._version}
            self._send("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})
        told = self._read(lambda message: message.get("params", {}).get("version") == self._version)
        return len(told["params"]["diagnostics"])

    def memory(self) -> int:
        """Bytes of memory that the process holds."""
        pages = int(Path(f"/proc/{self._process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def end(self) -> None:
        self._send("shutdown", None, number=2)
        self._read(lambda message: message.get("id") == 2)
        self._send("exit", None)
        self._process.wait()

    def _send(self, method: str, params: Any, number: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params} | ({} if number is None else {"id": number})
        data = json.dumps(message).encode()
        self._input.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self._input.flush()

    def _read(self, is_wanted: Any) -> Any:
        while True:
            length = 0
            while line := self._output.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            message = json.loads(self._output.read(length))
            if is_wanted(message):
                return message


def text(edit: int) -> str:
    """A file of ordinary modules, with a mistake that moves from edit to edit."""
    lines = model_file.text().splitlines()[:LINES]
    while lines[-1].strip():
        lines.pop()
    forward = "    def forward(self, x: Tensor) -> Tensor:\n        return (lambda t: t)(x)\n"
    module = f"class Edited{edit % 7}(nn.Module):\n{forward}"
    return "\n".join(lines) + f"\n\n\n{module}# {edit}\n"


def editor(effort: Effort) -> list[Row]:
    """Time to diagnostics, and growth over 2,000 edits."""
    server = Server(None)
    server.show(text(0))
    times = []
    for edit in range(1, max(20, effort.rounds) + 1):
        start = time.perf_counter()
        found = server.show(text(edit))
        times.append(1000 * (time.perf_counter() - start))
        if not found:
            sys.exit("the server found nothing in a file with a mistake")
    server.end()
    slow = statistics.quantiles(times, n=20)[-1]
    what = f"diagnostics after a change, {LINES} lines"
    median = statistics.median(times)
    return [
        Row(f"{what}: median", _ms(median), "", median, goal=GOAL_MS, unit="ms"),
        Row(f"{what}: 95 of 100", _ms(slow), "", slow, goal=GOAL_MS, unit="ms"),
        _growth(),
    ]


def _growth() -> Row:
    """Memory after 2,000 edits against that after the first 200."""
    server = Server(0)
    for edit in range(WARM):
        server.show(text(edit))
    before = server.memory()
    for edit in range(WARM, EDITS):
        server.show(text(edit))
    after = server.memory()
    server.end()
    what = f"memory after {EDITS} edits, against {WARM} edits"
    return Row(what, f"{after / 2**20:.1f} MiB", f"{before / 2**20:.1f} MiB", after / before, goal=GOAL_GROWTH)


def _ms(value: float) -> str:
    return f"{value:.0f} ms"


ALL: dict[str, Measurement] = {"editor": editor}
