"""Models of torchaudio and e3nn, and of MONAI and torch_geometric beyond the first handful."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import torch

from tests.zoo.catalogue import Entry, graph, image

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.zoo.catalogue import Arguments


def _of(module: str, name: str, *args: Any, **options: Any) -> Callable[[], torch.nn.Module]:
    def make() -> torch.nn.Module:
        made: torch.nn.Module = getattr(importlib.import_module(module), name)(*args, **options)
        return made

    return make


def _rows(count: int, width: int) -> Callable[[], Arguments]:
    return lambda: (torch.randn(count, width),)


def _pairs(count: int, one: int, other: int) -> Callable[[], Arguments]:
    return lambda: (torch.randn(count, one), torch.randn(count, other))


def _geometry(name: str, module: str, *args: Any, width: int = 5, is_quick: bool = False) -> Entry:
    make = _of(f"e3nn.{module}", name, *args)
    return Entry(f"e3nn/{name}", make, _rows(5, width), _rows(8, width), is_quick)


def _waves(name: str, module: str, *args: Any, is_quick: bool = False, **options: Any) -> Entry:
    make = _of(f"torchaudio.{module}", name, *args, **options)
    return Entry(f"torchaudio/{name}", make, _rows(2, 4000), _rows(3, 6000), is_quick)


def _graph(name: str, *args: Any, is_quick: bool = False) -> Entry:
    make = _of("torch_geometric.nn", name, *args)
    return Entry(f"torch_geometric/{name}", make, graph(6, 10), graph(9, 15), is_quick)


def _image(name: str, *, second: int = 64, is_quick: bool = False, **options: Any) -> Entry:
    make = _of("monai.networks.nets", name, **options)
    return Entry(f"monai/{name}", make, image(32, channels=1), image(second, 3, 1), is_quick)


WAV2VEC2: dict[str, Any] = {
    "extractor_mode": "group_norm",
    "extractor_conv_layer_config": [(16, 10, 5), (16, 3, 2)],
    "extractor_conv_bias": False,
    "encoder_embed_dim": 16,
    "encoder_projection_dropout": 0.0,
    "encoder_pos_conv_kernel": 8,
    "encoder_pos_conv_groups": 2,
    "encoder_num_layers": 2,
    "encoder_num_heads": 2,
    "encoder_attention_dropout": 0.0,
    "encoder_ff_interm_features": 16,
    "encoder_ff_interm_dropout": 0.0,
    "encoder_dropout": 0.0,
    "encoder_layer_norm_first": False,
    "encoder_layer_drop": 0.0,
    "aux_num_out": None,
}
NET: dict[str, Any] = {"spatial_dims": 2, "in_channels": 1, "out_channels": 2}
SHAPE: dict[str, Any] = {"in_shape": (1, 32, 32), "channels": (4, 8), "strides": (2, 2)}

MORE = [
    _geometry("Linear", "o3", "2x0e+1x1o", "3x0e+2x1o", is_quick=True),
    _geometry("TensorSquare", "o3", "2x0e+1x1o"),
    _geometry("Norm", "o3", "2x0e+1x1o"),
    _geometry("SphericalHarmonics", "o3", "0e+1o+2e", True, width=3),
    _geometry("BatchNorm", "nn", "2x0e+1x1o"),
    _geometry("Gate", "nn", "2x0e", [torch.tanh], "1x0e", [torch.sigmoid], "1x1o", width=6),
    _geometry("NormActivation", "nn", "2x0e+1x1o", torch.sigmoid),
    Entry(
        "e3nn/FullyConnectedTensorProduct",
        _of("e3nn.o3", "FullyConnectedTensorProduct", "2x0e+1x1o", "1x0e+1x1o", "2x0e+2x1o"),
        _pairs(5, 5, 4),
        _pairs(8, 5, 4),
    ),
    _waves("MelSpectrogram", "transforms", is_quick=True),
    _waves("MFCC", "transforms"),
    _waves("Resample", "transforms", 16000, 8000),
    _waves("SpectralCentroid", "transforms", 16000),
    _waves("wav2vec2_model", "models", **WAV2VEC2),
    _waves("wavlm_model", "models", **WAV2VEC2, encoder_num_buckets=8, encoder_max_distance=16),
    *(_graph(name, 8, 4) for name in ("GATConv", "GATv2Conv", "TAGConv", "ARMAConv", "LEConv", "GENConv", "FiLMConv")),
    *(_graph(name, 8, 8, 2) for name in ("GCN", "GraphSAGE", "GAT", "EdgeCNN")),
    _graph("LGConv"),
    _graph("TopKPooling", 8),
    _graph("SAGPooling", 8),
    _image("AttentionUnet", **NET, channels=(4, 8, 16), strides=(2, 2)),
    _image("HighResNet", **NET),
    _image("AutoEncoder", **NET, channels=(4, 8), strides=(2, 2)),
    _image("Classifier", **SHAPE, classes=2, second=32),
    _image("Discriminator", **SHAPE, second=32),
]
