"""What is measured: one function for each row of the table, with its goal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

import scriptkit
from benchmarks import models
from benchmarks.interleaving import Comparison, in_a_fresh_process, interleave, interleave_processes

TIMED = """
import time
import torch
from torch import nn
from benchmarks import models
import scriptkit
torch.set_num_threads(1)
torch.jit.script(nn.ReLU())
start = time.process_time()
{what}
print(time.process_time() - start)
"""

IMPORT = "import time; start = time.process_time(); import {what}; print(time.process_time() - start)"

GROWTH = """
import gc, os
import torch
from benchmarks import models
import scriptkit
def resident():
    gc.collect()
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
torch.set_num_threads(1)
x = torch.zeros(1, 4096)
models.{child}(){warm}(x[:, :4])
before = resident()
net = models.{heavy}(){warm}
for _ in range(3):
    net(x)
size = sum(p.nbytes for p in net.parameters())
print((resident() - before) / size)
"""


CALLS_OF_A_SERVICE = 1000


@dataclass(frozen=True)
class Row:
    """One line of the table: ours, theirs and the goal for what is between them."""

    what: str
    ours: str
    theirs: str
    value: float
    spread: tuple[float, float] | None = None
    goal: float | None = None
    unit: str = "x"

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        return None if self.goal is None else self.value <= self.goal


@dataclass(frozen=True)
class Effort:
    """How often everything is repeated."""

    rounds: int
    processes: int


Measurement = Callable[[Effort], list[Row]]


def microseconds(comparison: Comparison, what: str, goal: float | None) -> Row:
    return row(comparison, what, goal, 1e6, "µs")


def milliseconds(comparison: Comparison, what: str, goal: float | None) -> Row:
    return row(comparison, what, goal, 1e3, "ms")


def row(comparison: Comparison, what: str, goal: float | None, factor: float, unit: str) -> Row:
    ours, theirs = (f"{factor * value:.1f} {unit}" for value in (comparison.ours, comparison.theirs))
    return Row(what, ours, theirs, comparison.ratio, (comparison.low, comparison.high), goal)


def call(
    ours: Callable[[Tensor], Tensor],
    theirs: Callable[[Tensor], Tensor],
    width: int,
    effort: Effort,
) -> Comparison:
    """Compare two callables on two rows, without gradients."""
    x = torch.randn(2, width)
    with torch.no_grad():
        return interleave(lambda: ours(x), lambda: theirs(x), rounds=effort.rounds)


def scripted(module: nn.Module) -> torch.jit.ScriptModule:
    return torch.jit.script(module)  # type: ignore[no-any-return, no-untyped-call, unused-ignore]


def calls(effort: Effort) -> list[Row]:
    """How much longer a call takes because the user's module is looked at first."""
    net, plain_net = models.Net().eval(), scripted(models.PlainNet().eval())
    tiny, plain_tiny = models.Tiny().eval(), scripted(models.PlainTiny().eval())
    wide, plain_wide = models.Wide(100).eval(), scripted(models.PlainWide(100).eval())
    many = [
        microseconds(_many(kind, count, effort), f"call of {count} children ({kind.__name__})", 1.10)
        for kind, count in ((nn.Linear, 300), (nn.BatchNorm1d, 300), (nn.Linear, 1000))
    ]
    return [
        microseconds(call(net, plain_net, 16, effort), "call of a net of 20 µs or more", 1.10),
        microseconds(call(tiny, plain_tiny, 4, effort), "call of a net of 7 µs", 1.35),
        microseconds(call(scriptkit.pinned(tiny), plain_tiny, 4, effort), "the same, pinned", 0.80),
        microseconds(call(wide, plain_wide, 4, effort), "call of 100 children", None),
        *many,
        microseconds(call(net, models.PlainNet().eval(), 16, effort), "net of 20 µs, against eager", None),
        microseconds(call(tiny, models.PlainTiny().eval(), 4, effort), "net of 7 µs, against eager", None),
    ]


