"""Batch inference with Dask: each worker loads the file once. `python -m examples.scale.batch_dask scorer.pt`."""

from __future__ import annotations

import functools
import sys
from typing import Any

import torch
from distributed import Client, LocalCluster

import scriptkit
from examples.scale.model import rows


@functools.lru_cache(maxsize=1)
def loaded(file: str) -> Any:
    """The model, once in each worker."""
    torch.set_num_threads(1)
    return scriptkit.load(file)


def scores_of(file: str, batch: torch.Tensor) -> torch.Tensor:
    """Score one batch."""
    with torch.inference_mode():
        result: torch.Tensor = loaded(file)(batch)
        return result


def score(client: Client, file: str, count: int) -> torch.Tensor:
    """Scores of made-up rows, in their order."""
    futures = [client.submit(scores_of, file, batch) for batch in rows(count).split(32)]
    return torch.cat(client.gather(futures))


if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        print(len(score(client, sys.argv[1], 128)), "rows scored")
