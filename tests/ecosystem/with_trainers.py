"""Packages that train, adapt, average, prune or quantise a module."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tests.ecosystem.models import SIZE
from tests.ecosystem.story import LOADED, story
from tests.ecosystem.with_torch import steps


def accelerator(**options: Any) -> Any:
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state(reset_partial_state=True)
    return Accelerator(cpu=True, **options)


@story("Accelerate", "prepare, backward, unwrap", package="accelerate")
def _(model: Any, x: Tensor) -> Any:
    one = accelerator()
    prepared, optimizer = one.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1))
    one.backward(prepared(x).sum())
    optimizer.step()
    return one.unwrap_model(prepared)(x), one.unwrap_model(prepared) is model


@story("Accelerate", "mixed precision bf16", package="accelerate", loaded="`forward` of a ScriptModule is not replaced")
def _(model: Any, x: Tensor) -> Any:
    one = accelerator(mixed_precision="bf16")
    prepared, optimizer = one.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1))
    result = prepared(x)
    one.backward(result.sum())
    optimizer.step()
    plain = one.unwrap_model(prepared, keep_fp32_wrapper=False)
    return result.dtype, result, plain(x), plain is model


@story("Accelerate", "cpu_offload", package="accelerate", loaded="`forward` of a ScriptModule is not replaced")
def _(model: Any, x: Tensor) -> Any:
    from accelerate import cpu_offload
    from accelerate.hooks import remove_hook_from_module

    cpu_offload(model, execution_device=torch.device("cpu"))
    first = model(x)
    remove_hook_from_module(model, recurse=True)
    return first


@story(
    "Accelerate", "hooks added and removed", package="accelerate", loaded="`forward` of a ScriptModule is not replaced"
)
def _(model: Any, x: Tensor) -> Any:
    from accelerate.hooks import ModelHook, add_hook_to_module, remove_hook_from_module

    class Doubling(ModelHook):  # type: ignore[misc]
        def post_forward(self, module: Any, output: Any) -> Any:
            return 2 * output

    add_hook_to_module(model, Doubling())
    first = model(x)
    add_hook_to_module(model.up, Doubling())
    second = model(x)
    remove_hook_from_module(model.up)
    remove_hook_from_module(model)
    return first, second, model(x)


@story("Accelerate", "state saved and loaded", package="accelerate")
def _(model: Any, x: Tensor) -> Any:
    one = accelerator()
    prepared = one.prepare(model)
    with tempfile.TemporaryDirectory() as folder:
        one.save_state(folder, safe_serialization=False)
        before = prepared(x)
        steps(prepared, x)
        one.load_state(folder)
    return before, prepared(x)


def lora(model: Any) -> Any:
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(target_modules=["up", "down"], r=2, lora_dropout=0.0, init_lora_weights=False)
    return get_peft_model(model, config)


@story("PEFT", "LoRA: trained, switched off, evaluated", package="peft", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    adapted = lora(model)
    weights = steps(adapted, x)
    with adapted.disable_adapter():
        without = adapted(x)
    return weights, without, adapted.eval()(x)


@story("PEFT", "LoRA merged into the weights", package="peft", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    adapted = lora(model)
    first = adapted(x)
    return first, adapted.merge_and_unload()(x)


@story("PEFT", "LoRA saved and loaded", package="peft", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    from peft import get_peft_model_state_dict, set_peft_model_state_dict

    adapted = lora(model)
    state = {name: value.clone() for name, value in get_peft_model_state_dict(adapted).items()}
    steps(adapted, x)
    set_peft_model_state_dict(adapted, state)
    return adapted(x), sorted(state)


@story("PEFT", "DoRA", package="peft", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    from peft import LoraConfig, get_peft_model

    return steps(get_peft_model(model, LoraConfig(target_modules=["up"], r=2, use_dora=True)), x)


@story("loralib", "Linear in the place of a layer", package="loralib", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    import loralib

    model.up = loralib.Linear(SIZE, 16, r=2)
    nn.init.normal_(model.up.lora_B)
    loralib.mark_only_lora_as_trainable(model)
    weights = steps(model, x)
    model.eval()
    merged = model(x)
    model.train()
    return weights, merged, model(x)


@story("Lightning", "Fabric", package="lightning")
def _(model: Any, x: Tensor) -> Any:
    from lightning import Fabric

    fabric = Fabric(accelerator="cpu", devices=1)
    prepared, optimizer = fabric.setup(model, torch.optim.SGD(model.parameters(), lr=0.1))
    fabric.backward(prepared(x).sum())
    optimizer.step()
    return prepared(x)


@story("Lightning", "Trainer", package="lightning")
def _(model: Any, x: Tensor) -> Any:
    import lightning

    class Task(lightning.LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def training_step(self, batch: Any, _: int) -> Tensor:
            return self.model(batch[0]).square().mean()  # type: ignore[no-any-return]

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.1)

    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x), batch_size=2)
    with tempfile.TemporaryDirectory() as folder:
        trainer = lightning.Trainer(
            max_epochs=1, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
            enable_model_summary=False, default_root_dir=folder,
        )  # fmt: skip
        trainer.fit(Task(), loader)
    return model.state_dict()


@story("Ignite", "a supervised trainer", package="pytorch-ignite")
def _(model: Any, x: Tensor) -> Any:
    from ignite.engine import create_supervised_trainer

    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    create_supervised_trainer(model, optimizer, nn.MSELoss()).run([(x, x)] * 3, max_epochs=1)
    return model.state_dict()


@story("skorch", "NeuralNetRegressor", package="skorch", loaded="skorch makes copies by deepcopy of an instance")
def _(model: Any, x: Tensor) -> Any:
    from skorch import NeuralNetRegressor

    net = NeuralNetRegressor(model, max_epochs=2, lr=0.1, train_split=None, verbose=0, batch_size=4)
    net.fit(x.numpy(), x.numpy())
    return torch.from_numpy(net.predict(x.numpy()))


@story("TorchMetrics", "beside a training loop", package="torchmetrics")
def _(model: Any, x: Tensor) -> Any:
    from torchmetrics import MeanSquaredError

    metric = MeanSquaredError()
    metric.update(model(x), x)
    return metric.compute()


@story("Optuna", "a study over learning rates", package="optuna")
def _(model: Any, x: Tensor) -> Any:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    start = {name: value.clone() for name, value in model.state_dict().items()}

    def objective(trial: Any) -> float:
        model.load_state_dict(start)
        steps(model, x, torch.optim.SGD(model.parameters(), lr=trial.suggest_float("lr", 0.01, 0.1)))
        return float(model(x).square().mean())

    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    study.optimize(objective, n_trials=3)
    return study.best_params["lr"], study.best_value


@story("schedulefree", "SGDScheduleFree", package="schedulefree")
def _(model: Any, x: Tensor) -> Any:
    from schedulefree import SGDScheduleFree

    optimizer = SGDScheduleFree(model.parameters(), lr=0.1)
    optimizer.train()
    steps(model, x, optimizer)
    optimizer.eval()
    return model(x)


@story("lion-pytorch", "Lion", package="lion-pytorch")
def _(model: Any, x: Tensor) -> Any:
    from lion_pytorch import Lion

    return steps(model, x, Lion(model.parameters(), lr=0.01))


@story("TorchOpt", "a differentiable optimizer", package="torchopt", loaded="it takes plain modules")
def _(model: Any, x: Tensor) -> Any:
    import torchopt

    optimizer = torchopt.MetaSGD(model, lr=0.1)
    optimizer.step(model(x).square().mean())
    model(x).sum()
    return [p.detach() for p in model.parameters()]


@story("ema-pytorch", "EMA", package="ema-pytorch", loaded="it copies by deepcopy of an instance")
def _(model: Any, x: Tensor) -> Any:
    from ema_pytorch import EMA

    average = EMA(model, beta=0.9, update_after_step=0, update_every=1)
    for _ in range(3):
        steps(model, x, count=1)
        average.update()
    return average(x)


@story("torch-ema", "averaged parameters in a block", package="torch-ema")
def _(model: Any, x: Tensor) -> Any:
    from torch_ema import ExponentialMovingAverage

    average = ExponentialMovingAverage(model.parameters(), decay=0.9)
    steps(model, x)
    average.update()
    with average.average_parameters():
        inside = model(x)
    return inside, model(x)


@story("Opacus", "gradients of each sample", package="opacus", loaded="hooks on layers of a ScriptModule")
def _(model: Any, x: Tensor) -> Any:
    from opacus.grad_sample import GradSampleModule

    model.norm = nn.Identity()
    wrapped = GradSampleModule(model)
    wrapped(x).sum().backward()
    return [p.grad_sample for p in model.parameters()]


@story("Opacus", "PrivacyEngine", package="opacus", loaded="hooks on layers of a ScriptModule")
def _(model: Any, x: Tensor) -> Any:
    from opacus import PrivacyEngine

    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x), batch_size=4)
    private, optimizer, _ = PrivacyEngine().make_private(
        module=model.train(), optimizer=torch.optim.SGD(model.parameters(), lr=0.1), data_loader=loader,
        noise_multiplier=0.0, max_grad_norm=1.0, poisson_sampling=False,
    )  # fmt: skip
    private(x).square().mean().backward()
    optimizer.step()
    return [p.detach() for p in model.parameters()]


@story("Torch-Pruning", "channels taken out by their dependencies", package="torch-pruning", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    import torch_pruning

    graph = torch_pruning.DependencyGraph().build_dependency(model, example_inputs=x)
    graph.get_pruning_group(model.up, torch_pruning.prune_linear_out_channels, idxs=[0, 3]).prune()
    return model(x), {name: tuple(value.shape) for name, value in model.state_dict().items()}


@story("Quanto", "int8 weights", package="optimum-quanto", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    from optimum.quanto import freeze, qint8, quantize

    quantize(model, weights=qint8)
    first = model(x)
    freeze(model)
    return first, model(x)


@story("torchao", "int8 weights", package="torchao", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    quantize_(model, Int8WeightOnlyConfig())
    return model.eval()(x)


@story("torchao", "int8 activations and weights", package="torchao", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    from torchao.quantization import Int8DynamicActivationInt8WeightConfig, quantize_

    quantize_(model, Int8DynamicActivationInt8WeightConfig())
    return model.eval()(x)


@story("geotorch", "an orthogonal layer", package="geotorch", loaded=LOADED)
def _(model: Any, x: Tensor) -> Any:
    import geotorch

    geotorch.orthogonal(model.down, "weight")
    return steps(model, x, torch.optim.SGD(model.parameters(), lr=0.1)), model(x)


@story("torchdiffeq", "the right side of an equation", package="torchdiffeq")
def _(model: Any, x: Tensor) -> Any:
    from torchdiffeq import odeint

    return odeint(lambda _, y: model(y), x, torch.tensor([0.0, 0.5, 1.0]), method="rk4")


@story("torchdiffeq", "the adjoint method", package="torchdiffeq")
def _(model: Any, x: Tensor) -> Any:
    from torchdiffeq import odeint_adjoint

    class Right(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, _: Tensor, y: Tensor) -> Tensor:
            return self.model(y)  # type: ignore[no-any-return]

    odeint_adjoint(Right(), x, torch.tensor([0.0, 1.0]), method="rk4").sum().backward()
    return [p.grad for p in model.parameters()]


@story("safetensors", "save_model and load_model", package="safetensors")
def _(model: Any, x: Tensor) -> Any:
    from safetensors.torch import load_model, save_model

    before = model(x)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "model.safetensors")
        save_model(model, path)
        steps(model, x)
        load_model(model, path)
    return before, model(x)


@story("huggingface_hub", "split into shards and loaded", package="huggingface-hub")
def _(model: Any, x: Tensor) -> Any:
    from huggingface_hub import load_torch_model, save_torch_model

    before = model(x)
    with tempfile.TemporaryDirectory() as folder:
        save_torch_model(model, folder, max_shard_size="1KB")
        steps(model, x)
        load_torch_model(model, folder)
    return before, model(x)