def _many(kind: type[nn.Module], count: int, effort: Effort) -> Comparison:
    """Many layers of torch: the cost of looking at them must not grow with their number.

    As in a service that runs for more than a second: the question about many layers is written as one expression
    once it was asked some hundred times.
    """
    layers, plain = models.Layers(kind, count).eval(), scripted(models.PlainLayers(kind, count).eval())
    with torch.no_grad():
        for _ in range(CALLS_OF_A_SERVICE):
            layers(torch.zeros(2, 4))
    return call(layers, plain, 4, Effort(max(11, effort.rounds // 3), 0))


def slot(effort: Effort) -> list[Row]:
    """What each parameter, buffer, child and attribute adds to a call: the call less the pinned call."""
    wide = models.Wide(100).eval()
    count = models.slots(wide)
    bound = call(wide, scriptkit.pinned(wide), 4, effort)
    nanoseconds = 1e9 * (bound.ours - bound.theirs) / count
    return [Row(f"binding, per slot ({count} slots)", f"{nanoseconds:.0f} ns", "", nanoseconds, unit="ns")]


def construction(effort: Effort) -> list[Row]:
    """Constructing with the class compiled before, as when a model is built a second time."""
    rounds = max(5, effort.rounds // 4)
    hundred = interleave(lambda: models.Wide(100), lambda: scripted(models.PlainWide(100)), rounds=rounds)
    one = interleave(models.Child, lambda: scripted(models.PlainChild()), rounds=rounds)
    return [
        milliseconds(hundred, "construct 100 equal children", 0.35),
        milliseconds(one, "construct one small module", 1.15),
    ]


def first_construction(effort: Effort) -> list[Row]:
    """Constructing in a fresh process, where nothing is compiled yet."""

    def cold(ours: str, theirs: str) -> Comparison:
        return interleave_processes(TIMED.format(what=ours), TIMED.format(what=theirs), rounds=effort.processes)

    x = "torch.zeros(2, 4)"
    return [
        milliseconds(
            cold("models.Wide(100)", "torch.jit.script(models.PlainWide(100))"), "the same 100, first time", 0.30
        ),
        milliseconds(cold("models.Child()", "torch.jit.script(models.PlainChild())"), "the same one, first time", 1.10),
        milliseconds(
            cold(f"models.Wide(100)({x})", f"torch.jit.script(models.PlainWide(100))({x})"),
            "the same 100, first time, and called",
            None,
        ),
    ]


def memory(effort: Effort) -> list[Row]:
    """Growth of the process over 64 MiB of parameters: 1 is stored once, 2 would be twice."""
    del effort
    ours = in_a_fresh_process(GROWTH.format(child="Child", heavy="Heavy", warm=""))
    eager = in_a_fresh_process(GROWTH.format(child="PlainChild", heavy="PlainHeavy", warm=""))
    net = models.Heavy()
    exported = scriptkit.to_torchscript(net)
    pointers = {tensor.data_ptr() for tensor in exported.parameters()}
    shared = pointers == {tensor.data_ptr() for tensor in net.parameters()}
    return [
        Row("copies of 64 MiB of parameters", f"{ours:.2f}", f"{eager:.2f}", ours, goal=1.25),
        Row("parameters not shared with TorchScript", str(int(not shared)), "", float(not shared), goal=0, unit=""),
    ]


def importing(effort: Effort) -> list[Row]:
    """`import scriptkit` as a share of `import torch`."""
    both = interleave_processes(
        IMPORT.format(what="scriptkit"),
        IMPORT.format(what="torch"),
        rounds=effort.processes,
    )
    return [milliseconds(both, "import scriptkit, against import torch", 0.05)]


ALL: dict[str, Measurement] = {
    "call": calls,
    "slot": slot,
    "construction": construction,
    "first-construction": first_construction,
    "memory": memory,
    "import": importing,
}
