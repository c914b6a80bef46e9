"""An encoder of transformers inside a `ScriptableModule`: trained a step, saved, run from C++ at another length.

`torch.jit.script` takes no model of transformers. scriptkit lowers the encoder: what its code decides by the
configuration is decided once, what depends on the inputs stays, and so do the training mode and the parameters.

    pip install transformers
    python -m examples.transformer_encoder FOLDER
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import BertConfig, BertModel  # type: ignore[import-not-found, unused-ignore]

import scriptkit
from scriptkit import ScriptableModule


class Classifier(ScriptableModule):
    """A linear layer on the first token of an encoder."""

    def __init__(self, encoder: nn.Module, width: int, classes: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(width, classes)

    def example_inputs(self) -> tuple[Tensor, Tensor]:
        """What the encoder is lowered with; other batches and other lengths will do as well."""
        return inputs(batch=2, length=8)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Token numbers and a mask, both (batch, length) -> (batch, classes)."""
        hidden: Tensor = self.encoder(ids, mask).last_hidden_state
        scores: Tensor = self.head(hidden[:, 0])
        return scores


def build() -> Classifier:
    """Build a small model; a trained one comes from `BertModel.from_pretrained`."""
    config = BertConfig(
        vocab_size=100, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    return Classifier(BertModel(config), width=32, classes=3)


def inputs(batch: int = 2, length: int = 8) -> tuple[Tensor, Tensor]:
    """Token numbers, and a mask that leaves out the last token of the first sentence."""
    mask = torch.ones(batch, length, dtype=torch.long)
    mask[0, -1] = 0
    return torch.randint(1, 100, (batch, length)), mask


def train_a_step(model: Classifier) -> float:
    """One step of gradient descent, with dropout."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model.train()
    loss = F.cross_entropy(model(*inputs()), torch.tensor([0, 1]))
    loss.backward()
    optimizer.step()
    model.eval()
    return loss.item()


def main(folder: Path) -> None:
    """Train, save, and read what was saved without transformers."""
    torch.manual_seed(0)
    model = build()
    print(scriptkit.report(model).rows[1].mode, "loss", train_a_step(model))
    scriptkit.save(model, folder / "classifier.pt", example_inputs=inputs())
    loaded = scriptkit.load(folder / "classifier.pt")
    longer = inputs(batch=3, length=13)
    print("largest difference", (loaded(*longer) - model(*longer)).abs().max().item())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
