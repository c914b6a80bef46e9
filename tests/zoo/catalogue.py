"""Other people's models in small configurations, without weights, each with inputs of two shapes."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from tests.zoo import torchvision_operators

if TYPE_CHECKING:
    from collections.abc import Callable

Arguments = tuple[Any, ...]


@dataclass(frozen=True)
class Entry:
    """One model: how it is made, what it gets, and a second input of another shape.

    `is_quick`: one of those that every check runs. `may_refuse`: it keeps a state in Python, so it may be refused, or
    its second input, but not answered wrongly.
    """

    name: str
    make: Callable[[], torch.nn.Module]
    first: Callable[[], Arguments]
    second: Callable[[], Arguments]
    is_quick: bool = False
    may_refuse: bool = False

    @property
    def package(self) -> str:
        """The package the model comes from."""
        return self.name.partition("/")[0]


def image(size: int, batch: int = 2, channels: int = 3) -> Callable[[], Arguments]:
    return lambda: (torch.randn(batch, channels, size, size),)


def ids(batch: int, length: int) -> Callable[[], Arguments]:
    return lambda: (torch.randint(3, 100, (batch, length)),)


def _torchvision(name: str, *, second: int = 96, is_quick: bool = False, **options: Any) -> Entry:
    def make() -> torch.nn.Module:
        torchvision_operators.declare()
        models = importlib.import_module("torchvision.models")
        function = getattr(models.segmentation if name.startswith(("fcn", "lraspp")) else models, name)
        if name.startswith(("fcn", "lraspp")):
            options["weights_backbone"] = None
        made: torch.nn.Module = function(weights=None, **options)
        return made

    return Entry(f"torchvision/{name}", make, image(64), image(second, batch=3), is_quick)


def _timm(name: str, size: int = 64, second: int = 96, *, is_quick: bool = False, may_refuse: bool = False) -> Entry:
    def make() -> torch.nn.Module:
        torchvision_operators.declare()
        made: torch.nn.Module = importlib.import_module("timm").create_model(name, pretrained=False, num_classes=10)
        return made

    return Entry(f"timm/{name}", make, image(size), image(second, batch=3), is_quick, may_refuse)


SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 37,
    "vocab_size": 100,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}


def _transformers(name: str, *, is_quick: bool = False, may_refuse: bool = False, **options: Any) -> Entry:
    def make() -> torch.nn.Module:
        torchvision_operators.declare()
        package = importlib.import_module("transformers")
        made: torch.nn.Module = package.AutoModel.from_config(package.AutoConfig.for_model(name, **(SMALL | options)))
        return made

    return Entry(f"transformers/{name}", make, ids(2, 7), ids(3, 11), is_quick, may_refuse)


def _vision(name: str, **options: Any) -> Entry:
    """A transformers model of images; it fixes their size, so the second input has another batch."""
    made = _transformers(name, **({"image_size": 32, "patch_size": 8} | options))
    return replace(made, name=f"{made.name}", first=image(32), second=image(32, batch=3))


def _encoder_decoder(name: str, **options: Any) -> Entry:
    made = _transformers(name, use_cache=False, **options)
    return replace(made, first=two_ids(2, 7), second=two_ids(3, 11))


def two_ids(batch: int, length: int) -> Callable[[], Arguments]:
    def make() -> Arguments:
        return (ids(batch, length)()[0], torch.ones(batch, length, dtype=torch.long), ids(batch, length - 2)()[0])

    return make


def _monai(name: str, *, is_quick: bool = False, **options: Any) -> Entry:
    def make() -> torch.nn.Module:
        made: torch.nn.Module = getattr(importlib.import_module("monai.networks.nets"), name)(**options)
        return made

    channels = options.get("in_channels", 1)
    return Entry(f"monai/{name}", make, image(32, channels=channels), image(64, 3, channels), is_quick)


def graph(nodes: int, edges: int) -> Callable[[], Arguments]:
    return lambda: (torch.randn(nodes, 8), torch.randint(0, nodes, (2, edges)))


def _geometric(name: str, *options: Any, is_quick: bool = False) -> Entry:
    def make() -> torch.nn.Module:
        made: torch.nn.Module = getattr(importlib.import_module("torch_geometric.nn"), name)(8, *options)
        return made

    return Entry(f"torch_geometric/{name}", make, graph(6, 10), graph(9, 15), is_quick)


ENCODERS = (
    "ernie nystromformer convbert splinter layoutlm data2vec-text xlm-roberta-xl rembert megatron-bert ibert".split()
)
DECODERS = "gemma phi cohere stablelm olmo olmo2 qwen3 smollm3 granite starcoder2 glm phi3".split()
BART = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 37,
    "decoder_ffn_dim": 37,
    "max_position_embeddings": 64,
}

CATALOGUE = [
    _torchvision("resnet18", is_quick=True),
    _torchvision("mobilenet_v2"),
    _torchvision("mobilenet_v3_small", is_quick=True),
    _torchvision("shufflenet_v2_x0_5", is_quick=True),
    _torchvision("squeezenet1_1", is_quick=True),
    _torchvision("densenet121"),
    _torchvision("efficientnet_b0"),
    _torchvision("regnet_y_400mf", is_quick=True),
    _torchvision("mnasnet0_5", is_quick=True),
    _torchvision("convnext_tiny"),
    _torchvision("swin_t"),
    _torchvision("swin_v2_t"),
    _torchvision("alexnet"),
    _torchvision("googlenet", init_weights=False),
    _torchvision("shufflenet_v2_x1_0"),
    _torchvision("lraspp_mobilenet_v3_large"),
    _timm("resnet18"),
    _timm("mobilenetv3_small_050", is_quick=True),
    _timm("convnext_atto", is_quick=True),
    _timm("test_vit", 160, 160, is_quick=True),
    _timm("test_efficientnet", 160, 128),
    _timm("ghostnet_050"),
    _timm("regnetx_002", is_quick=True),
    _timm("mobilevit_xxs"),
    _timm("mobilevitv2_050", may_refuse=True),
    _timm("edgenext_xx_small", is_quick=True),
    _timm("levit_128s", 224, 224),
    _timm("mixer_s32_224", 224, 224),
    _timm("poolformer_s12"),
    _timm("xcit_nano_12_p16_224", 224, 224),
    _timm("tinynet_e"),
    _timm("lcnet_050", is_quick=True),
    _timm("repvgg_a0"),
    _timm("hardcorenas_a"),
    _timm("mobileone_s0"),
    _timm("fastvit_t8"),
    _timm("resnest14d"),
    _timm("selecsls42"),
    _timm("dla46_c"),
    _timm("visformer_tiny", 224, 224),
    _transformers("bert", is_quick=True),
    _transformers("distilbert", dim=32, n_layers=2, n_heads=2, hidden_dim=37, is_quick=True),
    _transformers("gpt2", n_embd=32, n_layer=2, n_head=2, use_cache=False, is_quick=True),
    _transformers("llama", num_key_value_heads=2, use_cache=False, is_quick=True),
    _transformers("roberta"),
    _transformers("albert", embedding_size=16),
    _transformers("electra", embedding_size=16, is_quick=True),
    _transformers("mistral", num_key_value_heads=2, use_cache=False),
    _transformers("qwen2", num_key_value_heads=2, use_cache=False),
    _transformers("gpt_neox", use_cache=False),
    _transformers("camembert"),
    _transformers("xlm-roberta"),
    _transformers("mpnet"),
    _transformers("roformer", embedding_size=32),
    _transformers("mamba", state_size=4, use_cache=False, is_quick=True),
    _transformers("rwkv", attention_hidden_size=32, use_cache=False, may_refuse=True),
    _transformers("longformer", attention_window=4),
    *(_transformers(name) for name in ENCODERS),
    *(_transformers(name, num_key_value_heads=2, use_cache=False) for name in DECODERS),
    _transformers("helium", num_key_value_heads=2, head_dim=16, use_cache=False),
    _transformers("gpt_neo", num_layers=2, num_heads=2, attention_types=[[["global", "local"], 1]], use_cache=False),
    _transformers("gptj", n_embd=32, n_layer=2, n_head=2, rotary_dim=4, use_cache=False),
    _transformers("codegen", n_embd=32, n_layer=2, num_attention_heads=4, rotary_dim=4, use_cache=False),
    _transformers("bloom", n_layer=2, n_head=2, use_cache=False),
    _transformers("opt", ffn_dim=37, word_embed_proj_dim=32, use_cache=False),
    _transformers("xlm", emb_dim=32, n_layers=2, n_heads=2),
    _transformers("flaubert", emb_dim=32, n_layers=2, n_heads=2),
    _transformers("xlnet", d_model=32, n_layer=2, n_head=2, d_inner=37),
    _transformers("mixtral", intermediate_size=64, num_key_value_heads=2, num_local_experts=2, use_cache=False),
    _transformers("falcon", use_cache=False),
    _transformers("mpt", d_model=32, n_layers=2, n_heads=2, use_cache=False),
    _transformers("persimmon", use_cache=False),
    _transformers("biogpt", use_cache=False),
    _transformers("xglm", d_model=32, ffn_dim=37, num_layers=2, attention_heads=2, use_cache=False),
    _transformers("deberta-v2", max_position_embeddings=64),
    _transformers("deberta", max_position_embeddings=64),
    _encoder_decoder("t5", d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=2),
    _encoder_decoder("mt5", d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=2),
    _encoder_decoder("switch_transformers", d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=2, num_experts=4),
    _transformers("canine", num_hash_buckets=64),
    *(_encoder_decoder(name, **BART) for name in ("bart", "mbart", "pegasus", "blenderbot", "marian", "m2m_100")),
    *(_vision(name) for name in ("vit", "deit", "dinov2", "beit", "vit_msn", "ijepa")),
    _vision("convnext", hidden_sizes=[8, 16, 16, 16], depths=[1, 1, 1, 1]),
    _vision("resnet", embedding_size=8, hidden_sizes=[8, 16, 16, 16], depths=[1, 1, 1, 1]),
    _vision("swin", embed_dim=8, depths=[1, 1], num_attention_heads=[2, 2], window_size=2, patch_size=4),
    _vision("segformer", depths=[1, 1, 1, 1], hidden_sizes=[8, 8, 16, 16], num_attention_heads=[1, 1, 2, 2]),
    _vision("poolformer", hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1]),
    _monai("UNet", spatial_dims=2, in_channels=1, out_channels=2, channels=(4, 8), strides=(2,), is_quick=True),
    _monai("BasicUNet", spatial_dims=2, in_channels=1, out_channels=2, features=(4, 4, 8, 8, 8, 4)),
    _monai("SegResNet", spatial_dims=2, in_channels=1, out_channels=2, init_filters=8),
    _monai("DenseNet121", spatial_dims=2, in_channels=1, out_channels=2),
    _geometric("GCNConv", 4, is_quick=True),
    _geometric("SAGEConv", 4),
    _geometric("GraphConv", 4),
    _geometric("GIN", 8, 2),
]
