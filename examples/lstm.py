"""An LSTM cell looped over time: the loop runs as often as the sequence is long, compiled."""

import torch
from torch import Tensor, nn

from scriptkit import Final, ScriptableModule

State = tuple[Tensor, Tensor]


class Tagger(ScriptableModule):
    """Reads a sequence step by step and scores each step; the state can be carried to the next call."""

    hidden: Final[int]

    def __init__(self, features: int = 12, hidden: int = 16, tags: int = 5) -> None:
        super().__init__()
        self.hidden = hidden
        self.cell = nn.LSTMCell(features, hidden)
        self.score = nn.Linear(hidden, tags)

    def forward(self, steps: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """(batch, time, features) -> (batch, time, tags), and the state after the last step."""
        if state is None:
            zeros = steps.new_zeros(steps.size(0), self.hidden)
            state = (zeros, zeros)
        h, c = state
        outputs: list[Tensor] = []
        for t in range(steps.size(1)):
            h, c = self.cell(steps[:, t], (h, c))
            outputs.append(self.score(h))
        return torch.stack(outputs, dim=1), (h, c)


def build() -> Tagger:
    """Build the model as the tests use it."""
    return Tagger()


def inputs() -> tuple[Tensor]:
    """Three sequences of seven steps."""
    return (torch.randn(3, 7, 12),)
