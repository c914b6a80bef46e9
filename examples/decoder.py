"""A greedy decoder: it writes tokens until every sentence has ended, and `encode` can be called alone."""

import torch
from torch import Tensor, nn

from scriptkit import Final, ScriptableModule, export


class Translator(ScriptableModule):
    """A recurrent encoder and a greedy decoder; how many steps it takes depends on the data."""

    begin: Final[int] = 1
    end: Final[int] = 2
    longest: Final[int]

    def __init__(self, vocabulary: int = 20, width: int = 16, longest: int = 12) -> None:
        super().__init__()
        self.longest = longest
        self.embed = nn.Embedding(vocabulary, width)
        self.reader = nn.GRUCell(width, width)
        self.writer = nn.GRUCell(width, width)
        self.score = nn.Linear(width, vocabulary)

    @export
    def encode(self, source: Tensor) -> Tensor:
        """(batch, time) of token numbers -> (batch, width), what the sentence says."""
        memory = torch.zeros(source.size(0), self.embed.embedding_dim, device=source.device)
        for t in range(source.size(1)):
            memory = self.reader(self.embed(source[:, t]), memory)
        return memory

    @export
    def step(self, token: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """(batch,) last tokens, (batch, width) state -> (batch, vocabulary) scores, next state."""
        state = self.writer(self.embed(token), state)
        return self.score(state), state

    def forward(self, source: Tensor) -> Tensor:
        """(batch, time) of token numbers -> (batch, at most `longest`) of token numbers; `end` fills up."""
        state = self.encode(source)
        token = torch.full_like(source[:, 0], self.begin)
        ended = torch.zeros_like(token, dtype=torch.bool)
        written: list[Tensor] = []
        while len(written) < self.longest and not bool(ended.all()):
            scores, state = self.step(token, state)
            token = torch.where(ended, torch.full_like(token, self.end), scores.argmax(dim=1))
            ended = ended | (token == self.end)
            written.append(token)
        return torch.stack(written, dim=1)


def build() -> Translator:
    """Build the model as the tests use it."""
    return Translator()


def inputs() -> tuple[Tensor]:
    """Four sentences of six tokens."""
    return (torch.randint(3, 20, (4, 6)),)
