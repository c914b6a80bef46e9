"""Modules as other people write them, put where installed packages are: nobody here could mend them."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

SOURCE = '''
import dataclasses
from collections import OrderedDict

import torch
from torch import nn


class Config:
    """An object the compiler takes no attribute of."""

    def __init__(self, width=4, scale=2.0):
        self.width, self.scale = width, scale


class Output(OrderedDict):
    """A mapping with attributes, as the outputs of transformers are."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Backbone(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.config = Config(width)
        self.fc, self.bn, self.drop = nn.Linear(width, width), nn.BatchNorm1d(width), nn.Dropout(0.5)

    def forward(self, x, *args, **kwargs):
        return self.drop(self.bn(getattr(self, "fc")(x))) * self.config.scale


class Encoder(Backbone):
    def forward(self, x, mask=None, **kwargs):
        hidden = Backbone.forward(self, x)
        if mask is not None:
            hidden = hidden * mask
        return Output(last_hidden_state=hidden, pooled=hidden.mean(0))


class OnlyEvaluation(nn.Module):
    """What it computes in training, no trace can hold."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, **kwargs):
        y = self.fc(x)
        if self.training and exec("y = 0") is None and float(y.sum()) > 0:
            return y * 2
        return y


class Refused(nn.Module):
    """Neither scripted, nor lowered, nor traced."""

    def forward(self, x, **kwargs):
        return x * float(eval("x.abs().sum().item()"))
'''


def installed(folder: Path) -> ModuleType:
    """The package, imported from a folder of installed packages."""
    packages = folder / "site-packages"
    packages.mkdir(parents=True, exist_ok=True)
    (packages / "third_party_models.py").write_text(SOURCE)
    sys.modules.pop("third_party_models", None)
    sys.path.insert(0, str(packages))
    try:
        importlib.invalidate_caches()
        return importlib.import_module("third_party_models")
    finally:
        sys.path.remove(str(packages))
