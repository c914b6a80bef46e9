"""Scriptkit in one minute: a model with mistakes, its diagnostics, the mended model trained, saved, run elsewhere.

python -m examples.demo
"""

import importlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.highlighter import RegexHighlighter
from rich.progress import Progress
from rich.table import Table
from rich.theme import Theme
from torch import Tensor, nn

import scriptkit
from examples import residual
from scriptkit.diagnostics import render_all
from scriptkit.errors import source_text

BATCH, PIXELS, STEPS = 8, 96, 12

# torch only: neither scriptkit nor the class is there to be imported
READER = """
import sys
sys.modules["scriptkit"] = sys.modules["examples"] = None
import torch
model = torch.jit.load(sys.argv[1])
images, expected = torch.load(sys.argv[2])
with torch.no_grad():
    print((model(images) - expected).abs().max().item())
"""


class Findings(RegexHighlighter):
    """Colours for a diagnostic drawn over its source."""

    base_style = "finding."
    highlights = (
        r"(?m)^(?P<error>error\[\w+\]: .*)$",
        r"(?m)^ *--> (?P<place>.*)$",
        r"(?m)^ *\| +(?P<mark>\^+.*)$",
        r"(?m)^ *\| +(?P<other>-+.*)$",
        r"(?m)^ *= (?P<help>help: .*)$",
        r"(?m)^ *= (?P<note>note: .*)$",
    )


console = Console(
    theme=Theme(
        {
            "finding.error": "bold red",
            "finding.place": "cyan",
            "finding.mark": "red",
            "finding.other": "blue",
            "finding.help": "green",
            "finding.note": "dim",
        },
    ),
)


def title(text: str) -> None:
    """Head a part of the story."""
    console.print()
    console.rule(f"[bold]{text}", align="left")


def show_diagnostics() -> None:
    """Check the first draft without running it, then see that it cannot be built."""
    draft = Path("examples/broken_residual.py")
    title(f"1. A first draft, {draft}")
    findings = scriptkit.check_paths([draft])
    console.print(Findings()(render_all(findings, source_text)), soft_wrap=True)
    console.print(f"\n{len(findings)} findings at once, before anything ran.")
    try:
        importlib.import_module("examples.broken_residual").build()
    except (scriptkit.ScriptabilityError, scriptkit.CompilationError) as error:
        console.print(f"[bold]{type(error).__name__}[/]: {error.headline}", highlight=False, soft_wrap=True)
    else:
        raise SystemExit("the broken model was accepted")


def build() -> residual.ResidualNet:
    """Build the mended model: it is compiled when the constructor returns."""
    title("2. The mended model, examples/residual.py, compiles when it is built")
    start = time.perf_counter()
    net = residual.build()
    console.print(f"ResidualNet() took {time.perf_counter() - start:.2f} s; compiled: {scriptkit.is_compiled(net)}")
    table = Table("module", "class", "is", "because", box=None)
    for row in scriptkit.report(net).rows:
        if row.path.count(".") < 2:  # the layers inside the blocks are left out here
            table.add_row(row.path or "(the net)", row.class_name, row.mode, row.reason)
    console.print(table)
    return net


def stripes(count: int) -> tuple[Tensor, Tensor]:
    """Make noisy pictures of horizontal (class 0) or vertical (class 1) stripes."""
    wave = torch.sin(torch.arange(PIXELS) * 0.8).repeat(PIXELS, 1)
    labels = torch.arange(count) % 2
    pictures = torch.stack([wave if label else wave.T for label in labels.tolist()])
    return pictures[:, None].repeat(1, 3, 1, 1) + torch.randn(count, 3, PIXELS, PIXELS), labels


def train(net: residual.ResidualNet) -> None:
    """Train as any other module is trained."""
    title(f"3. It trains like any nn.Module ({BATCH} images of {PIXELS} x {PIXELS})")
    optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
    losses = []
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        for _ in progress.track(range(STEPS), description="training"):
            images, labels = stripes(BATCH)
            optimizer.zero_grad()
            loss = F.cross_entropy(net.scores(images), labels)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    console.print("loss " + " > ".join(f"{loss:.2f}" for loss in losses[:: STEPS // 6]))
    net.eval()
    images, labels = stripes(32)
    with torch.no_grad():
        right = (net(images).argmax(dim=1) == labels).sum().item()
    console.print(f"{right} of {len(labels)} new pictures recognised")


def compare(net: residual.ResidualNet) -> None:
    """Hold eager and compiled side by side: the same numbers, and the time of a call."""
    title("4. Compiled equals eager")
    table = Table("images", "largest difference", "eager", "compiled", "compiled / eager")
    for count in (1, BATCH):
        images, _ = stripes(count)
        with torch.no_grad():
            with scriptkit.eager():
                expected = net(images)
            difference = (net(images) - expected).abs().max().item()
            eager, compiled = interleaved(lambda: in_eager(net, images), lambda: net(images))  # noqa: B023
        table.add_row(
            str(count), f"{difference:.0e}", f"{eager:.2f} ms", f"{compiled:.2f} ms", f"{compiled / eager:.2f}"
        )
    console.print(table)


def in_eager(net: nn.Module, images: Tensor) -> None:
    """Call the Python code of the module."""
    with scriptkit.eager():
        net(images)


def interleaved(*functions: Callable[[], object], rounds: int = 30) -> list[float]:
    """Time the functions in turn; the median of each in milliseconds."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(rounds):
        for function, seen in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            seen.append(1000 * (time.perf_counter() - start))
    return [statistics.median(seen) for seen in times]


def save_and_reload(net: residual.ResidualNet) -> None:
    """Save the model and run it in a process that knows torch alone."""
    title("5. The file runs without scriptkit and without the class")
    images, _ = stripes(BATCH)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        model, data = Path(folder, "residual.pt"), Path(folder, "images.pt")
        scriptkit.save(net, model)
        torch.save((images, net(images)), data)
        command = [sys.executable, "-W", "ignore", "-c", READER, str(model), str(data)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
        console.print(f"residual.pt: {model.stat().st_size / 1024:.0f} KiB")
    difference = float(answer.stdout)
    console.print(f"another process, with torch.jit.load alone: largest difference {difference:.0e}")
    if difference > 1e-5:
        raise SystemExit("the saved model answers differently")


def main() -> None:
    """Tell the story from the first draft to the file."""
    torch.manual_seed(0)
    console.print(f"scriptkit {scriptkit.__version__} on torch {torch.__version__}")
    show_diagnostics()
    net = build()
    train(net)
    compare(net)
    save_and_reload(net)


if __name__ == "__main__":
    main()
