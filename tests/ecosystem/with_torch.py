"""What torch itself does with a module."""

from __future__ import annotations

import copy
import io
import pickle
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.utils import parametrizations, parametrize, prune

from tests.ecosystem.story import LOADED, story

TRACED = "its code is TorchScript, which has no Python to read"


def steps(model: Any, x: Tensor, optimizer: Any = None, count: int = 3) -> dict[str, Tensor]:
    """Train, and give the weights."""
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = model(x).square().mean()
        loss.backward()
        return loss  # type: ignore[no-any-return]

    for _ in range(count):
        optimizer.step(closure)
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def alone() -> None:
    """A process group of this process."""
    store = distributed.HashStore()  # type: ignore[attr-defined]
    distributed.init_process_group("gloo", store=store, rank=0, world_size=1)


@story("torch.optim", "SGD with momentum")
def _(model: Any, x: Tensor) -> Any:
    return steps(model, x)


@story("torch.optim", "Adam")
def _(model: Any, x: Tensor) -> Any:
    return steps(model, x, torch.optim.Adam(model.parameters()))


@story("torch.optim", "AdamW by layers, with a schedule")
def _(model: Any, x: Tensor) -> Any:
    groups = [{"params": model.up.parameters(), "lr": 0.1}, {"params": model.down.parameters()}]
    optimizer = torch.optim.AdamW(groups)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4)
    for _ in range(3):
        steps(model, x, optimizer, 1)
        schedule.step()
    return steps(model, x, optimizer)


@story("torch.optim", "LBFGS, which calls many times")
def _(model: Any, x: Tensor) -> Any:
    return steps(model, x, torch.optim.LBFGS(model.parameters(), max_iter=3), 2)


@story("torch.optim.swa_utils", "averaged weights and update_bn")
def _(model: Any, x: Tensor) -> Any:
    averaged = torch.optim.swa_utils.AveragedModel(model)
    for _ in range(2):
        steps(model, x)
        averaged.update_parameters(model)
    torch.optim.swa_utils.update_bn([x], averaged)
    return averaged(x)


@story("torch.optim.swa_utils", "exponential averages")
def _(model: Any, x: Tensor) -> Any:
    average = torch.optim.swa_utils.get_ema_multi_avg_fn(0.9)
    averaged = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=average)
    steps(model, x)
    averaged.update_parameters(model)
    return averaged(x)


@story("torch.nn.utils", "clip_grad_norm_")
def _(model: Any, x: Tensor) -> Any:
    model(x).sum().backward()
    return torch.nn.utils.clip_grad_norm_(model.parameters(), 0.1), [p.grad for p in model.parameters()]


@story("torch.nn.utils", "parameters as one vector and back")
def _(model: Any, x: Tensor) -> Any:
    vector = nn.utils.parameters_to_vector(model.parameters())
    nn.utils.vector_to_parameters(vector * 2, model.parameters())
    return model(x)


