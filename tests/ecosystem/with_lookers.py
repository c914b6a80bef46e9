"""Packages that count, draw, explain or check a module, and packages that send it elsewhere."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tests.ecosystem.models import SIZE
from tests.ecosystem.story import LOADED, story

LAYERS = "layers of a ScriptModule run inside of it"
BYTES = "a ScriptModule is saved by torch.jit.save"


@story("torchinfo", "summary", package="torchinfo", loaded=LAYERS)
def _(model: Any, x: Tensor) -> Any:
    from torchinfo import summary

    found = summary(model, input_data=x, verbose=0)
    names = [layer.class_name.replace("Own", "Net") for layer in found.summary_list]
    return found.total_params, found.total_mult_adds, names


@story("torchsummary", "summary", package="torchsummary", loaded=LAYERS)
def _(model: Any, x: Tensor) -> Any:
    from torchsummary import summary

    summary(model, (SIZE,), device="cpu")
    return model(x)


@story("torchview", "a drawing", package="torchview", loaded=LAYERS)
def _(model: Any, x: Tensor) -> Any:
    from torchview import draw_graph

    graph = draw_graph(model, input_data=x)
    return len(graph.edge_list), model(x)


@story("torchviz", "the graph of gradients", package="torchviz")
def _(model: Any, x: Tensor) -> Any:
    from torchviz import make_dot

    return make_dot(model(x).sum(), params=dict(model.named_parameters())).source.count("AccumulateGrad")


@story("fvcore", "operations counted", package="fvcore", loaded=LAYERS)
def _(model: Any, x: Tensor) -> Any:
    from fvcore.nn import FlopCountAnalysis

    counted = FlopCountAnalysis(model, x)
    return counted.total(), dict(counted.by_module())


@story("fvcore", "parameters counted", package="fvcore")
def _(model: Any, x: Tensor) -> Any:
    from fvcore.nn import parameter_count

    return dict(parameter_count(model))


@story("thop", "profile", package="thop", loaded=LAYERS)
def _(model: Any, x: Tensor) -> Any:
    from thop import profile

    return profile(model, inputs=(x,), verbose=False), model(x)


@story("ptflops", "get_model_complexity_info", package="ptflops", loaded=LAYERS)
def _(model: Any, x: Tensor) -> Any:
    from ptflops import get_model_complexity_info

    return get_model_complexity_info(
        model, (SIZE,), as_strings=False, print_per_layer_stat=False, backend="pytorch"
    ), model(x)


@story("Captum", "IntegratedGradients", package="captum")
def _(model: Any, x: Tensor) -> Any:
    from captum.attr import IntegratedGradients

    return IntegratedGradients(model).attribute(x, target=1, n_steps=5)


@story("Captum", "Saliency", package="captum")
def _(model: Any, x: Tensor) -> Any:
    from captum.attr import Saliency

    return Saliency(model).attribute(x, target=0)


@story("Captum", "LayerActivation", package="captum", loaded=LAYERS)
def _(model: Any, x: Tensor) -> Any:
    from captum.attr import LayerActivation

    return LayerActivation(model, model.up).attribute(x), model(x)


@story("Captum", "DeepLift", package="captum", loaded=LAYERS)
def _(model: Any, x: Tensor) -> Any:
    from captum.attr import DeepLift

    return DeepLift(model).attribute(x, target=0)


@story("Captum", "FeatureAblation", package="captum")
def _(model: Any, x: Tensor) -> Any:
    from captum.attr import FeatureAblation

    return FeatureAblation(model).attribute(x, target=0)


@story("tensorboardX", "histograms and a graph", package="tensorboardX")
def _(model: Any, x: Tensor) -> Any:
    from tensorboardX import SummaryWriter

    with tempfile.TemporaryDirectory() as folder, SummaryWriter(folder) as writer:
        for name, value in model.named_parameters():
            writer.add_histogram(name, value.detach().numpy())
        writer.flush()
    return model(x)


@story("pyinstrument", "profiled", package="pyinstrument")
def _(model: Any, x: Tensor) -> Any:
    from pyinstrument import Profiler

    with Profiler():
        return model(x)


@story("jaxtyping", "beartype checks a function round it", package="jaxtyping")
def _(model: Any, x: Tensor) -> Any:
    from beartype import beartype
    from jaxtyping import Float, jaxtyped

    @jaxtyped(typechecker=beartype)
    def call(rows: Float[Tensor, "n 8"]) -> Float[Tensor, "n 8"]:  # noqa: F722
        return model(rows)  # type: ignore[no-any-return]

    return call(x)


@story("einops", "rearranged in a plain module round it", package="einops")
def _(model: Any, x: Tensor) -> Any:
    from einops.layers.torch import Rearrange

    return torch.nn.Sequential(Rearrange("(a b) c -> a b c", a=2), model)(x)


@story("cloudpickle", "a module", package="cloudpickle", loaded=BYTES)
def _(model: Any, x: Tensor) -> Any:
    import cloudpickle

    return cloudpickle.loads(cloudpickle.dumps(model))(x)


@story("dill", "a module", package="dill", loaded=BYTES)
def _(model: Any, x: Tensor) -> Any:
    import dill

    return dill.loads(dill.dumps(model))(x)


@story("joblib", "dump and load", package="joblib", loaded=BYTES)
def _(model: Any, x: Tensor) -> Any:
    import joblib

    with tempfile.TemporaryDirectory() as folder:
        joblib.dump(model, Path(folder) / "model.joblib")
        return joblib.load(Path(folder) / "model.joblib")(x)


@story("joblib", "two processes", package="joblib", loaded=BYTES)
def _(model: Any, x: Tensor) -> Any:
    import joblib

    return joblib.Parallel(n_jobs=2)(joblib.delayed(evaluated)(model, row) for row in x.split(2))


def evaluated(model: Any, rows: Tensor) -> Tensor:
    with torch.no_grad():
        return model(rows)  # type: ignore[no-any-return]


@story("submitit", "a job on this machine", package="submitit", loaded=BYTES)
def _(model: Any, x: Tensor) -> Any:
    import submitit

    with tempfile.TemporaryDirectory() as folder:
        executor = submitit.LocalExecutor(folder=folder)
        executor.update_parameters(timeout_min=2)
        return executor.submit(evaluated, model, x).result()


@story("Dask", "delayed", package="dask", loaded=BYTES)
def _(model: Any, x: Tensor) -> Any:
    import dask

    calls = [dask.delayed(evaluated)(model, row) for row in x.split(2)]
    return dask.compute(*calls, scheduler="threads")


@story("Dask", "a cluster of two processes", package="distributed", loaded=BYTES)
def _(model: Any, x: Tensor) -> Any:
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        return client.gather([client.submit(evaluated, model, row) for row in x.split(2)])


def ray_there() -> Any:
    """Ray, started once."""
    import ray

    if not ray.is_initialized():
        ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    return ray


@story("Ray", "a task", package="ray", loaded=BYTES)
def _(model: Any, x: Tensor) -> Any:
    ray = ray_there()
    return ray.get(ray.remote(evaluated).remote(model, x))


@story("Ray", "an actor that keeps the module", package="ray", loaded=BYTES)
def _(model: Any, x: Tensor) -> Any:
    ray = ray_there()

    class Keeper:
        def __init__(self, kept: Any) -> None:
            self.kept = kept

        def call(self, rows: Tensor) -> Tensor:
            return evaluated(self.kept, rows)

    keeper = ray.remote(Keeper).remote(model)
    return ray.get([keeper.call.remote(rows) for rows in x.split(2)])


@story("functools", "cache of a function that takes it")
def _(model: Any, x: Tensor) -> Any:
    import functools

    cached = functools.lru_cache(lambda kept: kept(x))
    return cached(model) is cached(model), cached(model)


@story("transformers", "a Trainer round it", package="transformers", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    from transformers import Trainer, TrainingArguments

    class Task(Trainer):  # type: ignore[misc]
        def compute_loss(self, model: Any, inputs: Any, *_: Any, **__: Any) -> Tensor:
            return model(inputs["x"]).square().mean()  # type: ignore[no-any-return]

    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder, max_steps=2, per_device_train_batch_size=2, report_to=[], use_cpu=True, save_strategy="no",
            disable_tqdm=True, remove_unused_columns=False,
        )  # fmt: skip
        Task(model, arguments, train_dataset=[{"x": row} for row in x]).train()
    return model.state_dict()
