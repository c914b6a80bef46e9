"""A load test of the deployment: a file beside the plain module, served the same way, on this machine alone.

python -m examples.scale.load_test scorer.pt [--requests 400] [--clients 8]
"""

from __future__ import annotations

import argparse
import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import ray
import torch
from ray import serve

from examples.scale.model import FEATURES, rows
from examples.scale.serve_ray import Served, application


class Plain(torch.nn.Module):
    """What the file was made from, as an ordinary module."""

    def __init__(self) -> None:
        super().__init__()
        self.up = torch.nn.Linear(FEATURES, 32)
        self.down = torch.nn.Linear(32, 2)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """As `Scorer`."""
        return self.down(torch.relu(self.up(features))).softmax(-1)


@dataclass(frozen=True)
class Figures:
    """How a load test went; times in milliseconds."""

    name: str
    requests: int
    errors: int
    p50: float
    p99: float
    per_second: float

    def __str__(self) -> str:
        times = f"p50 {self.p50:.1f} ms, p99 {self.p99:.1f} ms, {self.per_second:.0f} requests a second"
        return f"{self.name}: {self.requests} requests, errors {self.errors}, {times}"


def ask(url: str, content: Any) -> tuple[int, Any, float]:
    """One request: status, answer and milliseconds."""
    start = time.perf_counter()
    request = urllib.request.Request(url, json.dumps(content).encode(), {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - of this machine
            status, body = answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        status, body = error.code, json.load(error)
    return status, body, 1000 * (time.perf_counter() - start)


def measured(name: str, url: str, requests: int, clients: int) -> Figures:
    """A bounded number of requests by some clients at once."""
    content = {"features": rows(4).tolist()}
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda _: ask(url, content), range(clients * 4)))
        start = time.perf_counter()
        answers = list(pool.map(lambda _: ask(url, content), range(requests)))
        seconds = time.perf_counter() - start
    times = sorted(milliseconds for _, _, milliseconds in answers)
    errors = sum(status != 200 for status, _, _ in answers)
    p50, p99 = times[len(times) // 2], times[min(int(len(times) * 0.99), len(times) - 1)]
    return Figures(name, requests, errors, p50, p99, requests / seconds)


def compared(file: str, requests: int, clients: int) -> list[Figures]:
    """The plain module and the file, each served alone."""
    found = []
    for name, made in (("plain module", Served.bind(Plain().eval())), ("model file", application({"file": file}))):  # type: ignore[attr-defined]
        serve.run(made, name="load", route_prefix="/load")
        found.append(measured(name, "http://127.0.0.1:8000/load", requests, clients))
        serve.delete("load")
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args()
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1"})
    for figures in compared(options.file, options.requests, options.clients):
        print(figures, flush=True)
    serve.shutdown()
    ray.shutdown()


if __name__ == "__main__":
    main()
