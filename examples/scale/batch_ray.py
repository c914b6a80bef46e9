"""Batch inference with Ray Data: each actor loads the file once. `python -m examples.scale.batch_ray scorer.pt`."""

from __future__ import annotations

import sys
from typing import Any

import ray
import torch

import scriptkit
from examples.scale.model import rows


class Scoring:
    """An actor: the file is checked and loaded when it starts, and refused then."""

    def __init__(self, file: str) -> None:
        torch.set_num_threads(1)
        self.model = scriptkit.load(file)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Score one batch."""
        with torch.inference_mode():
            batch["scores"] = self.model(torch.from_numpy(batch["data"])).numpy()
        return batch


def score(file: str, count: int) -> list[Any]:
    """Scores of made-up rows, in their order."""
    data = ray.data.from_numpy(rows(count).numpy())
    scored = data.map_batches(Scoring, fn_constructor_args=(file,), batch_size=32, concurrency=2)
    return [row["scores"] for row in scored.take_all()]


if __name__ == "__main__":
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    print(len(score(sys.argv[1], 128)), "rows scored")