@story("torch.nn.utils.prune", "l1_unstructured, then made permanent", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    prune.l1_unstructured(model.up, "weight", amount=0.5)
    first = model(x)
    prune.remove(model.up, "weight")
    return first, model(x), sorted(model.state_dict())


@story("torch.nn.utils.prune", "global_unstructured", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    places = [(model.up, "weight"), (model.down, "weight")]
    prune.global_unstructured(places, pruning_method=prune.L1Unstructured, amount=0.3)
    return steps(model, x), model(x)


@story("torch.nn.utils.parametrizations", "weight_norm", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    parametrizations.weight_norm(model.up)
    return steps(model, x), model(x)


@story("torch.nn.utils.parametrizations", "spectral_norm", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    parametrizations.spectral_norm(model.up)
    return steps(model, x), model(x), model.eval()(x)


@story("torch.nn.utils.parametrizations", "orthogonal, then left", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    parametrizations.orthogonal(model.down)
    first = model(x)
    parametrize.remove_parametrizations(model.down, "weight")
    return first, model(x)


class Symmetric(nn.Module):
    """A parametrization of one's own."""

    def forward(self, weight: Tensor) -> Tensor:
        return weight.abs()


@story("torch.nn.utils.parametrize", "one of one's own", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    parametrize.register_parametrization(model.up, "weight", Symmetric())
    return steps(model, x), model(x)


@story("torch.func", "functional_call")
def _(model: Any, x: Tensor) -> Any:
    doubled = {name: 2 * value for name, value in model.named_parameters()}
    return torch.func.functional_call(model, doubled, (x,)), model(x)


@story("torch.func", "grad of a functional call")
def _(model: Any, x: Tensor) -> Any:
    return torch.func.grad(lambda p: torch.func.functional_call(model, p, (x,)).sum())(dict(model.named_parameters()))


@story("torch.func", "vmap", loaded="vmap does not enter TorchScript")
def _(model: Any, x: Tensor) -> Any:
    return torch.func.vmap(model)(x.unsqueeze(1))


@story("torch.func", "jacrev", loaded="transforms do not enter TorchScript")
def _(model: Any, x: Tensor) -> Any:
    return torch.func.jacrev(model)(x[0])


@story("torch.func", "hessian", loaded="transforms do not enter TorchScript")
def _(model: Any, x: Tensor) -> Any:
    return torch.func.hessian(lambda row: model(row).sum())(x[0])


@story("torch.func", "an ensemble: stack_module_state and vmap", loaded="transforms do not enter TorchScript")
def _(model: Any, x: Tensor) -> Any:
    models = [model, copy.deepcopy(model)]
    parameters, buffers = torch.func.stack_module_state(models)
    return torch.func.vmap(lambda p, b: torch.func.functional_call(model, (p, b), (x,)))(parameters, buffers)


@story("torch.autograd", "forward mode (jvp)", loaded="transforms do not enter TorchScript")
def _(model: Any, x: Tensor) -> Any:
    return torch.func.jvp(model, (x,), (torch.ones_like(x),))


@story("torch.autograd", "functional.jacobian")
def _(model: Any, x: Tensor) -> Any:
    return torch.autograd.functional.jacobian(model, x[:1])


@story("torch.autograd", "gradcheck in double precision")
def _(model: Any, x: Tensor) -> Any:
    return torch.autograd.gradcheck(model.double(), (x[:2].double().requires_grad_(),))


@story("torch.autograd", "gradients of gradients")
def _(model: Any, x: Tensor) -> Any:
    x = x.clone().requires_grad_()
    (first,) = torch.autograd.grad(model(x).square().sum(), x, create_graph=True)
    return torch.autograd.grad(first.sum(), x)


@story("torch.autograd", "saved_tensors_hooks")
def _(model: Any, x: Tensor) -> Any:
    with torch.autograd.graph.save_on_cpu():
        result = model(x)
    result.sum().backward()
    return [p.grad for p in model.parameters()]


@story("torch.autograd", "detect_anomaly")
def _(model: Any, x: Tensor) -> Any:
    with torch.autograd.detect_anomaly():
        model(x).sum().backward()
    return [p.grad for p in model.parameters()]


@story("torch.utils.checkpoint", "checkpoint without reentry")
def _(model: Any, x: Tensor) -> Any:
    torch.utils.checkpoint.checkpoint(model, x, use_reentrant=False).sum().backward()
    return [p.grad for p in model.parameters()]


@story("torch.amp", "autocast to bfloat16")
def _(model: Any, x: Tensor) -> Any:
    with torch.autocast("cpu", torch.bfloat16):
        result = model(x)
    return result.float().round(decimals=1)


@story("torch.amp", "GradScaler")
def _(model: Any, x: Tensor) -> Any:
    scaler, optimizer = torch.amp.GradScaler("cpu"), torch.optim.SGD(model.parameters(), lr=0.1)
    scaler.scale(model(x).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    return model.state_dict()


@story("torch.compile", "one graph, in inference")
def _(model: Any, x: Tensor) -> Any:
    return torch.compile(model, fullgraph=True, backend="eager")(x)


@story("torch.compile", "trained by aot_eager")
def _(model: Any, x: Tensor) -> Any:
    torch.compile(model, backend="aot_eager")(x).sum().backward()
    return [p.grad for p in model.parameters()]


@story("torch.compile", "module.compile()")
def _(model: Any, x: Tensor) -> Any:
    model.compile(backend="eager")
    return model(x)


@story("torch.export", "a dynamic batch", loaded=TRACED)
def _(model: Any, x: Tensor) -> Any:
    program = torch.export.export(model, (x,), dynamic_shapes=({0: torch.export.Dim("rows")},))
    return program.module()(x[:2]), sorted(program.state_dict)


@story("torch.fx", "symbolic_trace", loaded=TRACED)
def _(model: Any, x: Tensor) -> Any:
    traced = torch.fx.symbolic_trace(model)
    return traced(x), [str(node.target) for node in traced.graph.nodes]


@story("torch.fx", "an interpreter that looks at shapes", loaded=TRACED)
def _(model: Any, x: Tensor) -> Any:
    from torch.fx.passes.shape_prop import ShapeProp

    traced = torch.fx.symbolic_trace(model)
    ShapeProp(traced).propagate(x)
    return [tuple(node.meta["tensor_meta"].shape) for node in traced.graph.nodes]


@story("torch.jit", "trace")
def _(model: Any, x: Tensor) -> Any:
    return torch.jit.trace(model, (x,), check_trace=False)(x[:2])


@story("torch.jit", "script")
def _(model: Any, x: Tensor) -> Any:
    made = torch.jit.script(model)
    return made(x), sorted(made.state_dict())


@story("torch.jit", "script of a plain module round it")
def _(model: Any, x: Tensor) -> Any:
    return torch.jit.script(nn.Sequential(model, nn.ReLU()))(x)


@story("torch.onnx", "export by dynamo", package="onnxscript", loaded=TRACED)
def _(model: Any, x: Tensor) -> Any:
    program = torch.onnx.export(model.eval(), (x,), dynamo=True, verbose=False)
    return sorted(node.op_type for node in program.model.graph)  # type: ignore[union-attr]


@story("torch.ao.quantization", "quantize_dynamic", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    return torch.ao.quantization.quantize_dynamic(model, {nn.Linear})(x), model(x)


@story("torch.nn", "convert_sync_batchnorm", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    model = nn.SyncBatchNorm.convert_sync_batchnorm(nn.Sequential(model, nn.BatchNorm1d(8)))
    return model(x), model.eval()(x)


@story("torch.nn", "hooks on the module")
def _(model: Any, x: Tensor) -> Any:
    seen: list[Any] = []
    handles = [
        model.register_forward_pre_hook(lambda _, args: (args[0] * 2,)),
        model.register_forward_hook(lambda _, __, out: seen.append(out.detach())),
        model.register_full_backward_hook(lambda _, given, __: seen.append(given)),
    ]
    model(x.clone().requires_grad_()).sum().backward()
    for handle in handles:
        handle.remove()
    return seen, model(x)


@story("torch.nn", "hooks on a layer", loaded="layers of a ScriptModule run inside of it")
def _(model: Any, x: Tensor) -> Any:
    seen: list[Tensor] = []
    handle = model.up.register_forward_hook(lambda _, __, out: seen.append(out.detach()))
    model(x)
    handle.remove()
    return seen, model(x)


@story("torch.nn", "hooks on every module", loaded="layers of a ScriptModule run inside of it")
def _(model: Any, x: Tensor) -> Any:
    kinds: list[str] = []
    handle = nn.modules.module.register_module_forward_hook(lambda module, *_: kinds.append(type(module).__name__))
    model(x)
    handle.remove()
    return kinds[:-1]


@story("torch.nn", "a layer replaced", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    model.up = nn.Sequential(nn.Linear(8, 16), nn.Tanh())
    return model(x), sorted(model.state_dict())


@story("torch.nn", "frozen, and trained in part")
def _(model: Any, x: Tensor) -> Any:
    model.up.requires_grad_(False)
    return steps(model, x)


@story("torch.nn", "apply, to initialise", loaded="its modules have no classes of layers")
def _(model: Any, x: Tensor) -> Any:
    def init(module: nn.Module) -> None:
        if isinstance(module, nn.Linear):
            nn.init.constant_(module.weight, 0.1)

    return model.apply(init)(x)


@story("torch.nn", "other dtypes: double, bfloat16")
def _(model: Any, x: Tensor) -> Any:
    return model.double()(x.double()), model.bfloat16()(x.bfloat16()).dtype


@story("torch.nn", "on meta and back", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    state = copy.deepcopy(model.state_dict())
    model.to("meta")
    shape = model(x.to("meta")).shape
    model.to_empty(device="cpu").load_state_dict(state)
    return tuple(shape), model(x)


@story("torch.nn", "state_dict: loaded by assignment")
def _(model: Any, x: Tensor) -> Any:
    model.load_state_dict({name: value * 2 for name, value in model.state_dict().items()}, assign=True)
    return model(x), list(model.state_dict())


@story("copy", "deepcopy, trained apart")
def _(model: Any, x: Tensor) -> Any:
    twin = copy.deepcopy(model)
    steps(twin, x)
    return model(x), twin(x)


@story("pickle", "a module", loaded="a ScriptModule is saved by torch.jit.save")
def _(model: Any, x: Tensor) -> Any:
    return pickle.loads(pickle.dumps(model))(x)


@story("torch.save", "a whole module", loaded="a ScriptModule is saved by torch.jit.save")
def _(model: Any, x: Tensor) -> Any:
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    return torch.load(file, weights_only=False)(x)


@story("torch.utils.flop_counter", "by name of the module", loaded="layers of a ScriptModule run inside of it")
def _(model: Any, x: Tensor) -> Any:
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter:
        model(x)
    counts = {name.replace("Own", "Net"): sum(c.values()) for name, c in counter.get_flop_counts().items()}
    return sorted(counts.items())


@story("torch.profiler", "linear layers seen")
def _(model: Any, x: Tensor) -> Any:
    with torch.profiler.profile() as profile:
        model(x)
    return sum(event.count for event in profile.key_averages() if event.key == "aten::addmm")


@story("torch.nn.parallel", "DistributedDataParallel")
def _(model: Any, x: Tensor) -> Any:
    alone()
    parallel = nn.parallel.DistributedDataParallel(model)
    return steps(parallel, x), list(parallel.state_dict())


@story("torch.nn.parallel", "DistributedDataParallel, static graph")
def _(model: Any, x: Tensor) -> Any:
    alone()
    return steps(nn.parallel.DistributedDataParallel(model, static_graph=True), x)


@story("torch.distributed.optim", "ZeroRedundancyOptimizer")
def _(model: Any, x: Tensor) -> Any:
    alone()
    parallel = nn.parallel.DistributedDataParallel(model)
    from torch.distributed.optim import ZeroRedundancyOptimizer

    optimizer = ZeroRedundancyOptimizer(parallel.parameters(), torch.optim.SGD, lr=0.1)
    return steps(parallel, x, optimizer)


@story("torch.distributed.fsdp", "fully_shard", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    alone()
    distributed.fsdp.fully_shard(model)
    steps(model, x)
    return {name: value.full_tensor() for name, value in model.state_dict().items()}


@story("torch.distributed.fsdp", "fully_shard of the layers too", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    alone()
    for part in (model.up, model.down, model):
        distributed.fsdp.fully_shard(part)
    steps(model, x)
    return {name: value.full_tensor() for name, value in model.state_dict().items()}


@story("torch.distributed.tensor", "tensor parallel", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    alone()
    plan = {"up": ColwiseParallel(output_layouts=None), "down": RowwiseParallel()}
    mesh = init_device_mesh("cpu", (1,))
    parallelize_module(model, mesh, {"down": plan["down"]})
    return model(x)


@story("torch.distributed.checkpoint", "saved and loaded")
def _(model: Any, x: Tensor) -> Any:
    from torch.distributed import checkpoint

    with tempfile.TemporaryDirectory() as folder:
        checkpoint.save(model.state_dict(), checkpoint_id=folder, no_dist=True)
        before = copy.deepcopy(model.state_dict())
        steps(model, x)
        state = model.state_dict()
        checkpoint.load(state, checkpoint_id=folder, no_dist=True)
        model.load_state_dict(state)
    return before, model(x)


@story("torch.distributed.pipelining", "cut into stages", loaded=TRACED)
def _(model: Any, x: Tensor) -> Any:
    from torch.distributed.pipelining import SplitPoint, pipeline

    made = pipeline(model, mb_args=(x,), split_spec={"down": SplitPoint.BEGINNING})
    first, second = (made.get_stage_module(number) for number in range(2))
    return second(first(x))


@story("multiprocessing", "share_memory")
def _(model: Any, x: Tensor) -> Any:
    model.share_memory()
    return all(p.is_shared() for p in model.parameters()), model(x)


@story("threading", "called by four threads")
def _(model: Any, x: Tensor) -> Any:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(model, [x * number for number in range(8)]))


@story("torch.package", "weights in a package")
def _(model: Any, x: Tensor) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.pt"
        with torch.package.PackageExporter(path) as exporter:
            exporter.save_pickle("model", "state.pkl", dict(model.state_dict()))
        state = torch.package.PackageImporter(path).load_pickle("model", "state.pkl")
    return state, model(x)
