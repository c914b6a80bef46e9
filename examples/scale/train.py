"""Training on several processes, and a checkpoint that any number of processes reads.

    torchrun --standalone --nproc-per-node 2 -m examples.scale.train ddp --checkpoint checkpoint

`ddp` copies the model to every process, `fsdp` shards its parameters, `tensor` splits its layers. The model is compiled
when it is constructed, before any of that: nothing is tried on parts of parameters.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.checkpoint.state_dict import get_model_state_dict
from torch.distributed.checkpoint.state_dict_saver import save as save_checkpoint
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

import scriptkit
from examples.scale.model import Scorer, rows

STEPS = 5


def ddp(model: nn.Module) -> nn.Module:
    """A copy on every process; gradients are averaged."""
    return nn.parallel.DistributedDataParallel(model)


def fsdp(model: nn.Module) -> nn.Module:
    """A part of each parameter on every process."""
    fully_shard(model)
    return model


def tensor(model: nn.Module) -> nn.Module:
    """The first layer split by columns, the second by rows; it runs as Python, which is told once."""
    plan: dict[str, Any] = {"up": ColwiseParallel(), "down": RowwiseParallel()}
    return parallelize_module(model, init_device_mesh("cpu", (dist.get_world_size(),)), plan)


WAYS: dict[str, Callable[[nn.Module], nn.Module]] = {"ddp": ddp, "fsdp": fsdp, "tensor": tensor}


def share_of(batch: Tensor, way: str) -> Tensor:
    """What this process computes: with split layers all of it, else its part of the rows."""
    return batch if way == "tensor" else batch.chunk(dist.get_world_size())[dist.get_rank()]


def train(model: nn.Module, way: str, steps: int = STEPS) -> float:
    """A few steps; the last loss over all rows."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    loss = torch.zeros(())
    for step in range(steps):
        batch = share_of(rows(seed=step), way)
        optimizer.zero_grad()
        loss = model(batch)[:, 0].square().mean()
        loss.backward()
        optimizer.step()
    loss = loss.detach()
    if way != "tensor":
        dist.all_reduce(loss)
        loss /= dist.get_world_size()
    return float(loss)


def main() -> None:
    """Train one way, and save what was trained."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("--checkpoint", help="a folder for the distributed checkpoint")
    options = parser.parse_args()
    dist.init_process_group("gloo")
    torch.manual_seed(0)
    model = Scorer()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", scriptkit.ScriptkitEagerWarning)
        loss = train(WAYS[options.way](model), options.way)
    if options.checkpoint:
        save_checkpoint(get_model_state_dict(model), checkpoint_id=options.checkpoint)
    if dist.get_rank() == 0:
        print(f"{options.way} on {dist.get_world_size()} processes: loss {loss:.6f}")
    dist.monitored_barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
    # Torch's caches hold the mesh, and with it threads of gloo that may have a tensor left to drop. One that drops a
    # tensor of Python while the interpreter is taken down aborts the process: all is written, so nothing is taken down.
    sys.stdout.flush()
    os._exit(0)
